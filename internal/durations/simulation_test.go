package durations_test

import (
	"math"
	"math/rand/v2"
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

// series follows jobs one after the other with one model, and returns a tally for
// each.
func series(r *rand.Rand, m *durations.Model, k durations.Kind, lasts law, jobs int, price float64) []tally {
	tallies := make([]tally, jobs)
	for i := range tallies {
		tallies[i] = follow(m, k, lasts(r), learned(m, k, price))
	}
	return tallies
}
