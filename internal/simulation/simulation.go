// Package simulation drives the engine through scenarios: jobs that last, callers
// that come and go, and a server that answers. It needs no clock and no HTTP, so a
// policy is tested on thousands of seeds in seconds.
//
// A run depends only on its Scenario and seed. The engine's own jitter is the
// exception: it is drawn from math/rand/v2, so two runs of one seed differ a
// little. The delay of one single job may differ by seconds: compare means.
package simulation

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/edenwait/edenwait/internal/engine"
)

// Scenario is what is simulated. The zero value of each field means its default.
type Scenario struct {
	// Jobs is the number of jobs that are waited for.
	Jobs int
	// Law is how long jobs last. Defaults to Lognormal(time.Minute, 1,
	// 20*time.Minute).
	Law Law
	// Kind is the kind of each job, as its answers name it. Defaults to one kind for all.
	Kind func(job int) engine.JobKind
	// Callers is how the jobs are waited for. Defaults to Together.
	Callers Callers
	// Arrivals is how many jobs begin, and are waited for, per second. Defaults to
	// all at once.
	Arrivals float64
	// Processes is how many engines share the account, each with an equal part of
	// the jobs and without knowing of the others. Defaults to 1.
	Processes int

	// Latency is the time from a request to its answer. The server looks at the job
	// halfway. Defaults to 40 ms.
	Latency time.Duration
	// Rate and Burst are the server's token bucket. They default to 10 and 10.
	Rate, Burst float64
	// List is what the job list shows.
	List List
	// Outages are when every request fails without reaching the server.
	Outages []Span
	// Others is what other users of the account spend of its Rate.
	Others []Load
	// Hints says which ends are told to the engine. Defaults to none.
	Hints Hints

	// Engine is the engine's configuration. Its zero fields, but for UseList, which
	// is always set, default to the library's defaults.
	Engine engine.Config
}

// List is what the server's job list shows. The zero value shows each running job
// of the account as it is, a thousand per page, the newest first.
type List struct {
	// Off has the server answer that there is no list.
	Off bool
	// Behind is how old what it shows is.
	Behind time.Duration
	// Frozen reports whether it shows a job running forever once it has begun. It is
	// called once per job.
	Frozen func(job int) bool
	// Foreign is how many running jobs of others it shows, spread evenly among ours.
	// They never end.
	Foreign int
}

// Span is a time from its first moment to just before its last.
type Span struct{ From, To time.Duration }

// Load is requests per second for a time.
type Load struct {
	Span
	Rate float64
}

// Callers is how jobs are waited for. No call has a deadline: what a change of the final
// polls does shows only with a MaxWait.
type Callers uint8

const (
	// Together is one call per process for all jobs.
	Together Callers = iota
	// Apart is a call for each job.
	Apart
	// Crowd is fifty calls for each job.
	Crowd
	// Beside is a call for the last job, and one for all others.
	Beside
	// InTurn has each process wait for its jobs one after another: a job begins once
	// the one before it is known to have ended. The server has no list then.
	InTurn
)

// Score is what a run came to.
type Score struct {
	// Delay is the mean time from a job's end to the answer that shows it.
	Delay time.Duration
	// Lag is Delay less the ideal client's delay: see Ideal.
	Lag time.Duration
	// Worst is the longest time from a job's end to the answer that shows it.
	Worst time.Duration
	// Requests is how many were sent per job: GETs and pages, refused or failed ones
	// included. Pages is the part of it that read the list.
	Requests, Pages float64
	// Limited is how many of them were answered by a 429, per job.
	Limited float64
	// Makespan is when the last job was known to have ended, over when the ideal
	// client knows.
	Makespan float64
	// GivenUp is how many jobs ended without an answer that shows their end. They
	// are not part of Delay, Lag and Worst.
	GivenUp int
	// Looks is how many requests per second found only running jobs, in the worst minute:
	// GETs of running jobs, and pages.
	Looks float64
	// Steps is how many times an engine was asked what to do.
	Steps int
	// PerJob is how many GETs were sent for each job. Mean leaves it nil.
	PerJob []int32
	// Delays has, of each job, the time from its end to the answer that shows it; -1
	// if it was given up. Mean leaves it nil.
	Delays []time.Duration
}

// Mean runs a scenario with so many seeds, from 1, on all CPUs. It returns the
// means, but for Worst and Looks, which are the worst of all, and GivenUp and Steps, which are
// sums.
func Mean(s Scenario, seeds int) Score {
	scores := make([]Score, seeds)
	var workers sync.WaitGroup
	next := make(chan int)
	for range min(runtime.GOMAXPROCS(0), seeds) {
		workers.Go(func() {
			for i := range next {
				scores[i] = Run(s, uint64(i)+1)
				scores[i].Delays, scores[i].PerJob = nil, nil
			}
		})
	}
	for i := range seeds {
		next <- i
	}
	close(next)
	workers.Wait()

	var mean Score
	for i := range scores {
		one, n := &scores[i], float64(seeds)
		mean.Delay += time.Duration(float64(one.Delay) / n)
		mean.Lag += time.Duration(float64(one.Lag) / n)
		mean.Worst = max(mean.Worst, one.Worst)
		mean.Requests += one.Requests / n
		mean.Pages += one.Pages / n
		mean.Limited += one.Limited / n
		mean.Makespan += one.Makespan / n
		mean.GivenUp += one.GivenUp
		mean.Steps += one.Steps
		mean.Looks = max(mean.Looks, one.Looks)
	}
	return mean
}

// Run runs a scenario until the last job has ended for its callers. It panics if
// that never happens.
func Run(s Scenario, seed uint64) Score {
	return newSeeded(s, seed).play()
}

func newSeeded(s Scenario, seed uint64) *run {
	return newRun(s.withDefaults(), rand.New(rand.NewPCG(seed, 0)))
}

func (s Scenario) withDefaults() Scenario {
	if s.Law == nil {
		s.Law = Lognormal(time.Minute, 1, 20*time.Minute)
	}
	if s.Processes == 0 {
		s.Processes = 1
	}
	if s.Latency == 0 {
		s.Latency = 40 * time.Millisecond
	}
	if s.Rate == 0 {
		s.Rate = 10
	}
	if s.Burst == 0 {
		s.Burst = 10
	}
	if s.Kind == nil {
		s.Kind = func(int) engine.JobKind { return engine.JobKind{Feature: "audio", Provider: "deepgram"} }
	}
	c := &s.Engine
	if c.Rate == 0 {
		c.Rate = 10
	}
	if c.Burst == 0 {
		c.Burst = 1
	}
	if c.MaxInFlight == 0 {
		c.MaxInFlight = 64
	}
	if c.MaxErrors == 0 {
		c.MaxErrors = 60
	}
	if c.MaxWait == 0 {
		c.MaxWait = engine.Never
	}
	if c.Delays == nil {
		for delay := time.Second; delay < 10*time.Second; delay = delay * 13 / 10 {
			c.Delays = append(c.Delays, delay)
		}
		c.Delays = append(c.Delays, 10*time.Second)
	}
	c.UseList = true
	s.List.Off = s.List.Off || s.Callers == InTurn
	return s
}
