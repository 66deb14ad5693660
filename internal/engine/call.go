package engine

import (
	"slices"
	"time"
)

// Call is one call of the Waiter: its waits, and its places in the heaps and the
// lines. Only its Owner does not belong to the Engine.
type Call struct {
	Owner any // as it was opened with

	number   int32
	opened   uint64 // the order in which calls were opened
	deadline time.Duration

	queues  [states][]int32 // its waits, by state
	live    int             // waits that have not ended
	watched bool            // it has had waits
	leaving bool
	finals  bool          // its final polls have begun
	endsBy  time.Duration // when the time of waits runs out whose final polls have begun
	paused  bool          // its consumer is too slow: its jobs are not polled

	place      [callHeaps]int32
	at         [callHeaps]time.Duration
	inLine     bool
	ending     bool // the line that it stands in is the one of calls whose time runs out
	waiting    bool // it is active, and has jobs that it waits for news of
	needy      bool // it is waiting, and none of its jobs is known to have ended
	knowing    bool // it is active, and has jobs that are known to have ended
	held       int  // jobs that are known to have ended, if it is not active
	next, prev *Call

	counts  Counts
	pagesAt Counts // of the engine, when its waits began
}

// Counts is what was sent for a call: GETs of its jobs since it watched them,
// pages that were read while it had jobs, and the 429s to both.
type Counts struct{ Gets, Pages, RateLimited int }

// Waiting appends the calls that wait for the job of a GET under way, the longest
// wait first, at most limit.
func (e *Engine) Waiting(calls []*Call, id RequestID, limit int) []*Call {
	r := e.requests[id]
	if r == nil || r.kind != Get {
		return calls
	}
	old := len(calls)
	for w := e.table.jobs.at(r.job).first; w != none; w = e.table.waits.at(w).next {
		calls = append(calls, e.calls.all[e.table.waits.at(w).call])
	}
	slices.Reverse(calls[old:]) // the job has its youngest wait first
	return calls[:min(len(calls), old+limit)]
}

// states is the number of queues, detached requests included.
const states = int(dying) + 1

// The heaps that calls stand in.
const (
	byPolled = iota // when a job polled on its own is due
	byListed        // when a job left to the list would be due
	byDeadline
	byFinals // when its final polls begin
	callHeaps
)

// active reports whether anything may be sent for the call.
func (c *Call) active() bool { return !c.leaving && !c.paused }

// callOrder is the order of one heap of calls.
type callOrder int

func (o callOrder) before(a, b *Call) bool { return a.at[o] < b.at[o] }

func (o callOrder) moved(c *Call, place int) { c.place[o] = int32(place) }

// calls keeps the calls, and the lines of those that want a request now.
type calls struct {
	all    []*Call // by number; nil is free
	free   []int32
	open   int
	opened uint64
	rate   float64 // requests per second, as configured

	heaps   [callHeaps][]*Call
	lines   lines
	waiting int // calls that are waiting
	needy   int // calls that are needy
	knowing int // calls that are knowing
	pollers int // needy calls in line
	held    int // known ends that are held back, since their calls are not active

	// While the list is not relied on, the jobs left to it are polled when due,
	// and no later than by.
	uncovered bool
	by        time.Duration
}

func (s *calls) add(owner any, deadline time.Duration) *Call {
	s.opened++
	s.open++
	c := &Call{Owner: owner, opened: s.opened, deadline: deadline}
	for i := range c.place {
		c.place[i], c.at[i] = none, Never
	}
	if last := len(s.free) - 1; last >= 0 {
		c.number, s.free = s.free[last], s.free[:last]
		s.all[c.number] = c
	} else {
		c.number = int32(len(s.all))
		s.all = append(s.all, c)
	}
	s.reheap(c, byDeadline, deadline)
	return c
}

func (s *calls) drop(c *Call) {
	s.all[c.number] = nil
	s.free = append(s.free, c.number)
	s.open--
}

// reheap gives the call its place in a heap; Never takes it out.
func (s *calls) reheap(c *Call, which int, at time.Duration) {
	if c.at[which] == at {
		return
	}
	heap, place := &s.heaps[which], c.place[which]
	c.at[which] = at
	switch {
	case place == none:
		*heap = push(callOrder(which), *heap, c)
	case at == Never:
		*heap = remove(callOrder(which), *heap, int(place))
	default:
		fix(callOrder(which), *heap, int(place))
	}
}

// earliest is the call that comes first in a heap; nil if there is none.
func (s *calls) earliest(which int) (*Call, time.Duration) {
	if len(s.heaps[which]) == 0 {
		return nil, Never
	}
	c := s.heaps[which][0]
	return c, c.at[which]
}

// stand puts the call where its queues require: in line if it has a request to send
// now, else into the heap for the time when it will have one.
func (s *calls) stand(c *Call, t *table, now time.Duration) {
	var (
		polls, lists = Never, Never
		wants        = false
		waiting      = false
		needy        = false
		knowing      = false
		held         = 0
	)
	if c.active() && c.live > 0 {
		polls, lists = t.due(c.queues[polled]), t.due(c.queues[listed])
		wants = len(c.queues[urgent]) > 0 || polls <= now || s.uncovered && min(lists, s.by) <= now && lists != Never
		waiting = polls != Never || lists != Never
		knowing = len(c.queues[urgent]) > 0
		needy = waiting && !knowing
	}
	if !c.active() {
		held = len(c.queues[urgent])
	}
	s.held += held - c.held
	c.held = held
	s.waiting += int1(waiting) - int1(c.waiting)
	s.needy += int1(needy) - int1(c.needy)
	s.knowing += int1(knowing) - int1(c.knowing)
	s.pollers += int1(wants && needy) - int1(c.inLine && c.needy)
	c.waiting, c.needy, c.knowing = waiting, needy, knowing
	s.lines.place(c, wants, now)
	if wants {
		polls, lists = Never, Never
	}
	s.reheap(c, byPolled, polls)
	s.reheap(c, byListed, lists)
	s.reheap(c, byFinals, s.finalsAt(c))
	if c.leaving {
		s.reheap(c, byDeadline, Never)
	}
}

func int1(b bool) int {
	if b {
		return 1
	}
	return 0
}

// finalsLead is how long before its end the final polls of so many waits begin,
// and whether they fit.
func finalsLead(waits int, rate float64) (lead time.Duration, fit bool) {
	take := time.Duration(min(float64(waits)/rate, maxDelay.Seconds()) * float64(time.Second))
	return finalPoll + take, take <= maxFinals
}

// finalsAt is when the final polls of a call begin. Where they do not fit, the list
// is read once more.
func (s *calls) finalsAt(c *Call) time.Duration {
	if c.finals || c.leaving || c.live == 0 || c.deadline == Never {
		return Never
	}
	lead, fit := finalsLead(c.live, s.rate)
	if !fit {
		lead = finalPoll
	}
	return c.deadline - lead
}
