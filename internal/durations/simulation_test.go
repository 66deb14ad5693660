package durations_test

import (
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/durations"
)

// A law draws durations in seconds.
type law func(*rand.Rand) float64

func lognormal(median, sigma float64) law {
	return func(r *rand.Rand) float64 { return median * math.Exp(sigma*r.NormFloat64()) }
}

// A rule is a time until the next look, at an age.
type rule func(age time.Duration) time.Duration

// A tally is what looking has cost.
type tally struct{ jobs, looks, delay float64 }

func (t *tally) add(o tally) {
	t.jobs += o.jobs
	t.looks += o.looks
	t.delay += o.delay
}

// product is (requests beyond the first) × (mean delay).
func (t tally) product() float64 { return t.looks * t.delay / (t.jobs * t.jobs) }

// cost is what a job cost, in job-seconds.
func (t tally) cost(price float64) float64 { return (price*t.looks + t.delay) / t.jobs }

// follow looks at one job until it is seen ended. A look takes no time, and the
// first, at age 0, is not counted.
func follow(m *durations.Model, k durations.Kind, lasts float64, next rule) tally {
	end := time.Duration(lasts * float64(time.Second))
	var age time.Duration
	for looks := 1.0; ; looks++ {
		from := age
		age += next(age)
		if age >= end {
			if m != nil {
				m.Ended(k, from, age)
			}
			return tally{1, looks, (age - end).Seconds()}
		}
		if m != nil {
			m.Running(k, from, age)
		}
	}
}

// learned is the rule of a model for a kind.
func learned(m *durations.Model, k durations.Kind, price float64) rule {
	return func(age time.Duration) time.Duration { return m.Delay(k, age, price) }
}

// unlearned is the rule without a model.
func unlearned(price float64) rule { return learned(durations.New(), 0, price) }

// series follows jobs one after the other with one model, and has a tally for each.
func series(r *rand.Rand, m *durations.Model, k durations.Kind, lasts law, jobs int, price float64) []tally {
	tallies := make([]tally, jobs)
	for i := range tallies {
		tallies[i] = follow(m, k, lasts(r), learned(m, k, price))
	}
	return tallies
}

// total is the sum of some jobs of all seeds.
func total(all [][]tally, from, to int) (sum tally) {
	for _, one := range all {
		for _, t := range one[from:to] {
			sum.add(t)
		}
	}
	return sum
}

// seeds runs one experiment on many seeds. With EDENWAIT_SEEDS=4000 the figures
// are sure to a per cent; the tests' bounds leave room for few.
func seeds(t *testing.T, run func(*rand.Rand) []tally) [][]tally {
	n := 20
	if testing.Short() {
		n = 8
	}
	if text := os.Getenv("EDENWAIT_SEEDS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	all := make([][]tally, n)
	var group sync.WaitGroup
	const strands = 2
	for strand := range strands {
		group.Add(1)
		go func() {
			defer group.Done()
			for seed := strand; seed < n; seed += strands {
				all[seed] = run(rand.New(rand.NewPCG(uint64(seed), 1)))
			}
		}()
	}
	group.Wait()
	return all
}

// room is what a bound allows beyond what is wanted, for a mean of few seeds.
func room() float64 {
	if testing.Short() {
		return 1.05
	}
	return 1
}

// plain is what the same jobs cost without learning.
func plain(t *testing.T, lasts law, jobs int, price float64) [][]tally {
	return seeds(t, func(r *rand.Rand) []tally {
		return follows(r, lasts, jobs, unlearned(price))
	})
}

// follows follows jobs by a rule that learns nothing.
func follows(r *rand.Rand, lasts law, jobs int, next rule) []tally {
	tallies := make([]tally, jobs)
	for i := range tallies {
		tallies[i] = follow(nil, 0, lasts(r), next)
	}
	return tallies
}
