package engine

import (
	"time"

	"github.com/edenwait/edenwait/internal/ratelimit"
)

// firstSight is how long 404s for an id are retried. A new job may not have reached the
// replica that answers, and a known job may be missing on a replica that is behind.
const firstSight = 5 * time.Second

// The number of 404s in a row after which a job counts as unknown. Without it, firstSight
// alone would accept one or two stray 404s if the first GET of a job comes late, or if a
// job is polled every half minute.
const (
	leastMisses      = 2
	leastMissesKnown = 3 // of a job that was known
)

// Outcome is what an answer means.
type Outcome uint8

const (
	// Failed means that nothing is certain. The job is polled again.
	Failed Outcome = iota
	// Running means: the job is processing, or the page was read.
	Running
	// Done means: the job's final response.
	Done
	// Missing means that the API does not know the job. The job may be new.
	Missing
	// Rejected ends this job without a final response.
	Rejected
	// RateLimited means that the account's rate limit is exceeded, by any client.
	RateLimited
	// Refused means that the key or the account is refused.
	Refused
)

// Answer is the result of a request.
type Answer struct {
	Outcome    Outcome
	Value      any // handed back in the End
	RetryAfter time.Duration
	Reached    bool // a server answered, whatever it said
	Everyone   bool // RetryAfter concerns every request
	Hopeless   bool // a failure that no retry mends

	// Of a job.
	Kind JobKind
	Age  time.Duration // since it was created; 0 if unknown

	// Of a page.
	Pages int
	Items []Item
	Open  bool // the page does not say how many there are,
	More  bool // and is full
	Gone  bool // there is no list
}

// Respond records the result of a request. An answer to a request that is not under
// way changes nothing.
func (e *Engine) Respond(now time.Duration, id RequestID, a Answer) {
	r := e.requests[id]
	if r == nil {
		return
	}
	e.drop(now, id)
	if a.Outcome == RateLimited {
		e.stats.RateLimited++
		e.price.limited(now, r.sent, e.Rate(now))
		e.limiter.Limited(now, r.sent, ratelimit.Poll, a.RetryAfter)
		e.noteLimited(now, a.Value)
	} else {
		if a.Reached {
			e.limiter.Answered(now, r.sent, ratelimit.Poll)
			e.noteAnswered(now)
		}
		if a.Everyone && r.kind == Get {
			e.limiter.Pause(now + a.RetryAfter)
		}
		e.noteTrouble(r, &a)
	}
	e.noteStall(now, r, &a)
	if a.Outcome == Running || a.Outcome == Done {
		e.roundTrip += (now - r.sent - e.roundTrip) / 8
	}
	if r.kind == Page {
		if a.Outcome == RateLimited {
			e.stats.pagesLimited++
		}
		e.respondPage(now, r, &a)
		return
	}
	job := e.table.jobs.at(r.job)
	job.request = 0
	if a.Outcome == RateLimited {
		for w := job.first; w != none; w = e.table.waits.at(w).next {
			e.calls.all[e.table.waits.at(w).call].counts.RateLimited++
		}
	}
	if job.state == dying {
		e.respondDying(now, r, &a)
		return
	}
	e.respondJob(now, r, &a)
}

// noteTrouble notes the first of a streak of failures, and its end: a dead
// network would otherwise write a line per request.
func (e *Engine) noteTrouble(r *request, a *Answer) {
	switch {
	case a.Outcome == Failed && r.reason == Answered:
		if e.trouble++; e.trouble == 1 {
			e.note(Note{Kind: TroubleBegan, Value: a.Value})
		}
	case a.Outcome == Running || a.Outcome == Done:
		if e.trouble > 0 {
			e.note(Note{Kind: TroubleEnded, Count: e.trouble})
		}
		e.trouble = 0
	}
}

// noteStall regularly notes that no request has succeeded for long, and
// keeps count of the failures of a host that is down for everyone.
func (e *Engine) noteStall(now time.Duration, r *request, a *Answer) {
	switch {
	case a.Outcome != Failed && a.Outcome != RateLimited:
		e.stall.over(now)
		e.outage.answered(now, r.sent)
		return
	case r.reason != Answered:
		return // aborted
	case a.Outcome == RateLimited:
		e.outage.answered(now, r.sent)
	case r.kind == Get:
		e.outage.failed(now, r.sent, e.table.jobs.at(r.job).key, a)
	}
	e.stall.add(now, a.Value)
	if e.stall.due(now) {
		e.note(Note{Kind: Stalled, Value: a.Value, For: now - e.stall.good})
	}
}

// respondDying handles the answer to an aborted GET. An answer that arrives in time
// still counts.
func (e *Engine) respondDying(now time.Duration, r *request, a *Answer) {
	switch a.Outcome {
	case Done:
		e.ended.add(e.table.jobs.at(r.job).key, now)
		e.end(r.job, now, Answered, a.Value)
	case Rejected:
		e.end(r.job, now, Answered, a.Value)
	default:
		if a.Outcome == Running {
			e.table.jobs.at(r.job).flags.set(seen, true)
		}
		e.end(r.job, now, r.reason, e.failures[r.job].value)
	}
}

// respondJob handles the answer to the GET of a job.
func (e *Engine) respondJob(now time.Duration, r *request, a *Answer) {
	j := r.job
	job := e.table.jobs.at(j)
	switch a.Outcome {
	case Done:
		e.notices.tried(job)
		e.refusal.accepted(r.sent)
		e.identify(job, &a.Kind, a.Age, now)
		e.learnEnded(job, r.sent)
		if job.flags.has(hinted) {
			e.list.HintConfirmed()
			e.audits.confirmed(now)
		}
		e.hintConfirmed(job, r.sent, now)
		e.audits.ended = min(e.audits.ended, now)
		e.ended.add(job.key, now)
		e.end(j, now, Answered, a.Value)
	case Running:
		e.refusal.accepted(r.sent)
		e.running(now, r, a)
	case Missing:
		e.refusal.accepted(r.sent)
		e.missing(now, r, a)
	case Rejected:
		e.refusal.accepted(r.sent)
		e.end(j, now, Answered, a.Value)
	case RateLimited:
		e.failures[j] = e.failed(j, a.Value)
		if job.flags.has(refused) {
			e.rest(j, now)
			return
		}
		// The same GET is sent first. If refused again, it waits for its turn: a server
		// may refuse only this job.
		job.flags.set(refused, true)
		e.move(j, urgent, 0, now)
	case Refused:
		e.refuse(now, r, a)
	default:
		e.fail(now, j, a)
	}
}

// failed is what is known of the job's failure with one more.
func (e *Engine) failed(j int32, value any) failure {
	f, again := e.failures[j]
	if !again {
		f.missing = Never
	}
	f.value = value
	return f
}

func (e *Engine) running(now time.Duration, r *request, a *Answer) {
	j := r.job
	job := e.table.jobs.at(j)
	e.notices.tried(job)
	hint, again, due := job.flags.has(hinted), job.flags.has(notified), e.hintDue(job, now)
	if job.flags.has(told) {
		e.falseHint(job, now)
	}
	e.notices.early.seenRunning(job.key, r.sent, now)
	job.flags.set(seen, true)
	job.flags.set(hinted|refused|notified|told, false)
	e.identify(job, &a.Kind, a.Age, now)
	e.learnRunning(j, r.sent)
	job.attempt = 0
	e.price.looks.add(now)
	job.good, job.looked, job.scan = job.failed, r.sent, e.list.Scan()
	delete(e.failures, j)
	if !job.flags.has(unshown) {
		e.list.Agreed()
	}
	if hint {
		e.setUnshown(j, true)
		if e.list.FalseHint() {
			e.passes[dropPass] = pass{active: true}
		}
	}
	e.repoll(j, polled, now, a.RetryAfter, nil)
	if again && e.table.jobs.at(j).state == polled {
		e.tell(j, due, now)
	}
}

// missing ends the waits that are old enough to accept that the job does not exist. The
// other waits retry.
func (e *Engine) missing(now time.Duration, r *request, a *Answer) {
	j := r.job
	job := e.table.jobs.at(j)
	f := e.failed(j, a.Value)
	f.missing = min(f.missing, r.sent)
	f.misses++
	e.failures[j] = f
	known, least := job.flags.has(seen), leastMisses
	if known {
		least = leastMissesKnown
	}
	var believe []int32
	for w := job.first; w != none; w = e.table.waits.at(w).next {
		since := e.table.waits.at(w).since
		if known {
			since = f.missing
		}
		if r.sent-since >= firstSight && f.misses >= least {
			believe = append(believe, w)
		}
	}
	all := len(believe) > 0 && e.allOf(j, len(believe))
	e.endSome(j, believe, now, Answered, a.Value)
	if all {
		return
	}
	// A 404 is not a failed request, so it does not count for MaxErrors: a wait that ended by that
	// would match ErrNotFound before the API is sure.
	e.retry(now, j, a)
	if known && e.config.NewBackoff == nil && job.state == polled {
		e.pollSoon(j, now+firstSight/2, now)
	}
}

// allOf reports whether the job has n waits.
func (e *Engine) allOf(j int32, n int) bool {
	for w := e.table.jobs.at(j).first; w != none; w = e.table.waits.at(w).next {
		n--
	}
	return n == 0
}

// fail counts a failed GET, and ends the waits that have seen MaxErrors of them in a row.
// For the others the job is polled again.
func (e *Engine) fail(now time.Duration, j int32, a *Answer) {
	job := e.table.jobs.at(j)
	job.failed++
	e.failures[j] = e.failed(j, a.Value)
	var enough []int32
	for w := job.first; w != none; w = e.table.waits.at(w).next {
		if int(job.failed-max(e.table.waits.at(w).fails, job.good)) >= e.config.MaxErrors {
			enough = append(enough, w)
		}
	}
	all := len(enough) > 0 && e.allOf(j, len(enough))
	e.endSome(j, enough, now, MaxErrorsReached, a.Value)
	if !all {
		e.retry(now, j, a)
	}
	if e.down() {
		e.passes[outagePass] = pass{active: true}
	}
}

// retry polls a job again, later, after a GET that did not show its state. No hint hastens
// it, since a server in trouble must not be polled faster.
func (e *Engine) retry(now time.Duration, j int32, a *Answer) {
	e.table.jobs.at(j).flags.set(hinted|refused|notified, false)
	e.setUnshown(j, true)
	e.repoll(j, polled, now, a.RetryAfter, a.Value)
}

// refuse handles a refusal of the key.
func (e *Engine) refuse(now time.Duration, r *request, a *Answer) {
	if e.refusal.confirms(r.sent) {
		e.refusal.worked, e.refusal.active = false, false
		e.rest(r.job, now)
		for _, c := range e.calls.all {
			// A call that waits for nothing now would have no result to say why it ended.
			// It will see with its next job.
			if c != nil && !c.leaving && c.live > 0 && c.opened <= r.opened {
				e.Cancel(now, c)
				e.out.Over = append(e.out.Over, Over{c, a.Value})
			}
		}
		return
	}
	if e.refusal.suspect(now, e.table.jobs.at(r.job).key) {
		e.note(Note{Kind: KeySuspected, Value: a.Value})
	}
	e.fail(now, r.job, a)
	delete(e.failures, r.job) // it concerns all jobs, so it does not count as a failure of this one
}
