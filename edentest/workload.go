package edentest

import (
	"math"
	"math/rand/v2"
	"time"
)

// A Workload is a distribution from which jobs are drawn.
type Workload struct {
	// Durations is how long the jobs run. Defaults to
	// Lognormal{Median: time.Minute, Sigma: 1, Cap: 20 * time.Minute}.
	Durations Durations

	// FailureRate is the share of jobs that fail, 0 to 1. Defaults to 0.
	FailureRate float64

	// OutputBytes is the approximate size of an output. Defaults to 0: a
	// sentence.
	OutputBytes int

	// OtherUser makes them the jobs of another user of the account. Defaults to
	// false.
	OtherUser bool

	// StuckInList is the share of jobs, 0 to 1, that the list shows as running
	// forever: see Script.StuckInList. Defaults to 0.
	StuckInList float64
}

// Durations is a distribution of how long jobs run. Draw may be called
// concurrently if one value serves several APIs.
type Durations interface {
	Draw(*rand.Rand) time.Duration
}

// Lognormal is a typical distribution of durations. Half of the jobs run shorter than
// Median. The durations' logarithm is normal with standard deviation Sigma. Durations
// above Cap are cut to it, unless it is 0.
type Lognormal struct {
	Median time.Duration
	Sigma  float64
	Cap    time.Duration
}

// Draw implements Durations.
func (d Lognormal) Draw(rng *rand.Rand) time.Duration {
	return capped(float64(d.Median)*math.Exp(d.Sigma*rng.NormFloat64()), d.Cap)
}

// Fixed is one duration for all jobs. Fixed(Never) is for jobs that do not
// end.
type Fixed time.Duration

// Draw implements Durations.
func (d Fixed) Draw(*rand.Rand) time.Duration { return time.Duration(d) }

// Bimodal is Long for a fraction LongFraction of the jobs, 0 to 1, and Short for the rest.
type Bimodal struct {
	Short, Long  time.Duration
	LongFraction float64
}

// Draw implements Durations.
func (d Bimodal) Draw(rng *rand.Rand) time.Duration {
	if rng.Float64() < d.LongFraction {
		return d.Long
	}
	return d.Short
}

// Pareto has a heavy tail: nothing is shorter than Min, and the share of jobs
// longer than t is (Min/t) to the power of Alpha. Durations above Cap are cut to
// it, unless it is 0.
type Pareto struct {
	Min   time.Duration
	Alpha float64
	Cap   time.Duration
}

// Draw implements Durations.
func (d Pareto) Draw(rng *rand.Rand) time.Duration {
	return capped(float64(d.Min)/math.Pow(1-rng.Float64(), 1/d.Alpha), d.Cap)
}

// Uniform is uniformly distributed from Min to Max.
type Uniform struct {
	Min, Max time.Duration
}

// Draw implements Durations.
func (d Uniform) Draw(rng *rand.Rand) time.Duration {
	return d.Min + time.Duration(rng.Float64()*float64(d.Max-d.Min))
}

func capped(ns float64, limit time.Duration) time.Duration {
	if limit > 0 && ns > float64(limit) {
		return limit
	}
	// A tail can pass what a Duration holds; a century is long enough.
	return time.Duration(min(ns, 100*365*24*float64(time.Hour)))
}

// job draws a job that starts now.
func (w Workload) job(rng *rand.Rand, now time.Duration) job {
	j := job{created: now, ends: after(now, w.run(rng)), bytes: w.size()}
	j.set(failed, w.fails(rng))
	j.set(foreign, w.OtherUser)
	j.service = uint8(rng.IntN(len(services)))
	j.set(stuck, w.sticks(rng))
	return j
}

// script draws a job that comes with a service of its own.
func (w Workload) script(rng *rand.Rand) Script {
	s := Script{After: w.run(rng), OtherUser: w.OtherUser, size: w.size()}
	if w.fails(rng) {
		s.Status = "fail"
	}
	s.StuckInList = w.sticks(rng)
	return s
}

func (w Workload) run(rng *rand.Rand) time.Duration {
	if w.Durations == nil {
		w.Durations = Lognormal{Median: time.Minute, Sigma: 1, Cap: 20 * time.Minute}
	}
	return max(0, w.Durations.Draw(rng))
}

func (w Workload) fails(rng *rand.Rand) bool { return rng.Float64() < w.FailureRate }

// sticks draws only if there is something to be drawn, so that a Workload without
// such jobs draws the others as it always has.
func (w Workload) sticks(rng *rand.Rand) bool {
	return w.StuckInList > 0 && rng.Float64() < w.StuckInList
}

func (w Workload) size() int32 { return int32(min(max(0, w.OutputBytes), math.MaxInt32)) }
