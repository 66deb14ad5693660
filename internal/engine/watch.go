package engine

import "time"

// CallOptions configure a call.
type CallOptions struct {
	Owner    any           // for the caller's use
	Deadline time.Duration // of the call's context; Never if it has none
}

// Open begins a call.
func (e *Engine) Open(now time.Duration, options CallOptions) *Call {
	if e.calls.open == 0 {
		// What was learned of the list before may not hold any more.
		e.list.Resume(now)
		e.audits.resume(now)
		e.cadence.Resume(now)
		e.stall.over(now)
		if e.config.NewBackoff != nil {
			e.pacing = e.newBackoff()
		}
	}
	return e.calls.add(options.Owner, options.Deadline)
}

func (e *Engine) newBackoff() Backoff {
	b := e.config.NewBackoff()
	b.Reset() // as its documentation asks before the first use
	return b
}

// Watch makes the call wait for a job. The slot is the caller's name for the wait,
// and comes back in its WaitEnd. It reports whether the call waits for this job
// already. If so, that wait gets the slot too.
func (e *Engine) Watch(now time.Duration, c *Call, key Key, slot int32) (again bool) {
	j, known := e.table.find(key)
	if known && c.watched {
		if w := e.table.waitOf(j, c.number); w != none {
			e.table.addSlot(w, slot)
			return true
		}
	}
	if !known {
		j = e.table.addJob(key, now)
		// A scan of the list that is under way may be past the new job's place.
		e.table.jobs.at(j).scan = e.list.Scan()
		e.influx.add(now)
	}
	if c.watched = true; c.live == 0 {
		c.pagesAt = Counts{Pages: e.stats.Pages, RateLimited: e.stats.pagesLimited}
	}
	c.live++
	e.youngest = now
	w := e.table.addWait(j, c.number, slot, now)
	if e.config.NewBackoff != nil {
		if e.backoffs == nil {
			e.backoffs = map[int32]Backoff{}
		}
		e.backoffs[w] = e.newBackoff()
	}
	if e.config.MaxWait != Never {
		e.compactDeadlines()
		e.deadlines.push(deadline{w, now})
	}
	if known {
		e.join(j, w, now)
	} else {
		e.begin(j, w, now)
	}
	if at, early := e.hints.find(key); early && now-at < rememberHint {
		e.Notify(now, key)
	}
	return false
}

// compactDeadlines drops the deadlines of waits that have ended, when they are most.
func (e *Engine) compactDeadlines() {
	if e.ending++; e.ending < max(1024, 2*e.table.live) {
		return
	}
	e.ending = 0
	var kept fifo[deadline]
	finals := 0
	for i := range e.deadlines.len() {
		d := e.deadlines.at(i)
		if wait := e.table.waits.at(d.wait); wait.job != none && wait.since == d.since {
			kept.push(*d)
			finals += int1(i < e.finals)
		}
	}
	e.deadlines, e.finals = kept, finals
}

// begin polls a new job at once, or leaves it to the list.
func (e *Engine) begin(j, w int32, now time.Duration) {
	e.table.waits.at(w).due = now
	if e.config.UseList {
		e.audits.compact(&e.table)
		e.audits.add(0, j, e.table.jobs.at(j).born, now)
	}
	if e.list.Works(now) && !e.calls.all[e.table.waits.at(w).call].finals {
		e.move(j, listed, now, now)
		e.list.Fresh(now, e.history.untold(0))
	} else {
		e.move(j, polled, now, now)
	}
}

// join adds a wait to a job that others wait for. The job's next poll is no later than it
// would be if the new wait were alone and had started at the last poll.
func (e *Engine) join(j, w int32, now time.Duration) {
	job := e.table.jobs.at(j)
	wait := e.table.waits.at(w)
	c := e.calls.all[wait.call]
	due := now
	if _, failing := e.failures[j]; failing && e.config.NewBackoff == nil {
		// No sooner than for the others: see repoll.
		due = e.dueAfter(wait, now, max(0, e.table.waits.at(wait.next).due-now))
	} else if job.attempt = 0; job.looked != Never && e.finalPollTime(wait) > now {
		due = max(now, job.looked+e.delays[0])
	}
	switch wait.due, wait.key = due, due; job.state {
	case listed:
		e.list.Fresh(now, e.history.untold(job.kind))
	case polled:
	default:
		wait.key = now
	}
	c.queues[job.state] = push(&e.table, c.queues[job.state], w)
	e.calls.stand(c, &e.table, now)
}
