package simulation

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/edenwait/edenwait/internal/engine"
)

// process is an engine, and its alarm.
type process struct {
	engine *engine.Engine
	wake   time.Duration
	whole  *engine.Call // of Together and Beside
	items  []engine.Item
}

// exchange is a request on its way.
type exchange struct {
	request engine.Request
	process int32
	answer  engine.Answer
}

// run is a scenario that is being played. Each kind of event is a queue in the
// order of time, since the latency is constant and hints are sorted: that is
// faster than a heap.
type run struct {
	Scenario
	server    *server
	processes []process
	jobs      []job
	now       time.Duration
	left      int // jobs that have not ended for their callers

	arrived  int             // jobs before it are waited for
	hints    []int32         // jobs whose ends are yet to be told
	sent     queue[exchange] // to the server
	answered queue[exchange] // back from it

	looks                    minute
	score                    Score
	requests, pages, limited int
}

func newRun(s Scenario, random *rand.Rand) *run {
	r := &run{Scenario: s, jobs: make([]job, s.Jobs), left: s.Jobs}
	r.score.PerJob = make([]int32, s.Jobs)
	for i := range r.jobs {
		j := &r.jobs[i]
		if s.Arrivals > 0 {
			j.begin = time.Duration(float64(i) / s.Arrivals * float64(time.Second))
		}
		j.end, j.known = j.begin+s.Law(random, i), -1
		if s.Callers == InTurn && i < s.Processes {
			// Processes do not start together.
			j.begin = time.Minute * time.Duration(i) / time.Duration(s.Processes)
			j.end += j.begin
		}
		if s.Hints.Sent > 0 && random.Float64() < s.Hints.Sent && !s.Hints.Down.holds(j.end) {
			r.hints = append(r.hints, int32(i))
		}
	}
	slices.SortFunc(r.hints, func(a, b int32) int { return cmp.Compare(s.Hints.tells(r.jobs[a].end), s.Hints.tells(r.jobs[b].end)) })
	r.server = newServer(&r.Scenario, r.jobs)
	r.processes = make([]process, s.Processes)
	for i := range r.processes {
		p := &r.processes[i]
		p.engine, p.wake = engine.New(s.Engine), engine.Never
		if s.Callers == Together || s.Callers == Beside {
			p.whole = p.engine.Open(0, engine.CallOptions{Deadline: engine.Never})
		}
	}
	return r
}

// The kinds of events.
const (
	nothing = iota
	arrival
	hint
	sent
	answered
	alarm
)

// play has the next event happen, until no job is left.
func (r *run) play() Score {
	for r.left > 0 {
		at, kind, woken := engine.Never, nothing, 0
		next := func(due time.Duration, is int) {
			if due < at {
				at, kind = due, is
			}
		}
		if r.arrived < r.arrivals() {
			next(r.jobs[r.arrived].begin, arrival)
		}
		if len(r.hints) > 0 {
			next(r.Hints.tells(r.jobs[r.hints[0]].end), hint)
		}
		next(r.sent.due(), sent)
		next(r.answered.due(), answered)
		for i := range r.processes {
			if r.processes[i].wake < at {
				at, kind, woken = r.processes[i].wake, alarm, i
			}
		}
		r.now = max(r.now, at)
		switch kind {
		case arrival:
			r.arrive()
		case hint:
			i := r.hints[0]
			r.hints = r.hints[1:]
			p := r.processOf(int(i))
			r.processes[p].engine.Notify(r.now, key(i, 0))
			r.step(p)
		case sent:
			x := r.sent.pop()
			x.answer = r.server.answer(r.now, &x.request, &r.processes[x.process].items)
			r.answered.push(r.now+r.Latency/2, x)
		case answered:
			x := r.answered.pop()
			r.limited += int1(x.answer.Outcome == engine.RateLimited)
			if x.answer.Outcome == engine.Running {
				r.looks.add(r.now)
			}
			r.processes[x.process].engine.Respond(r.now, x.request.ID, x.answer)
			r.step(int(x.process))
		case alarm:
			r.step(woken)
		default:
			panic(fmt.Sprintf("simulation: %d jobs are left, and nothing will happen", r.left))
		}
	}
	return r.finish()
}

func int1(b bool) int {
	if b {
		return 1
	}
	return 0
}

// arrivals is how many jobs begin by themselves.
func (r *run) arrivals() int {
	if r.Callers == InTurn {
		return min(len(r.jobs), len(r.processes))
	}
	return len(r.jobs)
}

func (r *run) processOf(job int) int { return job % len(r.processes) }

// arrive has the jobs that begin now waited for. A call takes all of its jobs in
// before anything is asked.
func (r *run) arrive() {
	for ; r.arrived < r.arrivals() && r.jobs[r.arrived].begin <= r.now; r.arrived++ {
		i := r.arrived
		n := r.processOf(i)
		p := &r.processes[n]
		if r.Callers == Together || r.Callers == Beside && i < len(r.jobs)-1 {
			p.engine.Watch(r.now, p.whole, key(int32(i), 0), 0)
			continue
		}
		calls := 1
		if r.Callers == Crowd {
			calls = 50
		}
		for range calls {
			r.open(i)
			r.step(n)
		}
	}
	for i := range r.processes {
		r.step(i)
	}
}

// step does what an engine wants done.
func (r *run) step(n int) {
	p := &r.processes[n]
	for {
		r.score.Steps++
		ready := p.engine.Ready(r.now)
		for _, request := range ready.Requests {
			r.requests++
			if request.Kind == engine.Get {
				r.score.PerJob[number(request.Key)]++
			}
			r.pages += int1(request.Kind == engine.Page)
			r.sent.push(r.now+r.Latency/2, exchange{request: request, process: int32(n)})
		}
		for i := range ready.Ends {
			r.end(p, &ready.Ends[i])
		}
		p.wake = ready.WakeAt
		if !ready.More && len(ready.Ends) == 0 {
			return
		}
	}
}

// end takes the end of a job. All its callers have the same one.
func (r *run) end(p *process, end *engine.End) {
	if end.Reason == engine.Answered {
		r.jobs[number(end.Key)].known = r.now
	}
	r.left--
	for _, w := range end.Waits {
		if w.Call != p.whole {
			p.engine.Close(r.now, w.Call)
		}
	}
	if next := number(end.Key) + len(r.processes); r.Callers == InTurn && next < len(r.jobs) {
		j := &r.jobs[next]
		j.begin, j.end = r.now, r.now+j.end
		r.open(next)
	}
}

// open has a call of its own wait for a job.
func (r *run) open(job int) {
	e := r.processes[r.processOf(job)].engine
	e.Watch(r.now, e.Open(r.now, engine.CallOptions{Deadline: engine.Never}), key(int32(job), 0), 0)
}

func (r *run) finish() Score {
	var (
		ends       []time.Duration
		last, wait time.Duration
		s          = &r.score
	)
	for i := range r.jobs {
		j := &r.jobs[i]
		if j.known < 0 {
			s.GivenUp++
			s.Delays = append(s.Delays, -1)
			continue
		}
		ends = append(ends, j.end)
		delay := j.known - j.end
		s.Delays = append(s.Delays, delay)
		s.Worst = max(s.Worst, delay)
		wait += delay
		last = max(last, j.known)
	}
	s.Looks = float64(r.looks.most) / 60
	n := float64(len(r.jobs))
	s.Requests, s.Pages, s.Limited = float64(r.requests)/n, float64(r.pages)/n, float64(r.limited)/n
	if len(ends) > 0 {
		best, makespan := Ideal(ends, r.Rate)
		s.Delay = wait / time.Duration(len(ends))
		s.Lag = s.Delay - best
		s.Makespan = last.Seconds() / makespan.Seconds()
	}
	return r.score
}
