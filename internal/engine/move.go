package engine

import (
	"slices"
	"time"
)

// finalPoll is how long before MaxWait, or the deadline of its call, a job is
// polled once more, so that one that has ended by then is not given up: time for
// the list and the GETs that follow from it. Those that take longer begin earlier: see
// finalsLead.
const finalPoll = 2 * time.Second

// lastPoll is how long before the end a job that the final poll shows running is
// polled again.
const lastPoll = finalPoll / 4

// finalPollTime is when a wait's job is polled for the last time.
func (e *Engine) finalPollTime(w *wait) time.Duration {
	end := e.calls.all[w.call].deadline
	if e.config.MaxWait != Never {
		end = min(end, w.since+e.config.MaxWait)
	}
	return end - finalPoll
}

// dueAfter is when a wait's job is polled after a delay. The delay must not skip
// its final poll.
func (e *Engine) dueAfter(w *wait, now, delay time.Duration) time.Duration {
	final := e.finalPollTime(w)
	if final <= now && e.config.NewBackoff == nil {
		final += finalPoll - lastPoll
	}
	if final > now {
		return min(now+delay, final)
	}
	return now + delay
}

// count takes the job out of, or into, the counts by state.
func (e *Engine) count(s state, n int) {
	switch s {
	case listed, polled:
		e.idle += n
	case urgent:
		e.urgent += n
	}
}

// move takes a job, and its waits, to another state. Waits that are polled or
// left to the list stand by their own due times, all others by at.
func (e *Engine) move(j int32, to state, at, now time.Duration) {
	job := e.table.jobs.at(j)
	from := job.state
	e.count(from, -1)
	e.count(to, 1)
	job.state = to
	for w := job.first; w != none; {
		wait := e.table.waits.at(w)
		c := e.calls.all[wait.call]
		switch {
		case from == listed && to == listed && wait.due >= wait.key:
			// It keeps its place: see table.due.
		default:
			if wait.place != none {
				c.queues[from] = remove(&e.table, c.queues[from], int(wait.place))
			}
			if wait.key = at; to == listed || to == polled {
				wait.key = wait.due
			}
			c.queues[to] = push(&e.table, c.queues[to], w)
			e.calls.stand(c, &e.table, now)
		}
		w = wait.next
	}
}

// setUnshown says whether hints about the job are ignored.
func (e *Engine) setUnshown(j int32, on bool) {
	job := e.table.jobs.at(j)
	if job.flags.has(unshown) != on {
		job.flags.set(unshown, on)
		e.unshown += 2*int1(on) - 1
	}
}

// hint makes a job urgent, if hints about it count.
func (e *Engine) hint(j int32, now time.Duration) {
	job := e.table.jobs.at(j)
	if job.flags.has(unshown) || job.state != listed && job.state != polled {
		return
	}
	e.list.News()
	job.flags.set(hinted, true)
	e.endSighted(job, now)
	e.move(j, urgent, now, now)
}

// release ends one wait: it leaves its queue, its call and its job.
func (e *Engine) release(w int32, now time.Duration) WaitEnd {
	wait := e.table.waits.at(w)
	job := e.table.jobs.at(wait.job)
	c := e.calls.all[wait.call]
	end := WaitEnd{
		Call: c, Slot: wait.slot, Since: wait.since, Now: now,
		Polls: int(job.polls - wait.polls),
		Fails: int(job.failed - max(wait.fails, job.good)),
		Seen:  job.flags.has(seen),
	}
	for more := wait.more; more != none; more = e.table.slots.at(more).next {
		end.More = append(end.More, e.table.slots.at(more).slot)
	}
	if wait.place != none {
		c.queues[job.state] = remove(&e.table, c.queues[job.state], int(wait.place))
	}
	delete(e.backoffs, w)
	job.flags.set(final, false)
	e.table.dropWait(w)
	if c.live--; c.live == 0 {
		c.counts.Pages += e.stats.Pages - c.pagesAt.Pages
		c.counts.RateLimited += e.stats.pagesLimited - c.pagesAt.RateLimited
	}
	e.calls.stand(c, &e.table, now)
	return end
}

// dropJob forgets a job that nobody waits for.
func (e *Engine) dropJob(j int32) {
	e.setUnshown(j, false)
	e.count(e.table.jobs.at(j).state, -1)
	delete(e.failures, j)
	e.table.dropJob(j)
}

// end ends every wait for a job.
func (e *Engine) end(j int32, now time.Duration, reason Reason, value any) {
	job := e.table.jobs.at(j)
	end := End{Key: job.key, Reason: reason, Value: value, Last: true, Looked: job.looked}
	for job.first != none {
		end.Waits = append(end.Waits, e.release(job.first, now))
	}
	slices.Reverse(end.Waits) // the job has its youngest wait first
	e.dropJob(j)
	e.out.Ends = append(e.out.Ends, end)
}

// endSome ends some waits for a job, for a reason of their own.
func (e *Engine) endSome(j int32, waits []int32, now time.Duration, reason Reason, value any) {
	if len(waits) == 0 {
		return
	}
	job := e.table.jobs.at(j)
	end := End{Key: job.key, Reason: reason, Value: value, Looked: job.looked}
	for _, w := range waits {
		end.Waits = append(end.Waits, e.release(w, now))
	}
	slices.Reverse(end.Waits)
	if job.first == none {
		end.Last = true
		e.dropJob(j)
	}
	e.out.Ends = append(e.out.Ends, end)
}

// repoll leaves a job to its own due times, or to the list, after delays that are
// the waits' own and no shorter than least.
func (e *Engine) repoll(j int32, to state, now, least time.Duration, value any) {
	job := e.table.jobs.at(j)
	var stopped []int32
	if e.config.NewBackoff == nil {
		// The delay of the youngest wait, which is the shortest. After a failure, it is
		// the oldest wait's delay. Otherwise calls that keep coming would make GETs to a
		// server in trouble faster, and the job would be given up sooner.
		var delay time.Duration
		if _, failing := e.failures[j]; failing {
			since := Never
			for w := job.first; w != none; w = e.table.waits.at(w).next {
				since = e.table.waits.at(w).since
			}
			delay = e.delays.delay(&job.attempt, now-since)
		} else if to == listed {
			delay = e.lookWithoutList(now, job)
		} else {
			delay = e.lookAfter(now, job)
		}
		delay = max(delay, least)
		for w := job.first; w != none; w = e.table.waits.at(w).next {
			wait := e.table.waits.at(w)
			wait.due = e.dueAfter(wait, now, delay)
		}
	} else {
		for w := job.first; w != none; w = e.table.waits.at(w).next {
			delay := e.backoffs[w].NextBackOff()
			if delay < 0 {
				stopped = append(stopped, w)
				continue
			}
			wait := e.table.waits.at(w)
			wait.due = e.dueAfter(wait, now, max(min(delay, maxDelay), least))
		}
	}
	e.move(j, to, now, now)
	e.endSome(j, stopped, now, BackoffStopped, value)
}

// rest leaves a job to be polled in its turn, now.
func (e *Engine) rest(j int32, now time.Duration) {
	job := e.table.jobs.at(j)
	for w := job.first; w != none; w = e.table.waits.at(w).next {
		e.table.waits.at(w).due = now
	}
	e.move(j, polled, now, now)
}

// putOff has a job polled at a time, unless its final poll is earlier. An own Backoff may
// have it polled earlier, too.
func (e *Engine) putOff(j int32, at, now time.Duration) {
	if e.config.NewBackoff != nil {
		e.pollSoon(j, at, now)
		return
	}
	for w := e.table.jobs.at(j).first; w != none; w = e.table.waits.at(w).next {
		wait := e.table.waits.at(w)
		wait.due = e.dueAfter(wait, now, at-now)
	}
	e.move(j, polled, now, now)
}

// pollSoon polls a job in state polled at the given time, or earlier.
func (e *Engine) pollSoon(j int32, at, now time.Duration) {
	for w := e.table.jobs.at(j).first; w != none; w = e.table.waits.at(w).next {
		wait := e.table.waits.at(w)
		wait.due = min(wait.due, at)
	}
	e.move(j, polled, now, now)
}
