package engine

import (
	"time"

	"github.com/edenwait/edenwait/internal/durations"
	"github.com/edenwait/edenwait/internal/ratelimit"
)

const (
	// rememberHint is how long a hint is kept for a wait that has yet to begin, and
	// how long it may be ahead of the end that a GET shows.
	rememberHint = time.Minute
	// maxFalseHints is how many hints in a row may be too early or forged before hints
	// come behind all that is known to have ended.
	maxFalseHints = 8
	// A job whose hint was false is polled for another hint only after a gap, which
	// grows. A flood of forged hints must not take all turns.
	firstHintGap = 10 * time.Second
	hintGapGrows = 3
	maxHintGaps  = 8
	// Hints that have not proved true are dropped where more turns than this share are
	// taken: there they would displace the GETs of jobs that have ended.
	crowdedShare = 0.8
	// After the time of so many hints without one, the list is read: the handler of the
	// webhooks may be down.
	expectedHints = 6
	leastSilence  = 2 * time.Second
)

// notices is the state of hints from Notify.
type notices struct {
	early   earlyHints
	missing ring[missing] // ids that ended before a hint came
	misses  int           // false hints in a row: the GET showed the job running
	ends    int           // reported by hints since the last scan of the list
	trials  int           // jobs that are urgent because of a hint
	told    meter         // ends reported by hints
}

// missing is an end that no hint has reported so far.
type missing struct {
	at   time.Duration
	kind durations.Kind
}

func newNotices() notices {
	return notices{
		early: earlyHints{ids: ring[earlyHint]{size: rememberedHints}}, missing: ring[missing]{size: rememberedHints},
		told: meter{window: 30},
	}
}

// Notify records that a job may have ended. The job is polled before others. A hint for
// an id without a wait is remembered for a while, unless the id has ended.
func (e *Engine) Notify(now time.Duration, key Key) {
	j, known := e.table.find(key)
	if !known {
		if _, over := e.ended.find(key); !over {
			e.hints.add(key, now)
		} else if end, late := e.notices.missing.find(key); late && now-end.at < rememberHint {
			e.notices.missing.forget(key)
			e.history.credit(end.kind)
		}
		return
	}
	switch job := e.table.jobs.at(j); job.state {
	case listed, polled:
		e.tell(j, e.hintDue(job, now), now)
	case urgent:
		job.flags.set(told, true)
	case inFlight:
		// It came after the GET was sent, so it outlives the answer.
		job.flags.set(notified, true)
		e.endSighted(job, now)
	}
}

// tell polls a job in state listed or polled because of a hint. While
// hints are suspect, those that are not yet due are dropped, and the others wait for
// their turn, behind jobs that are known to have ended.
func (e *Engine) tell(j int32, due, now time.Duration) {
	job, suspect := e.table.jobs.at(j), e.hintsSuspect()
	switch {
	case due > now && job.hints > 0 && suspect:
	case due > now && job.hints > 0:
		job.flags.set(told, true)
		e.pollSoon(j, due, now)
	case e.unproven() && e.price.turns.rate(now) > crowdedShare*e.limiter.Rate(now, ratelimit.Poll):
	default:
		job.flags.set(told, true)
		e.notices.early.add(job.key, now)
		switch {
		case due > now:
			e.putOff(j, due, now)
		case suspect, e.unproven() && e.notices.trials >= maxFalseHints && e.urgent > 0:
			e.rest(j, now)
			return
		default:
			if e.notices.trials++; e.urgent == 0 {
				e.notices.trials = 1
			}
			e.move(j, urgent, now, now)
		}
		e.endSighted(job, now)
	}
}

// tried records that the GET of a job was answered.
func (n *notices) tried(job *job) {
	if job.flags.has(told) {
		n.trials = max(n.trials-1, 0)
	}
}

// hintDue is when a hint that comes now has its job polled.
func (e *Engine) hintDue(job *job, now time.Duration) time.Duration {
	if job.hints > 0 {
		return max(now, job.looked+hintGap(job.hints))
	}
	return e.notices.early.due(job.key, now)
}

// awaitsHint reports whether the job is to be polled for a hint: one that came too
// soon after a false one, or the false one itself. A list that may be behind does not
// put that off, unless hints are suspect, or have been false for this job more than
// once.
func (e *Engine) awaitsHint(job *job, now time.Duration) bool {
	if job.state != polled || job.hints > 1 || e.hintsSuspect() {
		return false
	}
	if job.flags.has(told) {
		return true
	}
	_, soon := e.afterFalseHint(now, job)
	return soon
}

func hintGap(hints uint8) time.Duration {
	gap := firstHintGap
	for range min(hints, maxHintGaps) - 1 {
		gap *= hintGapGrows
	}
	return gap
}

// falseHint records that the GET of a hinted job shows it running.
func (e *Engine) falseHint(job *job, now time.Duration) {
	e.notices.misses++
	e.stats.HintsFalse++
	e.history.hinted(0, 1)
	job.hints = min(job.hints+1, maxHintGaps)
	e.notices.early.wasFalse(job.key, now)
}

// hintConfirmed records that a job has ended, and whether a hint told it, at once or
// soon before.
func (e *Engine) hintConfirmed(job *job, sent, now time.Duration) {
	hint, early := e.notices.early.take(job.key, job.looked, sent, now) // the next who waits for it learns of the same end
	if early && hint.false {
		e.stats.HintsFalse--
		e.history.hinted(0, -1)
	}
	if !early && !job.flags.has(told) && !job.flags.has(notified) {
		e.notices.missing.add(job.key, missing{now, job.kind})
		e.history.record(job.kind, false)
		return
	}
	e.notices.told.add(now)
	if e.pacing == nil { // an own Backoff says by itself when the list is read
		e.list.ExpectHint(now + max(leastSilence, time.Duration(expectedHints/e.notices.told.rate(now)*float64(time.Second))))
	}
	e.history.record(job.kind, true)
	e.stats.HintsTrue++
	if job.flags.has(hinted) {
		return // the list had shown the end: a forged hint would seem as true
	}
	e.notices.ends++
	e.history.hinted(1, 0)
	e.notices.misses = 0
}

// unproven reports whether hints have yet to show that most of them are true.
func (e *Engine) unproven() bool {
	return e.hintsSuspect() || e.history.mostlyWrong() || e.history.right < maxFalseHints
}

// hintsSuspect reports whether hints come behind all that is known to have ended.
func (e *Engine) hintsSuspect() bool {
	return e.notices.misses >= maxFalseHints || e.history.wrong > 2*mayBeWrong+e.history.right
}
