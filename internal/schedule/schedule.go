// Package schedule decides what to ask next: it keeps which jobs are waited
// for, what is known of each and when it is due, and chooses the request that
// tells most when one may go.
//
// It is told the time, as the time since the call began, and never looks at a
// clock; it sends nothing, starts no goroutine, and knows jobs as small
// numbers. A Schedule is not safe for concurrent use: one loop owns it.
package schedule

import (
	"math"
	"slices"
	"time"
)

// Job numbers a job. The numbers of jobs that are gone are given out again.
type Job = int32

// Kind is a kind of request.
type Kind uint8

const (
	// Nothing is worth asking now.
	Nothing Kind = iota
	// Get asks for one job, the only question whose answer ends a wait.
	Get
	// Page asks for one page of the list of running jobs.
	Page
)

// Ask is a request worth sending.
type Ask struct {
	Kind Kind
	Job  Job // of a Get
	Page int // of a Page, from 1
}

// Never is a time that does not come.
const Never = time.Duration(math.MaxInt64)

// Schedule is what is known of the jobs of one call.
type Schedule struct {
	jobs []entry
	free []Job // numbers of jobs that are gone
	head heap  // to be asked before any other, by when that became known
	own  heap  // polled one by one, by when they are due
	list list  // what is left to the list
}

// entry is what is kept of a job: little, since there may be a million.
type entry struct {
	due   time.Duration
	place int32  // in its heap
	seen  uint32 // the last sweep of the list during which it is known to have run
	state state
	blind bool // its last GET led nowhere: no hint counts until the list shows it running
	hint  bool // at the head on the list's word alone
	again bool // its last GET was refused by a 429, and put at the head once
}

// state says where a job stands between two questions.
type state uint8

const (
	gone   state = iota // not waited for
	listed              // left to the list
	own                 // polled on its own
	head                // to be asked before any other: ended as far as is known, refused, or to be audited
	asked               // its GET is under way
)

// New returns an empty Schedule, which uses the list only if it may.
func New(useList bool) *Schedule {
	s := &Schedule{list: newList(useList)}
	s.head.jobs, s.own.jobs = &s.jobs, &s.jobs
	return s
}

// Next is the decision: what to ask now, or else when to look again. Lead is how
// many requests go out before the answer to one that is sent now comes in.
//
// Only a GET ends a wait. Those of jobs known to have ended surely do: they are
// the head, and to serve it without a pause is what no schedule can beat. A page
// of the list stands for a thousand polls, so it is the next question when more
// jobs wait than it has pages. It goes out when the head will have run dry by the
// time of its answer; earlier, it would only delay the head, and later, there
// would be nothing to ask meanwhile. What the list cannot tell is polled when due.
// Where the gap between two sweeps is shorter than that between two requests, the
// two take turns, or nothing else would ever be asked.
func (s *Schedule) Next(now time.Duration, lead int) (Ask, time.Duration) {
	if s.list.held > 0 && !(s.listWorks(now) && s.listWorthwhile()) {
		s.unlist()
	}
	page := s.nextPage()
	first, since := s.head.first()
	polled, due := s.own.first()
	switch {
	case page <= now && s.head.Len() <= lead && (due > now || s.list.reading || !s.list.justAsked):
		return Ask{Kind: Page, Page: s.list.page}, now
	case since != Never:
		return Ask{Kind: Get, Job: first}, now
	case due <= now:
		return Ask{Kind: Get, Job: polled}, now
	default:
		return Ask{}, min(page, due, s.patienceEnds())
	}
}

// Sent tells that the request that Next named is on its way.
func (s *Schedule) Sent(ask Ask, now time.Duration) {
	switch ask.Kind {
	case Get:
		s.move(ask.Job, asked, now)
		s.list.justAsked = false
	case Page:
		s.list.send(now)
	}
}

// Refused tells that a request was turned away unanswered, by a 429: the same
// question goes to the head. Refused again, it waits for its turn among the
// others: a server may have something against this one question, and must not
// get to hear no other.
func (s *Schedule) Refused(ask Ask, now time.Duration) {
	if ask.Kind == Page {
		s.pageRefused(now)
		return
	}
	e := &s.jobs[ask.Job]
	switch {
	case e.state != asked:
	case e.again:
		s.move(ask.Job, own, now)
	default:
		e.again = true
		s.move(ask.Job, head, 0)
	}
}

// Asked reports whether the job's GET is under way.
func (s *Schedule) Asked(job Job) bool { return s.jobs[job].state == asked }

// Grow makes room for n more jobs.
func (s *Schedule) Grow(n int) {
	s.jobs = slices.Grow(s.jobs, n)
}

// Add takes in a job, of which nothing is known, and returns its number.
func (s *Schedule) Add(now time.Duration) Job {
	// A sweep of the list that is under way may be past the new job's place.
	fresh := entry{seen: s.list.sweep}
	job := Job(len(s.jobs))
	if last := len(s.free) - 1; last >= 0 {
		job, s.free = s.free[last], s.free[:last]
		s.jobs[job] = fresh
	} else {
		s.jobs = append(s.jobs, fresh)
	}
	if s.listWorks(now) {
		s.move(job, listed, now)
		s.list.at = min(s.list.at, now+freshGap)
	} else {
		s.move(job, own, now)
	}
	return job
}

// Running tells that the job's own GET shows it running; it is next due at due.
func (s *Schedule) Running(job Job, now, due time.Duration) {
	s.jobs[job].seen = s.list.sweep
	hint := s.poll(job, due)
	if hint {
		s.missed(job, now)
	}
}

// Failed tells that the job's own GET failed; it is next due at due, whatever
// the list has to say of it: a server in trouble must not be asked the faster.
func (s *Schedule) Failed(job Job, due time.Duration) {
	s.poll(job, due)
	s.setBlind(job, true)
}

// poll leaves the job to its own due time, and reports whether it had been asked
// for on a hint.
func (s *Schedule) poll(job Job, due time.Duration) (hint bool) {
	e := &s.jobs[job]
	hint = e.hint
	e.hint, e.again = false, false
	s.move(job, own, due)
	return hint
}

// Ended tells that the job's own GET was its last: it is waited for no more, and
// its number is free.
func (s *Schedule) Ended(job Job) {
	if s.jobs[job].hint {
		s.list.vindicated()
	}
	s.Drop(job)
}

// Drop tells that the job is waited for no more, for a reason that says nothing
// about it. Its number is free.
func (s *Schedule) Drop(job Job) {
	s.setBlind(job, false)
	s.move(job, gone, 0)
	s.free = append(s.free, job)
}

// move takes the job from where it stands to where it goes next, due at due.
func (s *Schedule) move(job Job, to state, due time.Duration) {
	e := &s.jobs[job]
	switch e.state {
	case listed:
		s.list.held--
	case own:
		s.own.remove(job)
	case head:
		s.head.remove(job)
	}
	e.state, e.due = to, due
	switch to {
	case listed:
		s.list.held++
	case own:
		s.own.add(job)
	case head:
		s.head.add(job)
	}
}
