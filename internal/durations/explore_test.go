package durations_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/durations"
)

func par(n int, f func(seed int) []tally) []tally {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var out []tally
	for w := range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for s := w; s < n; s += 2 {
				t := f(s)
				mu.Lock()
				if out == nil {
					out = make([]tally, len(t))
				}
				for i := range t {
					out[i].add(t[i])
				}
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	return out
}

func window(t []tally, from, to int) (s tally) {
	for _, x := range t[from:to] {
		s.add(x)
	}
	return
}

func TestExplore(t *testing.T) {
	if os.Getenv("EXPLORE") == "" {
		t.Skip()
	}
	seeds := 300
	for _, price := range []float64{0.0125, 0.4} {
		for _, sigma := range []float64{0.3, 0.5, 1} {
			res := par(seeds, func(seed int) []tally {
				r := rand.New(rand.NewPCG(uint64(seed), 1))
				m := durations.New()
				k := m.Kind("f", "s", "p", "m")
				return series(r, m, k, lognormal(60, sigma), 340, price)
			})
			base := par(seeds, func(seed int) []tally {
				r := rand.New(rand.NewPCG(uint64(seed), 1))
				ts := make([]tally, 340)
				for i := range ts {
					ts[i] = follow(nil, 0, lognormal(60, sigma)(r), unlearned(price))
				}
				return ts
			})
			b := window(base, 0, 340)
			fmt.Printf("L %-6v s %-3v unlearned %5.1f cost %5.2f (looks %.1f delay %.2f) |", price, sigma, b.product(), b.cost(price), b.looks/b.jobs, b.delay/b.jobs)
			for _, w := range [][2]int{{0, 5}, {5, 10}, {10, 20}, {20, 40}, {40, 80}, {80, 160}, {160, 300}, {300, 340}} {
				x := window(res, w[0], w[1])
				fmt.Printf(" %d: %.1f (%.2f)", w[1], x.product(), x.cost(price)/window(base, w[0], w[1]).cost(price))
			}
			x := window(res, 300, 340)
			fmt.Printf(" looks %.1f delay %.2f\n", x.looks/x.jobs, x.delay/x.jobs)
		}
	}
	// change of law
	for _, price := range []float64{0.0125, 0.4} {
		for _, f := range []float64{3, 1. / 3} {
			for _, sigma := range []float64{0.3, 0.5, 1} {
				med := 60.0
				if f < 1 {
					med = 180
				}
				res := par(seeds, func(seed int) []tally {
					r := rand.New(rand.NewPCG(uint64(seed), 1))
					m := durations.New()
					k := m.Kind("f", "s", "p", "m")
					series(r, m, k, lognormal(med, sigma), 300, price)
					return series(r, m, k, lognormal(med*f, sigma), 500, price)
				})
				base := par(seeds, func(seed int) []tally {
					r := rand.New(rand.NewPCG(uint64(seed), 1))
					ts := make([]tally, 500)
					for i := range ts {
						ts[i] = follow(nil, 0, lognormal(med*f, sigma)(r), unlearned(price))
					}
					return ts
				})
				fmt.Printf("change %.1f L %-6v s %-3v |", f, price, sigma)
				for _, w := range [][2]int{{0, 1}, {0, 5}, {5, 10}, {10, 20}, {20, 40}, {40, 60}, {60, 80}, {80, 100}, {100, 120}, {300, 500}} {
					x, b := window(res, w[0], w[1]), window(base, w[0], w[1])
					fmt.Printf(" %d: %.1f/%.1f=%.2f (%.2f)", w[1], x.product(), b.product(), x.product()/b.product(), x.cost(price)/b.cost(price))
				}
				fmt.Println()
			}
		}
	}
	// two kinds
	for _, price := range []float64{0.0125, 0.4} {
		res := par(seeds, func(seed int) []tally {
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			m := durations.New()
			a, b := m.Kind("f", "s", "p", "m"), m.Kind("f", "s", "q", "m")
			ts := make([]tally, 240)
			for i := range ts {
				k, l := a, lognormal(5, .3)
				if i%2 == 1 {
					k, l = b, lognormal(300, .3)
				}
				ts[i] = follow(m, k, l(r), learned(m, k, price))
			}
			return ts
		})
		base := par(seeds, func(seed int) []tally {
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			ts := make([]tally, 240)
			for i := range ts {
				l := lognormal(5, .3)
				if i%2 == 1 {
					l = lognormal(300, .3)
				}
				ts[i] = follow(nil, 0, l(r), unlearned(price))
			}
			return ts
		})
		fmt.Printf("two kinds L %v:", price)
		for _, w := range [][2]int{{0, 60}, {60, 120}, {120, 240}} {
			x, b := window(res, w[0], w[1]), window(base, w[0], w[1])
			fmt.Printf(" %d: %.1f/%.1f=%.2f (%.2f)", w[1], x.product(), b.product(), x.product()/b.product(), x.cost(price)/b.cost(price))
		}
		fmt.Println()
	}
	m := durations.New()
	for _, a := range []float64{0, .5, 1, 5, 60, 600, 6000, 86400, 1e7} {
		for _, p := range []float64{.0125, .4} {
			fmt.Printf("age %v price %v: %v want %.3f\n", a, p, m.Delay(0, time.Duration(a*1e9), p), 2*math.Sqrt(p*a))
		}
	}
}
