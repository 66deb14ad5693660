package engine

import "time"

// Item is a job as a page of the list shows it.
type Item struct {
	Key     Key
	Running bool
	Kind    JobKind
	Age     time.Duration // since the job was created; 0 if unknown
}

// passSize is how many jobs a pass looks at in one Ready.
const passSize = 8192

// pass is a look at all jobs, in pieces.
type pass struct {
	active bool
	next   int32
}

// The passes.
const (
	unseenPass = iota // jobs that a whole scan has not shown get a hint
	dropPass          // hints are dropped
	outagePass        // waits that an outage has outlasted end
	wakePass          // all jobs become due
	passKinds
)

// step calls f for some jobs, and reports whether the pass is complete with them.
func (e *Engine) step(p *pass, f func(j int32, job *job)) (complete bool) {
	end := min(p.next+passSize, e.table.jobs.len())
	for ; p.next < end; p.next++ {
		if job := e.table.jobs.at(p.next); job.state != gone {
			f(p.next, job)
		}
	}
	if p.next < e.table.jobs.len() {
		return false
	}
	*p = pass{}
	return true
}

// runPasses continues the passes. It reports whether there is more to do.
func (e *Engine) runPasses(now time.Duration) (more bool) {
	if p := &e.passes[dropPass]; p.active {
		e.step(p, func(j int32, job *job) {
			if job.state != urgent || !job.flags.has(hinted) {
				return
			}
			job.flags.set(hinted, false)
			e.setUnshown(j, true)
			for w := job.first; w != none; w = e.table.waits.at(w).next {
				e.table.waits.at(w).due = now
			}
			e.move(j, polled, now, now)
		})
	}
	if p := &e.passes[unseenPass]; p.active {
		if e.step(p, func(j int32, job *job) {
			if job.scan != e.list.Scan() {
				e.hint(j, now)
			}
		}) {
			e.scanDone(now)
		}
	}
	if p := &e.passes[outagePass]; p.active {
		e.step(p, func(j int32, _ *job) { e.endOutlasted(j, now) })
	}
	if p := &e.passes[wakePass]; p.active {
		e.step(p, func(j int32, job *job) {
			if job.state == listed || job.state == polled {
				for w := job.first; w != none; w = e.table.waits.at(w).next {
					wait := e.table.waits.at(w)
					wait.due = min(wait.due, now)
				}
				e.move(j, job.state, now, now)
			}
		})
	}
	for _, p := range e.passes {
		more = more || p.active
	}
	return more
}

// Woke makes every job be polled once, or the list be read for them, because the machine has
// been asleep and most jobs may have ended. The time asleep does not count.
func (e *Engine) Woke(now time.Duration) {
	e.passes[wakePass] = pass{active: true}
	e.list.DueBy(now)
	e.outage.next = min(e.outage.next, now)
}

// endOutlasted ends the waits of a job that an outage has outlasted.
func (e *Engine) endOutlasted(j int32, now time.Duration) {
	job := e.table.jobs.at(j)
	if e.outage.count == 0 || job.state == inFlight || job.state == dying {
		return
	}
	limit := e.lastsTo
	if e.outage.hopeless {
		limit = min(limit, hopelessLimit)
	}
	var outlasted []int32
	for w := job.first; w != none; w = e.table.waits.at(w).next {
		if now-max(e.table.waits.at(w).since, e.outage.since) >= limit {
			outlasted = append(outlasted, w)
		}
	}
	if n := len(e.out.Ends); len(outlasted) > 0 {
		e.endSome(j, outlasted, now, OutageLasted, e.outage.value)
		e.out.Ends[n].For = now - e.outage.since
	}
}

func (e *Engine) scanDone(now time.Duration) {
	gap := min(e.listGap(now), e.untilFinalPoll(now))
	if e.list.ScanDone(now, gap, e.demand()) {
		e.audit(now)
	}
}

// listGap is how long until the list is worth reading again. An own Backoff
// paces it as it does a job, and starts over with every news.
func (e *Engine) listGap(now time.Duration) time.Duration {
	if e.pacing == nil {
		ends := e.list.Ends() + e.notices.ends
		e.notices.ends = 0
		return e.cadence.Next(now, ends, e.outlook(now))
	}
	if e.list.Ends() > 0 {
		e.pacing.Reset()
	}
	gap := e.pacing.NextBackOff()
	if gap < 0 {
		e.list.Stop()
	}
	return min(max(gap, 0), maxDelay)
}

// untilFinalPoll is the time until the list is worth reading because waits run out of
// time: until the first final poll that has not begun.
func (e *Engine) untilFinalPoll(now time.Duration) time.Duration {
	until := maxDelay
	for _, c := range e.calls.heaps[byDeadline] {
		if final := c.deadline - finalPoll; final > now {
			until = min(until, final-now)
		}
	}
	if e.config.MaxWait == Never {
		return until
	}
	// The first whose final poll is yet to come: a search, since there may be a
	// million.
	low, high := 0, e.deadlines.len()
	for low < high {
		middle := (low + high) / 2
		if e.deadlines.at(middle).since+e.config.MaxWait-finalPoll <= now {
			low = middle + 1
		} else {
			high = middle
		}
	}
	for i := range e.deadlines.len() - low {
		d := e.deadlines.at(low + i)
		if wait := e.table.waits.at(d.wait); wait.job != none && wait.since == d.since {
			// Jobs that came one after another share a page, rather than one each.
			return min(until, max(d.since+e.config.MaxWait-finalPoll-now, finalPoll/2))
		}
	}
	return until
}

// audit makes one of the jobs that the list shows running urgent, unless one was audited
// recently.
func (e *Engine) audit(now time.Duration) {
	if e.audits.last > 0 && now-e.audits.last < 2*firstAudit {
		return
	}
	n := e.table.jobs.len()
	for range min(n, passSize) {
		j := e.audited % n
		e.audited = j + 1
		if e.table.jobs.at(j).state == listed {
			e.move(j, urgent, now, now)
			return
		}
	}
}

// respondPage handles a page of the list, which is only a hint.
func (e *Engine) respondPage(now time.Duration, r *request, a *Answer) {
	switch {
	case a.Outcome == RateLimited:
		e.list.Refused(now)
		return
	case a.Gone && r.page == 1: // a later page may just be past the end by now
		e.note(Note{Kind: ListGone, Value: a.Value})
		e.list.Gone(now)
		return
	case a.Outcome != Running:
		e.list.Failed(now, a.RetryAfter)
		return
	}
	e.refusal.worked = true
	for i := range a.Items {
		e.respondItem(now, r, &a.Items[i])
	}
	var complete bool
	if a.Open {
		// A server without paging returns the same page again.
		if len(a.Items) > 0 {
			a.More = a.More && (r.page == 1 || a.Items[0].Key != e.pageHead)
			e.pageHead = a.Items[0].Key
		}
		complete = e.list.OpenPageRead(now, a.More, len(a.Items) == 0, e.demand())
	} else {
		complete = e.list.PageRead(now, a.Pages, e.demand())
	}
	if complete {
		e.passes[unseenPass] = pass{active: true}
		e.audits.scanned(e.list.Agrees)
	}
}

func (e *Engine) respondItem(now time.Duration, r *request, item *Item) {
	j, waited := e.table.find(item.Key)
	switch {
	case !waited && item.Running:
		if at, over := e.ended.find(item.Key); over {
			_, again := e.stuck.find(item.Key)
			if e.list.ShownOutdated(at, again) && !again {
				e.stuck.add(item.Key, now)
			}
		}
	case !waited:
	case !item.Running:
		e.hint(j, now)
	default:
		e.shownRunning(now, r, j, item)
	}
}

// shownRunning records that the list shows the job running, which counts as its
// poll.
func (e *Engine) shownRunning(now time.Duration, r *request, j int32, item *Item) {
	job := e.table.jobs.at(j)
	job.flags.set(seen, true)
	e.identify(job, &item.Kind, item.Age, now)
	if job.state == inFlight {
		return // the answer to its GET is more certain
	}
	again := job.scan == e.list.Scan()
	job.scan = e.list.Scan()
	e.list.ShownRunning()
	e.setUnshown(j, false)
	if again && e.config.NewBackoff != nil {
		return // twice on one page would be two of its Backoff's delays
	}
	if e.list.Stale() || job.flags.has(final) || job.state != listed && job.state != polled {
		return
	}
	e.learnRunning(j, r.sent)
	job.looked = r.sent
	job.attempt = 0
	if e.awaitsHint(job, now) {
		return
	}
	e.repoll(j, listed, now, 0, nil)
}
