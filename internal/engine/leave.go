package engine

import "time"

// graceful is how long the answer to an aborted request still counts: it may
// have been on its way.
const graceful = 400 * time.Millisecond

// fading is an aborted request.
type fading struct {
	id    RequestID
	until time.Duration
}

// deadline is when MaxWait ends a wait. MaxWait is the same for all, so they are
// in the order of time.
type deadline struct {
	wait  int32
	since time.Duration
}

// lastToLeave reports whether nobody else waits for the wait's job.
func (e *Engine) lastToLeave(w int32) bool {
	job := e.table.jobs.at(e.table.waits.at(w).job)
	for other := job.first; other != none; other = e.table.waits.at(other).next {
		if other != w && !e.calls.all[e.table.waits.at(other).call].leaving {
			return false
		}
	}
	return true
}

// fade aborts the request of a job that nobody waits for any more. From now on
// the job is out of the index: a new wait for it never joins a dying request.
func (e *Engine) fade(j int32, now time.Duration, reason Reason) {
	job := e.table.jobs.at(j)
	if job.state != inFlight {
		return
	}
	e.requests[job.request].reason = reason
	e.out.Aborts = append(e.out.Aborts, job.request)
	e.fading = append(e.fading, fading{job.request, now + graceful})
	e.table.detach(j)
	e.move(j, dying, now, now)
}

// expire ends the waits whose MaxWait has passed, some thousands at once. It
// reports whether there are more.
func (e *Engine) expire(now time.Duration) (more bool) {
	for range pageSize {
		if e.deadlines.len() == 0 || e.deadlines.at(0).since+e.config.MaxWait > now {
			return false
		}
		due := *e.deadlines.at(0)
		e.deadlines.pop()
		e.finals = max(e.finals-1, 0)
		// The wait may have ended, and its number be another's by now.
		wait := e.table.waits.at(due.wait)
		if wait.job == none || wait.since != due.since {
			continue
		}
		job := e.table.jobs.at(wait.job)
		switch {
		case job.state == dying:
		case job.state == inFlight && e.lastToLeave(due.wait):
			e.fade(wait.job, now, MaxWaitPassed)
		default:
			e.endSome(wait.job, []int32{due.wait}, now, MaxWaitPassed, e.failures[wait.job].value)
		}
	}
	return true
}

// forget ends the waits for aborted requests whose answers have not come in
// time. Their places are free, also where a Source holds on to them.
func (e *Engine) forget(now time.Duration) {
	for len(e.fading) > 0 && e.fading[0].until <= now {
		id := e.fading[0].id
		e.fading = e.fading[1:]
		if r := e.requests[id]; r != nil {
			e.drop(now, id)
			if r.kind == Get {
				e.end(r.job, now, r.reason, e.failures[r.job].value)
			}
		}
	}
	if len(e.fading) == 0 {
		e.fading = nil
	}
}

// drop forgets a request. A late answer to it is ignored.
func (e *Engine) drop(now time.Duration, id RequestID) {
	if id == e.refusal.asking {
		e.refusal.again(now)
	}
	delete(e.requests, id)
	e.under--
}

// Cancel ends a call: no more requests are sent for it. Drain then gives up its waits,
// except for those whose aborted request may still be answered. Those end
// in a Ready, within 400 ms.
func (e *Engine) Cancel(now time.Duration, c *Call) {
	if c.leaving {
		return
	}
	c.leaving = true
	for _, w := range append([]int32(nil), c.queues[inFlight]...) {
		wait := e.table.waits.at(w)
		if wait.place != none && e.table.jobs.at(wait.job).state == inFlight && e.lastToLeave(w) {
			e.fade(wait.job, now, CallEnded)
		}
	}
	e.calls.stand(c, &e.table, now)
}

// Drain gives up as many waits of a call as the buffer holds, and returns how
// many. It cancels the call, if that has yet to be done. Where it returns none, the
// call's other waits end in a Ready.
func (e *Engine) Drain(now time.Duration, c *Call, buffer []WaitEnd) (n int) {
	e.Cancel(now, c)
	for s := listed; s <= inFlight; s++ {
		for n < len(buffer) && len(c.queues[s]) > 0 {
			w := c.queues[s][len(c.queues[s])-1]
			j := e.table.waits.at(w).job
			last := e.failures[j].value
			buffer[n] = e.release(w, now)
			buffer[n].Value = last
			n++
			if e.table.jobs.at(j).first == none {
				e.dropJob(j)
			}
		}
	}
	return n
}

// Live is how many waits of the call have not ended.
func (e *Engine) Live(c *Call) int { return c.live }

// Pause says whether the call's consumer is too slow. If so, its jobs are not
// polled, unless another call waits for them too.
func (e *Engine) Pause(now time.Duration, c *Call, on bool) {
	c.paused = on
	e.calls.stand(c, &e.table, now)
}

// Close forgets a call whose waits have all ended. With the last one, what is
// under way is aborted and storage is freed, but for what was learned.
func (e *Engine) Close(now time.Duration, c *Call) {
	c.leaving = true
	e.calls.stand(c, &e.table, now)
	e.calls.drop(c)
	if e.calls.open > 0 {
		return
	}
	for id, r := range e.requests {
		if r.kind == Page {
			e.list.Abandoned(now)
		}
		e.out.Aborts = append(e.out.Aborts, id)
	}
	e.requests, e.failures, e.backoffs = map[RequestID]*request{}, map[int32]failure{}, nil
	e.table, e.calls = table{}, calls{opened: e.calls.opened, rate: e.calls.rate}
	e.deadlines, e.finals, e.audits = fifo[deadline]{}, 0, audits{}
	e.fading, e.passes, e.audited, e.refusal.active = nil, [passKinds]pass{}, 0, false
	e.outage = outage{}
	e.under, e.idle, e.urgent, e.unshown, e.trouble = 0, 0, 0, 0, 0
}
