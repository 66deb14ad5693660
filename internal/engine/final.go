package engine

import "time"

// A list may be behind, so the final poll before MaxWait or a call's deadline is a
// GET wherever those GETs fit: they begin as long before as they take.
const maxFinals = 30 * time.Second

// finalsLead is how long before its end the final polls of so many waits begin,
// and whether they fit.
func (e *Engine) finalsLead(waits int) (lead time.Duration, fit bool) {
	take := time.Duration(float64(waits) / e.limiter.Configured() * float64(time.Second))
	return finalPoll + take, take <= maxFinals
}

// beginFinals takes the jobs out of the list's hands whose final polls begin. It
// reports whether there are more.
func (e *Engine) beginFinals(now time.Duration) (more bool) {
	for _, c := range e.calls.heaps[byDeadline] {
		if c.finals || e.callFinals(c) > now {
			continue
		}
		c.finals = true
		if _, fit := e.finalsLead(c.live); !fit {
			continue
		}
		for _, w := range append([]int32(nil), c.queues[listed]...) {
			e.beginFinal(w, now)
		}
	}
	for range pageSize {
		if e.nextMaxWaitFinals() > now {
			return false
		}
		d := e.deadlines.at(e.finals)
		e.finals++
		wait := e.table.waits.at(d.wait)
		if wait.job == none || wait.since != d.since {
			continue
		}
		if _, fit := e.finalsLead(e.idle); fit {
			e.beginFinal(d.wait, now)
		}
	}
	return true
}

// beginFinal has a job polled now, by itself, if it is left to the list.
func (e *Engine) beginFinal(w int32, now time.Duration) {
	j := e.table.waits.at(w).job
	job := e.table.jobs.at(j)
	job.flags.set(final, true)
	if job.state == listed {
		e.rest(j, now)
	}
}

// callFinals is when the final polls of a call begin.
func (e *Engine) callFinals(c *Call) time.Duration {
	if c.finals || c.live == 0 {
		return Never
	}
	lead, fit := e.finalsLead(c.live)
	if !fit {
		lead = finalPoll
	}
	return c.deadline - lead
}

// nextMaxWaitFinals is when the next final poll before MaxWait begins.
func (e *Engine) nextMaxWaitFinals() time.Duration {
	if e.finals >= e.deadlines.len() {
		return Never
	}
	lead, fit := e.finalsLead(e.idle)
	if !fit {
		lead = finalPoll
	}
	return e.deadlines.at(e.finals).since + e.config.MaxWait - min(lead, e.config.MaxWait/2)
}

// nextFinals is when final polls begin next.
func (e *Engine) nextFinals() time.Duration {
	at := e.nextMaxWaitFinals()
	for _, c := range e.calls.heaps[byDeadline] {
		at = min(at, e.callFinals(c))
	}
	return at
}
