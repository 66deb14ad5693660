package engine

import (
	"time"

	"github.com/edenwait/edenwait/internal/list"
	"github.com/edenwait/edenwait/internal/ratelimit"
)

// overdue is how long the list may wait for the GETs of jobs that are known to
// have ended, while another call waits for news.
const (
	overdue = time.Second
	// crowded is how many known ends per call make a crowd.
	crowded = 2
)

// Ready is what is to be done now: it belongs to the caller. It sends what the
// limit allows, and says when to look again.
func (e *Engine) Ready(now time.Duration) Ready {
	e.forget(now)
	more := e.expire(now)
	more = e.beginFinals(now) || more
	more = e.runPasses(now) || more
	wake := e.nearDeadline(now)
	e.giveUpPage(now) // which a deadline may have made late just now
	wake = min(wake, e.dispatch(now))
	wake = min(wake, e.nextFinals()) // the fewer are idle, the later
	if e.deadlines.len() > 0 {
		wake = min(wake, e.deadlines.at(0).since+e.config.MaxWait)
	}
	if len(e.fading) > 0 {
		wake = min(wake, e.fading[0].until)
	}
	out := e.out
	e.out = Ready{}
	out.WakeAt, out.More = wake, more
	return out
}

// dispatch sends requests while the limit allows, and returns when there is
// anything to look at again.
func (e *Engine) dispatch(now time.Duration) (wake time.Duration) {
	wake = Never
	for {
		e.enterDue(now)
		polls, at := e.choose(now)
		own := e.own.head()
		wantsPoll := polls.kind != nothing
		if !wantsPoll {
			wake = min(wake, at)
		}
		pollDelay, ownDelay := Never, Never
		if wantsPoll {
			pollDelay = e.limiter.Delay(now, ratelimit.Poll)
		}
		if own {
			ownDelay = e.limiter.Delay(now, ratelimit.Own)
		}
		switch {
		case own && ownDelay == 0 && (pollDelay > 0 || !e.own.turn):
			e.limiter.Take(now, ratelimit.Own)
			e.price.turns.add(now)
			e.stats.Own++
			e.out.Grants = append(e.out.Grants, e.own.pop())
		case pollDelay == 0:
			e.limiter.Take(now, ratelimit.Poll)
			e.price.turns.add(now)
			e.own.turn = false
			e.send(polls, now)
		default:
			if delay := min(pollDelay, ownDelay); delay != Never {
				wake = min(wake, now+delay)
			}
			return wake
		}
	}
}

// giveUpPage aborts a page that is late where it took the last place there was.
func (e *Engine) giveUpPage(now time.Duration) {
	if !e.list.Late(now) {
		return
	}
	for id, r := range e.requests {
		if r.kind == Page && r.last {
			e.drop(now, id)
			e.out.Aborts = append(e.out.Aborts, id)
			e.list.Failed(now, 0)
		}
	}
}

// choice is the request to send next.
type choice struct {
	kind choiceKind
	page int
	job  int32
	call *Call // whose turn it is; nil for an audit, a probe and a page
}

type choiceKind uint8

const (
	nothing choiceKind = iota
	getJob
	readPage
	probeKey
	auditJob
)

// choose decides which request to send now, or else when to decide again.
//
// Only a GET ends a wait. The GETs of jobs known to have ended are sure to, so they go
// first: no schedule beats sending them without a pause. A page of the list replaces a
// thousand polls, so it is next if more jobs wait than it has pages. It is sent just
// before the known ends run out: earlier, it would delay them, and later, there would
// be nothing to send until its answer. If one call has many known ends, the page for
// other calls is late by a second at most. A job that the list cannot show is polled when
// due. If the gap between two scans is shorter than the gap between two requests, pages
// and polls take turns.
//
// Whose job is asked for is decided by the lines of calls: see lines.
func (e *Engine) choose(now time.Duration) (choice, time.Duration) {
	if e.refusal.active {
		return e.chooseProbe(now)
	}
	if e.down() {
		return e.chooseInOutage(now)
	}
	free := e.config.MaxInFlight - e.under
	if free <= 0 {
		return choice{}, e.list.PatienceEnds(now) // see giveUpPage
	}
	page, at := e.choosePage(now, free)
	if page.kind != nothing {
		return page, now
	}
	if get, ok := e.nextInLine(now); ok {
		return get, now
	}
	j, audit := e.audits.choose(&e.table, e.wanted, now, e.list.UpToDate(now))
	if j != none {
		return choice{kind: auditJob, job: j}, now
	}
	return choice{}, min(at, e.nextDue(now), audit)
}

// wanted reports whether an active call waits for the job.
func (e *Engine) wanted(j int32) bool {
	for w := e.table.jobs.at(j).first; w != none; w = e.table.waits.at(w).next {
		if e.calls.all[e.table.waits.at(w).call].active() {
			return true
		}
	}
	return false
}

// chooseInOutage returns the next GET, of which there is one at a time. Requests that
// are still under way from before, maybe on connections that are dead, do not delay it.
func (e *Engine) chooseInOutage(now time.Duration) (choice, time.Duration) {
	switch {
	case e.requests[e.outage.probe] != nil || e.under >= e.config.MaxInFlight:
		return choice{}, Never
	case e.outage.next > now:
		return choice{}, e.outage.next
	}
	if get, ok := e.nextInLine(now); ok {
		return get, now
	}
	return choice{}, e.nextDue(now)
}

// choosePage returns a page that should be read now, or when to look again.
func (e *Engine) choosePage(now time.Duration, free int) (choice, time.Duration) {
	if e.passes[unseenPass].active || e.passes[dropPass].active {
		return choice{}, Never
	}
	at := e.list.Due(now, e.demand())
	if at > now {
		return choice{}, min(at, e.list.PatienceEnds(now))
	}
	if over := e.influx.over(); over > now && e.list.Begins() {
		return choice{}, over
	}
	if free == 1 && e.config.MaxInFlight > 1 && now-at < overdue {
		// The last place is a GET's, unless requests under way hold theirs for long. A
		// page that has it is given up when it is late.
		return choice{}, at + overdue
	}
	lead := int(e.roundTrip.Seconds() * float64(e.list.Pages()) * e.limiter.Rate(now, ratelimit.Poll))
	known := e.urgent - e.calls.held // the jobs of slow consumers are not worked off
	drained := known <= lead
	if e.calls.waiting == 0 {
		return choice{}, Never
	}
	if !drained {
		// Only where a job that the page reveals would not stand behind all others.
		crowd := known > crowded*e.calls.knowing
		switch {
		case !crowd || e.calls.needy == 0:
			return choice{}, Never
		case now-at < overdue:
			return choice{}, at + overdue
		}
	}
	if e.calls.pollers > 0 && !e.list.Reading() && e.list.JustRead() {
		return choice{}, Never
	}
	return choice{kind: readPage, page: e.list.Page()}, now
}

// enterDue puts the calls with a job that has become due in line.
func (e *Engine) enterDue(now time.Duration) {
	e.cover(now)
	for {
		c, at := e.calls.earliest(byPolled)
		if at > now {
			break
		}
		e.calls.stand(c, &e.table, now)
	}
	for e.calls.uncovered {
		c, at := e.calls.earliest(byListed)
		if c == nil || min(at, e.calls.by) > now {
			break
		}
		e.calls.stand(c, &e.table, now)
		if !c.inLine && c.at[byListed] == at {
			break
		}
	}
	// Calls stand in line while the list was not relied on that have nothing to
	// ask now.
	for _, l := range []*line{&e.calls.lines.usual, &e.calls.lines.ending} {
		for c := l.first; c != nil; c = l.first {
			if _, ok := e.pick(c, now); ok {
				break
			}
			e.calls.stand(c, &e.table, now)
			if l.first == c {
				break
			}
		}
	}
}

// cover notices that the list has become reliable, or has ceased to be. In an
// outage no page is read, so the jobs left to the list must be polled.
func (e *Engine) cover(now time.Duration) {
	covered := !e.down() && e.list.Covers(now, e.demand())
	if covered != e.calls.uncovered {
		return
	}
	e.calls.uncovered = !covered
	e.calls.by = Never
	if !covered {
		e.calls.by = e.list.NextTry()
	}
}

// nextDue is when the next call that has no request to send will have one.
func (e *Engine) nextDue(now time.Duration) time.Duration {
	_, at := e.calls.earliest(byPolled)
	if !e.calls.uncovered {
		return min(at, e.list.PatienceEnds(now))
	}
	if _, due := e.calls.earliest(byListed); due != Never {
		at = min(at, due, e.calls.by)
	}
	return at
}

// chooseProbe returns the GET that decides whether the key works.
func (e *Engine) chooseProbe(now time.Duration) (choice, time.Duration) {
	r := &e.refusal
	if r.asking != 0 || e.under >= e.config.MaxInFlight {
		return choice{}, Never
	}
	if r.probe > now {
		return choice{}, r.probe
	}
	// The GET of another job, if there is one.
	suspect := none
	for _, c := range e.calls.all {
		if c == nil || !c.active() {
			continue
		}
		for _, s := range [...]state{urgent, polled, listed} {
			for _, w := range c.queues[s] {
				j := e.table.waits.at(w).job
				if e.table.jobs.at(j).key != r.key {
					return choice{kind: probeKey, job: j}, now
				}
				suspect = j // at most one of a call
			}
		}
	}
	if suspect != none {
		return choice{kind: probeKey, job: suspect}, now
	}
	return choice{}, Never
}

// nearDeadline tells the list when a wait has no more time than its final poll
// needs, and returns when that, or a deadline, changes anything. It hastens no GET: see
// beginFinals.
func (e *Engine) nearDeadline(now time.Duration) time.Duration {
	_, first := e.calls.earliest(byDeadline)
	if e.deadlines.len() > 0 {
		first = min(first, e.deadlines.at(0).since+e.config.MaxWait)
	}
	near := first != Never && first-now <= finalPoll
	e.list.SetDeadlineNear(near)
	if first == Never || near {
		return Never
	}
	return first - finalPoll
}

// send records the request and hands it out.
func (e *Engine) send(c choice, now time.Duration) {
	e.lastRequest++
	id := e.lastRequest
	r := &request{sent: now, opened: e.calls.opened}
	out := Request{ID: id}
	if c.kind == readPage {
		r.kind, r.page, r.job = Page, c.page, none
		out.Kind, out.Page = Page, c.page
		e.stats.Pages++
		e.price.looks.add(now)
		e.list.SentPage(now)
	} else {
		r.job = c.job
		job := e.table.jobs.at(c.job)
		job.request = id
		switch c.kind {
		case probeKey:
			e.refusal.asking = id
		case auditJob:
			e.audits.sent(&e.table, c.job, now, e.Rate(now), e.history.untold(job.kind))
		}
		job.polls++
		out.Key, out.Attempt = job.key, job.polls
		oldest := Never
		for w := job.first; w != none; w = e.table.waits.at(w).next {
			wait := e.table.waits.at(w)
			call := e.calls.all[wait.call]
			call.counts.Gets++
			if wait.since <= oldest {
				oldest, out.For = wait.since, call
			}
		}
		e.stats.Gets++
		e.list.SentGet()
		if c.call != nil {
			e.calls.lines.turn(c.call)
		}
		e.move(c.job, inFlight, now, now)
	}
	if e.requests[id] = r; e.down() {
		e.outage.probe = id
	}
	e.under++
	r.last = e.under == e.config.MaxInFlight
	e.out.Requests = append(e.out.Requests, out)
}

// The list and the Engine have the same clock.
var _ = [1]struct{}{}[Never-list.Never]

// Idle reports whether nothing is under way: no call and no Ticket.
func (e *Engine) Idle() bool { return e.calls.open == 0 && e.own.empty() }
