package engine

import "time"

// A list may be behind, so the final poll before MaxWait or a call's deadline is a
// GET wherever those GETs fit: they begin as long before as they take.
const maxFinals = 30 * time.Second

// beginFinals takes the jobs out of the list's hands whose final polls begin. It
// reports whether there are more.
func (e *Engine) beginFinals(now time.Duration) (more bool) {
	for {
		c, at := e.calls.earliest(byFinals)
		if at > now {
			break
		}
		c.finals = true
		e.calls.stand(c, &e.table, now)
		if _, fit := finalsLead(c.live, e.config.Rate); !fit {
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
		if _, fit := finalsLead(e.idle, e.config.Rate); fit {
			e.beginFinal(d.wait, now)
		}
	}
	return true
}

// beginFinal has a job polled now, by itself, if it is left to the list. The job is due,
// and no more: its call stands in line like any other.
func (e *Engine) beginFinal(w int32, now time.Duration) {
	j := e.table.waits.at(w).job
	job := e.table.jobs.at(j)
	job.flags.set(final, true)
	if job.state == listed {
		e.rest(j, now)
	}
}

// nextMaxWaitFinals is when the next final poll before MaxWait begins.
func (e *Engine) nextMaxWaitFinals() time.Duration {
	if e.finals >= e.deadlines.len() {
		return Never
	}
	lead, fit := finalsLead(e.idle, e.config.Rate)
	if !fit {
		lead = finalPoll
	}
	return e.deadlines.at(e.finals).since + e.config.MaxWait - min(lead, e.config.MaxWait/2)
}

// nextFinals is when final polls begin next.
func (e *Engine) nextFinals() time.Duration {
	_, at := e.calls.earliest(byFinals)
	return min(at, e.nextMaxWaitFinals())
}
