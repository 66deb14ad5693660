package engine

import "time"

const (
	// rememberHint is how long a hint is kept for a wait that has yet to begin, and
	// how long it may be ahead of the end that a GET shows.
	rememberHint = time.Minute
	// doubtHints is how many hints in a row may be too early or forged before hints
	// come behind all that is known to have ended.
	doubtHints = 8
	// A job whose hint was of no use is polled for another one only after a gap,
	// which grows: a flood of forged ones must not take all turns.
	firstHintGap = 10 * time.Second
	hintGapGrows = 3
	maxHintGaps  = 8
)

// notices is what is known of the hints that Notify brings.
type notices struct {
	early  ring // ids for which a hint came that a GET has not confirmed yet
	misses int  // hints in a row of which the GET showed the job running
}

// Notify records that a job may have ended. It is not believed, but the job is
// polled before others. A hint for an id that nobody waits for is remembered for a
// while, unless the id has ended.
func (e *Engine) Notify(now time.Duration, key Key) {
	j, known := e.table.find(key)
	if !known {
		if _, over := e.ended.find(key); !over {
			e.hints.add(key, now)
		}
		return
	}
	switch job := e.table.jobs.at(j); job.state {
	case listed, polled:
		e.tell(j, hintDue(job, now), now)
	case urgent:
		job.flags.set(told, true)
	case inFlight:
		// It came after the GET was sent, so it outlives the answer.
		job.flags.set(notified, true)
	}
}

// tell has a job that is listed or polled be asked for because of a hint. While
// hints are in doubt, those that are not yet due are dropped, and the others come in
// their turn, behind what is known to have ended.
func (e *Engine) tell(j int32, due, now time.Duration) {
	job, doubt := e.table.jobs.at(j), e.notices.misses >= doubtHints
	switch {
	case due > now && doubt:
	case due > now:
		job.flags.set(told, true)
		e.pollSoon(j, due, now)
	case doubt:
		job.flags.set(told, true)
		e.rest(j, now)
	default:
		job.flags.set(told, true)
		e.move(j, urgent, now, now)
	}
}

// hintDue is when a hint that comes now has its job polled.
func hintDue(job *job, now time.Duration) time.Duration {
	if job.hints == 0 {
		return now
	}
	return max(now, job.looked+hintGap(job.hints))
}

// awaitsHint reports whether the job is to be polled for a hint that came too soon
// after a false one. A list that may be behind does not put that off, unless hints
// are in doubt, or have been false for this job more than once.
func (e *Engine) awaitsHint(job *job) bool {
	return job.state == polled && job.flags.has(told) && job.hints < 2 && e.notices.misses < doubtHints
}

func hintGap(hints uint8) time.Duration {
	gap := firstHintGap
	for range min(hints, maxHintGaps) - 1 {
		gap *= hintGapGrows
	}
	return gap
}

// hintMissed records that the GET of a hinted job shows it running. The job may be
// about to end, so its backoff begins anew, once.
func (e *Engine) hintMissed(job *job, now time.Duration) {
	e.notices.misses++
	e.stats.HintsFalse++
	if job.hints == 0 {
		job.attempt = 0
	}
	job.hints = min(job.hints+1, maxHintGaps)
	e.notices.early.add(job.key, now)
}

// hintConfirmed records that a hinted job has ended, at once or soon after.
func (e *Engine) hintConfirmed(job *job, now time.Duration) {
	at, early := e.notices.early.find(job.key)
	switch {
	case job.flags.has(told):
	case early && now-at < rememberHint:
		e.notices.early.forget(job.key) // the next who waits for it learns of the same end
		e.stats.HintsFalse--
	default:
		return
	}
	e.notices.misses = 0
	e.stats.HintsTrue++
}
