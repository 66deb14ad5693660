package engine

import (
	"fmt"
	"time"
)

// recount compares everything that the Engine counts, or keeps in order, with the
// jobs and waits themselves. It returns what does not agree. It is called after a
// Ready.
func (e *Engine) recount(now time.Duration) error {
	for _, check := range []func(time.Duration) error{
		e.recountJobs, e.recountCalls, e.recountLine, e.recountHeaps, e.recountRequests,
	} {
		if err := check(now); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) recountJobs(time.Duration) error {
	var idle, urgents, unshowns, live, waits int
	for j := range e.table.jobs.len() {
		job := e.table.jobs.at(j)
		if job.state == gone {
			continue
		}
		live++
		idle += int1(job.state == listed || job.state == polled)
		urgents += int1(job.state == urgent)
		unshowns += int1(job.flags.has(unshown))
		if found, ok := e.table.find(job.key); job.flags.has(detached) == (ok && found == j) {
			return fmt.Errorf("job %d is detached or in the index, and not one of both: %+v", j, *job)
		}
		if job.flags.has(detached) != (job.state == dying) {
			return fmt.Errorf("job %d is detached but not dying, or the reverse: %+v", j, *job)
		}
		if job.first == none {
			return fmt.Errorf("job %d has no waits: %+v", j, *job)
		}
		prev := none
		for w := job.first; w != none; w = e.table.waits.at(w).next {
			wait := e.table.waits.at(w)
			waits++
			if wait.job != j || wait.prev != prev {
				return fmt.Errorf("wait %d is not linked: %+v", w, *wait)
			}
			queue := e.calls.all[wait.call].queues[job.state]
			if wait.place < 0 || int(wait.place) >= len(queue) || queue[wait.place] != w {
				return fmt.Errorf("wait %d is not in its place in the queue of state %d: %+v", w, job.state, *wait)
			}
			if _, own := e.backoffs[w]; own != (e.config.NewBackoff != nil) {
				return fmt.Errorf("wait %d has a backoff: %v", w, own)
			}
			prev = w
		}
	}
	if idle != e.idle || urgents != e.urgent || unshowns != e.unshown || live != e.table.live {
		return fmt.Errorf("idle %d, urgent %d, unshown %d, live %d; counted %d, %d, %d, %d",
			e.idle, e.urgent, e.unshown, e.table.live, idle, urgents, unshowns, live)
	}
	if n := int(e.table.jobs.len()) - len(e.table.jobs.free); n != live {
		return fmt.Errorf("%d jobs are not free, %d live", n, live)
	}
	if n := int(e.table.waits.len()) - len(e.table.waits.free); n != waits {
		return fmt.Errorf("%d waits are not free, %d are linked", n, waits)
	}
	if len(e.backoffs) > waits {
		return fmt.Errorf("%d backoffs of %d waits", len(e.backoffs), waits)
	}
	for j := range e.failures {
		if e.table.jobs.at(j).state == gone {
			return fmt.Errorf("a failure of job %d, which is gone", j)
		}
	}
	return nil
}

func (e *Engine) recountCalls(time.Duration) error {
	var open, waitings, needies, knowings, pollers, held int
	for n, c := range e.calls.all {
		if c == nil {
			continue
		}
		open++
		live := 0
		for s, queue := range c.queues {
			live += len(queue)
			for place, w := range queue {
				if parent := (place - 1) / 2; place > 0 && e.table.before(w, queue[parent]) {
					return fmt.Errorf("call %d: the queue of state %d is out of order", n, s)
				}
				if wait := e.table.waits.at(w); int(wait.call) != n || e.table.jobs.at(wait.job).state != state(s) {
					return fmt.Errorf("call %d: its queue of state %d holds another's wait: %+v", n, s, *wait)
				}
			}
		}
		waiting := c.active() && len(c.queues[listed])+len(c.queues[polled]) > 0
		knowing := c.active() && len(c.queues[urgent]) > 0
		needy := waiting && !knowing
		if live != c.live || waiting != c.waiting || knowing != c.knowing || needy != c.needy || int(c.number) != n {
			return fmt.Errorf("call %d: live %d, waiting %v, knowing %v, needy %v; it is %+v", n, live, waiting, knowing, needy, *c)
		}
		waitings += int1(waiting)
		needies += int1(needy)
		knowings += int1(knowing)
		pollers += int1(needy && c.inLine)
		if !c.active() {
			held += len(c.queues[urgent])
		}
	}
	s := &e.calls
	if open != s.open || waitings != s.waiting || needies != s.needy || knowings != s.knowing || pollers != s.pollers || held != s.held {
		return fmt.Errorf("open %d, waiting %d, needy %d, knowing %d, pollers %d, held %d; counted %d, %d, %d, %d, %d, %d",
			s.open, s.waiting, s.needy, s.knowing, s.pollers, s.held, open, waitings, needies, knowings, pollers, held)
	}
	return nil
}

func (e *Engine) recountLine(now time.Duration) error {
	inLine := map[*Call]bool{}
	for ending, l := range map[bool]*line{false: &e.calls.lines.usual, true: &e.calls.lines.ending} {
		var prev *Call
		for c := l.first; c != nil; prev, c = c, c.next {
			if c.prev != prev || !c.inLine || c.ending != ending || inLine[c] || e.calls.all[c.number] != c {
				return fmt.Errorf("the line is broken at call %d", c.number)
			}
			inLine[c] = true
		}
		if l.last != prev {
			return fmt.Errorf("the last in line is another than the end of the line")
		}
	}
	for n, c := range e.calls.all {
		switch {
		case c == nil:
		case c.inLine != inLine[c]:
			return fmt.Errorf("call %d is in line: %v", n, c.inLine)
		case c.inLine && !c.active():
			return fmt.Errorf("call %d is in line, though nothing may be asked for it", n)
		case c.active() && !c.inLine && (len(c.queues[urgent]) > 0 || e.earliestOf(c.queues[polled]) <= now):
			return fmt.Errorf("call %d has something to ask, and is not in line", n)
		}
	}
	return nil
}

// earliestOf is table.due, without its side effects.
func (e *Engine) earliestOf(queue []int32) time.Duration {
	earliest := Never
	for _, w := range queue {
		earliest = min(earliest, e.table.waits.at(w).due)
	}
	return earliest
}

func (e *Engine) recountHeaps(time.Duration) error {
	for which, heap := range e.calls.heaps {
		for place, c := range heap {
			if e.calls.all[c.number] != c || int(c.place[which]) != place || c.at[which] == Never {
				return fmt.Errorf("heap %d: call %d is not in its place", which, c.number)
			}
			if parent := (place - 1) / 2; place > 0 && c.at[which] < heap[parent].at[which] {
				return fmt.Errorf("heap %d is out of order", which)
			}
		}
	}
	for n, c := range e.calls.all {
		if c == nil {
			continue
		}
		polls, lists, deadline := Never, Never, c.deadline
		if c.active() && !c.inLine {
			polls, lists = e.earliestOf(c.queues[polled]), e.earliestOf(c.queues[listed])
		}
		if c.leaving {
			deadline = Never
		}
		// The list puts off a thousand jobs at once, so byListed may be early.
		if c.at[byPolled] != polls || c.at[byDeadline] != deadline || c.at[byListed] > lists || (c.at[byListed] == Never) != (lists == Never) || c.at[byFinals] != e.calls.finalsAt(c) {
			return fmt.Errorf("call %d is in the heaps at %v, want %v", n, c.at, []time.Duration{polls, lists, deadline})
		}
		for which := range c.at {
			if in := c.place[which] != none; in != (c.at[which] != Never) {
				return fmt.Errorf("call %d has the place %d in heap %d at %v", n, c.place[which], which, c.at[which])
			}
		}
	}
	return nil
}

func (e *Engine) recountRequests(time.Duration) error {
	if e.under != len(e.requests) || e.under > e.config.MaxInFlight {
		return fmt.Errorf("%d requests under way, of %d that may be; counted %d", e.under, e.config.MaxInFlight, len(e.requests))
	}
	gets, pages := 0, 0
	for id, r := range e.requests {
		if r.kind == Page {
			pages++
			continue
		}
		gets++
		if job := e.table.jobs.at(r.job); job.request != id || job.state != inFlight && job.state != dying {
			return fmt.Errorf("request %d is not that of its job %+v", id, *job)
		}
	}
	for j := range e.table.jobs.len() {
		if job := e.table.jobs.at(j); job.state == inFlight || job.state == dying {
			gets--
			if e.requests[job.request] == nil {
				return fmt.Errorf("job %d is under way without a request: %+v", j, *job)
			}
		}
	}
	if gets != 0 || pages > 1 {
		return fmt.Errorf("%d GETs without a job; %d pages under way", gets, pages)
	}
	for i := 1; i < len(e.fading); i++ {
		if e.fading[i].until < e.fading[i-1].until {
			return fmt.Errorf("aborted requests are out of order")
		}
	}
	own := 0
	for _, t := range e.own.line {
		own += int1(t != 0)
	}
	if own != e.own.live {
		return fmt.Errorf("%d own requests wait, counted %d", e.own.live, own)
	}
	if r := &e.refusal; r.asking != 0 && e.requests[r.asking] == nil {
		return fmt.Errorf("the probe %d is not under way", r.asking)
	}
	return nil
}
