// Package simulation drives the engine through imagined scenarios: jobs that
// last, callers that come and go, and a server that answers. It needs no clock
// and no HTTP, so a policy is judged on thousands of seeds in seconds.
package simulation

import (
	"container/heap"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/edenwait/edenwait/internal/engine"
)

// Scenario is what is simulated.
type Scenario struct {
	Jobs     int
	Duration func(r *rand.Rand) time.Duration // of a job; defaults to Lognormal(1 min, 1)
	// Callers is how the jobs are waited for; defaults to one call for all.
	Callers Callers
	// Arrivals is how many jobs begin per second; 0 has all begin at once.
	Arrivals float64
	// Latency is the time from a request to its answer; defaults to 40 ms. The
	// server looks at the job halfway.
	Latency time.Duration
	// Rate and Burst are the server's token bucket; they default to 10 and 10.
	Rate, Burst float64
	// ListBehind is how old what the list shows is. NoList answers 404 to it.
	ListBehind time.Duration
	NoList     bool
	// Engine is the engine's; zero fields get the library's defaults.
	Engine engine.Config
}

// Callers is how jobs are waited for.
type Callers uint8

const (
	// Together is one call for all jobs.
	Together Callers = iota
	// Apart is a call for each job.
	Apart
	// Crowd is fifty calls for each job.
	Crowd
)

// Score is what a scenario came to.
type Score struct {
	Lag      time.Duration // mean, from a job's end to the answer that shows it, over the ideal client's
	Delay    time.Duration // mean, from a job's end to the answer that shows it
	Requests float64       // per job, pages and refusals included
	Makespan float64       // over the ideal client's
	Limited  float64       // 429s per job
	Steps    int           // inputs and Readys
	Stats    engine.Stats
}

// Lognormal is the law of durations that most measurements use.
func Lognormal(median time.Duration, sigma float64, most time.Duration) func(*rand.Rand) time.Duration {
	return func(r *rand.Rand) time.Duration {
		return min(time.Duration(float64(median)*math.Exp(sigma*r.NormFloat64())), most)
	}
}

// Mean runs a scenario over many seeds.
func Mean(s Scenario, seeds int) (mean Score) {
	for seed := range seeds {
		one := Run(s, uint64(seed)+1)
		n := float64(seeds)
		mean.Lag += time.Duration(float64(one.Lag) / n)
		mean.Delay += time.Duration(float64(one.Delay) / n)
		mean.Requests += one.Requests / n
		mean.Makespan += one.Makespan / n
		mean.Limited += one.Limited / n
		mean.Steps += one.Steps
	}
	return mean
}

// Run runs a scenario to the end of its last job.
func Run(s Scenario, seed uint64) Score {
	r := &run{Scenario: s.withDefaults(), random: rand.New(rand.NewPCG(seed, 0))}
	r.engine = engine.New(r.Scenario.Engine)
	return r.play()
}

func (s Scenario) withDefaults() Scenario {
	if s.Duration == nil {
		s.Duration = Lognormal(time.Minute, 1, 20*time.Minute)
	}
	if s.Latency == 0 {
		s.Latency = 40 * time.Millisecond
	}
	if s.Rate == 0 {
		s.Rate, s.Burst = 10, 10
	}
	c := &s.Engine
	if c.Rate == 0 {
		c.Rate, c.Burst = 10, 1
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
	return s
}

// simulated is a job in the scenario.
type simulated struct {
	begin, end time.Duration
	shown      time.Duration
	calls      []*engine.Call
	left       int
}

// run is a scenario that is being played.
type run struct {
	Scenario
	engine *engine.Engine
	random *rand.Rand
	now    time.Duration
	events events
	jobs   []simulated
	left   int
	tokens float64
	filled time.Duration
	score  Score
	total  int
	limits int
	whole  *engine.Call
	alarm  int
}

func (r *run) play() Score {
	r.tokens = r.Burst
	r.jobs = make([]simulated, r.Jobs)
	for i := range r.jobs {
		j := &r.jobs[i]
		if r.Arrivals > 0 {
			j.begin = time.Duration(float64(i) / r.Arrivals * float64(time.Second))
		}
		j.end, j.shown = j.begin+r.Duration(r.random), -1
	}
	r.left = r.Jobs
	if r.Callers == Together {
		r.whole = r.engine.Open(0, engine.CallOptions{Deadline: engine.Never})
	}
	for i := range r.jobs {
		if r.jobs[i].begin > 0 {
			r.at(r.jobs[i].begin, func() { r.watch(i); r.step() })
		} else {
			r.watch(i)
			if r.Callers != Together {
				r.step()
			}
		}
	}
	r.step()
	for r.left > 0 {
		e := heap.Pop(&r.events).(event)
		r.now = e.at
		e.do()
	}
	return r.finish()
}

func key(i int) (k engine.Key) {
	binary.BigEndian.PutUint64(k[:], uint64(i)+1)
	return k
}

func number(k engine.Key) int { return int(binary.BigEndian.Uint64(k[:])) - 1 }

func (r *run) watch(i int) {
	n := 1
	switch r.Callers {
	case Together:
		r.engine.Watch(r.now, r.whole, key(i), int32(i))
		return
	case Crowd:
		n = 50
	}
	for range n {
		c := r.engine.Open(r.now, engine.CallOptions{Deadline: engine.Never})
		r.engine.Watch(r.now, c, key(i), 0)
	}
}

// step does what the engine wants done.
func (r *run) step() {
	for {
		r.score.Steps++
		ready := r.engine.Ready(r.now)
		for _, request := range ready.Requests {
			r.total++
			r.at(r.now+r.Latency/2, func() {
				answer := r.answer(request)
				r.at(r.now+r.Latency/2, func() {
					r.engine.Respond(r.now, request.ID, answer)
					r.step()
				})
			})
		}
		for _, end := range ready.Ends {
			i := number(end.Key)
			r.jobs[i].shown = r.now
			r.left--
			for _, w := range end.Waits {
				if w.Call != r.whole {
					r.engine.Close(r.now, w.Call)
				}
			}
		}
		if !ready.More {
			r.alarm++
			if alarm := r.alarm; ready.WakeAt != engine.Never {
				r.at(max(ready.WakeAt, r.now), func() {
					if r.alarm == alarm { // else another was set since
						r.step()
					}
				})
			}
			return
		}
	}
}

// answer is the server's.
func (r *run) answer(request engine.Request) engine.Answer {
	r.tokens = min(r.Burst, r.tokens+(r.now-r.filled).Seconds()*r.Rate)
	if r.filled = r.now; r.tokens < 1 {
		r.limits++
		return engine.Answer{Outcome: engine.RateLimited, Reached: true}
	}
	r.tokens--
	switch {
	case request.Kind == engine.Get:
		if j := &r.jobs[number(request.Key)]; j.end > r.now {
			return engine.Answer{Outcome: engine.Running, Reached: true}
		}
		return engine.Answer{Outcome: engine.Done, Reached: true}
	case r.NoList:
		return engine.Answer{Outcome: engine.Rejected, Reached: true, Gone: true}
	}
	var items []engine.Item
	for i := range r.jobs {
		if j := &r.jobs[i]; j.begin <= r.now && j.end > r.now-r.ListBehind {
			items = append(items, engine.Item{Key: key(i), Running: true})
		}
	}
	slices.Reverse(items)
	const size = 1000
	from := min((request.Page-1)*size, len(items))
	return engine.Answer{
		Outcome: engine.Running, Reached: true, Pages: (len(items) + size - 1) / size,
		Items: items[from:min(from+size, len(items))],
	}
}

func (r *run) finish() Score {
	ends := make([]time.Duration, 0, r.Jobs)
	var last, delay time.Duration
	for i := range r.jobs {
		ends = append(ends, r.jobs[i].end)
		delay += r.jobs[i].shown - r.jobs[i].end
		last = max(last, r.jobs[i].shown)
	}
	best, makespan := Ideal(ends, r.Rate)
	n := time.Duration(r.Jobs)
	r.score.Delay = delay / n
	r.score.Lag = delay/n - best
	r.score.Makespan = last.Seconds() / makespan.Seconds()
	r.score.Requests = float64(r.total) / float64(r.Jobs)
	r.score.Limited = float64(r.limits) / float64(r.Jobs)
	r.score.Stats = r.engine.Stats()
	return r.score
}

// Ideal is the schedule of a client that knows when each job ends: one GET per
// job, at its end, rate of them per second.
func Ideal(ends []time.Duration, rate float64) (meanDelay, makespan time.Duration) {
	ends = slices.Sorted(slices.Values(ends))
	step := time.Duration(float64(time.Second) / rate)
	var free, total time.Duration
	for _, end := range ends {
		makespan = max(end, free)
		total += makespan - end
		free = makespan + step
	}
	return total / time.Duration(len(ends)), makespan
}

// at has something done at a time.
func (r *run) at(at time.Duration, do func()) {
	heap.Push(&r.events, event{at, r.events.pushed, do})
	r.events.pushed++
}

type event struct {
	at    time.Duration
	order int
	do    func()
}

// events are in the order of time, and of their making at one time.
type events struct {
	list   []event
	pushed int
}

func (e *events) Len() int { return len(e.list) }
func (e *events) Less(i, j int) bool {
	if e.list[i].at != e.list[j].at {
		return e.list[i].at < e.list[j].at
	}
	return e.list[i].order < e.list[j].order
}
func (e *events) Swap(i, j int) { e.list[i], e.list[j] = e.list[j], e.list[i] }
func (e *events) Push(x any)    { e.list = append(e.list, x.(event)) }
func (e *events) Pop() any {
	last := e.list[len(e.list)-1]
	e.list = e.list[:len(e.list)-1]
	return last
}
