package durations_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/durations"
)

// prices are those of an idle account and of a busy one.
var prices = []float64{0.0125, 0.4}

// TestLearned: after three hundred jobs of a kind, one at a time, little more is
// spent than the law of the kind allows, and meanwhile no more than without
// learning.
func TestLearned(t *testing.T) {
	for _, row := range []struct {
		sigma, limit, product float64
	}{
		{0.3, 16, 30},
		{0.5, 25, 42},
		{1, 47, 58},
	} {
		for _, price := range prices {
			t.Run(fmt.Sprintf("sigma %v at %v", row.sigma, price), func(t *testing.T) {
				t.Parallel()
				lasts := lognormal(60, row.sigma)
				all := seeds(t, func(r *rand.Rand) []tally {
					m := durations.New()
					return series(r, m, m.Kind("audio", "speech", "one", "large"), lasts, 400, price)
				})
				without := plain(t, lasts, 400, price)
				cold, before := total(all, 0, 20), total(without, 0, 20)
				warm, unlearned := total(all, 300, 400), total(without, 0, 400)
				t.Logf("product %.1f (limit %v, unlearned %.1f): %.1f looks, %.2f s; the first 20 jobs cost %.2f of unlearned",
					warm.product(), row.limit, unlearned.product(), warm.looks/warm.jobs, warm.delay/warm.jobs, cold.cost(price)/before.cost(price))
				if warm.product() > row.product*room() {
					t.Errorf("product %.1f, want at most %v", warm.product(), row.product)
				}
				if warm.cost(price) > 0.92*unlearned.cost(price) {
					t.Errorf("a job costs %.2f job-seconds, and %.2f unlearned", warm.cost(price), unlearned.cost(price))
				}
				if cold.cost(price) > 1.05*before.cost(price) {
					t.Errorf("each of the first 20 jobs costs %.2f job-seconds, and %.2f unlearned", cold.cost(price), before.cost(price))
				}
			})
		}
	}
}

// TestTwoKinds: jobs that differ by their provider are told apart.
func TestTwoKinds(t *testing.T) {
	short, long := lognormal(5, 0.3), lognormal(300, 0.3)
	for _, row := range []struct{ price, product float64 }{
		{0.0125, 45},
		{0.4, 52}, // where the guard of 10 s keeps the delays of the long ones shorter than they are worth
	} {
		price := row.price
		all := seeds(t, func(r *rand.Rand) (tallies []tally) {
			m := durations.New()
			one, two := m.Kind("audio", "speech", "one", ""), m.Kind("audio", "speech", "two", "")
			for range 60 {
				tallies = append(tallies,
					follow(m, one, short(r), learned(m, one, price)),
					follow(m, two, long(r), learned(m, two, price)))
			}
			return tallies
		})
		first, second := total(all, 0, 60), total(all, 60, 120)
		t.Logf("at %v: product %.1f, then %.1f", price, first.product(), second.product())
		if second.product() > row.product*room() {
			t.Errorf("at %v: product %.1f in the second batch, want at most %v", price, second.product(), row.product)
		}
	}
}

// TestChangeOfLaw: what was learned of a law that is no more costs little, and is
// forgotten.
func TestChangeOfLaw(t *testing.T) {
	for _, factor := range []float64{3, 1. / 3} {
		for _, sigma := range []float64{0.3, 1} {
			for _, price := range prices {
				t.Run(fmt.Sprintf("times %.2f, sigma %v at %v", factor, sigma, price), func(t *testing.T) {
					t.Parallel()
					before, after := lognormal(60, sigma), lognormal(60*factor, sigma)
					all := seeds(t, func(r *rand.Rand) []tally {
						m := durations.New()
						k := m.Kind("audio", "speech", "one", "large")
						series(r, m, k, before, 300, price)
						return series(r, m, k, after, 150, price)
					})
					fresh := seeds(t, func(r *rand.Rand) []tally {
						m := durations.New()
						return series(r, m, m.Kind("audio", "speech", "one", "large"), after, 400, price)
					})
					without := total(plain(t, after, 400, price), 0, 400)
					worst := 0.0
					for from := 0; from < 100; from += 10 {
						worst = max(worst, total(all, from, from+10).product()/without.product())
					}
					back, stationary := total(all, 100, 150), total(fresh, 300, 400)
					t.Logf("product %.1f after 100 jobs, %.1f stationary, %.1f unlearned, meanwhile %.2f of unlearned at worst; the first 10 jobs cost %.2f of unlearned",
						back.product(), stationary.product(), without.product(), worst, total(all, 0, 10).cost(price)/without.cost(price))
					if worst > 1.5 {
						t.Errorf("product %.2f of unlearned after the change", worst)
					}
					if back.product() > 1.4*stationary.product() { // 1.3, and room for few seeds
						t.Errorf("product %.1f after 100 jobs, and %.1f where the law has always held", back.product(), stationary.product())
					}
				})
			}
		}
	}
}

// TestBatch: thousands that age together leave as much behind as jobs one by one.
func TestBatch(t *testing.T) {
	const price = 0.0125
	lasts := lognormal(60, 0.3)
	all := seeds(t, func(r *rand.Rand) []tally {
		m := durations.New()
		k := m.Kind("audio", "speech", "one", "large")
		ends := make([]time.Duration, 2000)
		for i := range ends {
			ends[i] = time.Duration(lasts(r) * float64(time.Second))
		}
		for now := time.Second; len(ends) > 0; now += time.Second {
			runs := ends[:0]
			for _, end := range ends {
				if end <= now {
					m.Ended(k, now-time.Second, now)
				} else {
					m.Running(k, now-time.Second, now)
					runs = append(runs, end)
				}
			}
			ends = runs
		}
		return series(r, m, k, lasts, 20, price)
	})
	if s := total(all, 0, 20); s.product() > 26 {
		t.Errorf("product %.1f after a batch of 2,000", s.product())
	}
}

// TestSameAge: jobs that all last equally long are caught, and one that outlasts
// them is followed as if nothing were known.
func TestSameAge(t *testing.T) {
	const price = 0.0125
	m, r := durations.New(), rand.New(rand.NewPCG(1, 1))
	k := m.Kind("audio", "speech", "one", "large")
	always := func(*rand.Rand) float64 { return 60 }
	series(r, m, k, always, 300, price)
	s := total([][]tally{series(r, m, k, always, 50, price)}, 0, 50)
	t.Logf("product %.1f: %.1f looks, %.2f s", s.product(), s.looks/s.jobs, s.delay/s.jobs)
	if s.product() > 20 {
		t.Errorf("product %.1f", s.product())
	}
	next := unlearned(price)
	for _, age := range []time.Duration{70 * time.Second, 2 * time.Minute, time.Hour, 1000 * time.Hour} {
		if d, without := m.Delay(k, age, price), next(age); d > without*11/10 {
			t.Errorf("at %v, older than any job before: %v, and %v unlearned", age, d, without)
		}
	}
}
