package engine

import "time"

// earlyHints is what is known of hints that come before the GET shows the end: a
// delivery may be faster than what the GET reads.
type earlyHints struct {
	ids ring[earlyHint] // of hints that no GET has confirmed yet
	// behind is how far GETs have recently been behind hints.
	behind time.Duration
	streak uint8 // true hints in a row that came too early for a GET at once
	tries  uint8 // counts hints up to trySooner
	// running is how long after its hint a job has been seen running, at noted. Others
	// whose hint was early need not try all gaps up to it again.
	running, noted time.Duration
}

// earlyHint is a hint that came at at.
type earlyHint struct {
	at    time.Duration
	false bool // a GET that followed it showed the job running
}

const (
	// behindFades is how many GETs that were put off it takes for that to become shorter
	// by a factor of e.
	behindFades = 120
	// earlyStreak is how many hints in a row must come too early before the GETs of
	// others are put off.
	earlyStreak = 2
	// Of as many hints, one has its GET at once all the same, and one has it put off half
	// as long, in case GETs are less far behind by now.
	trySooner = 40
	// leastBehind is how far GETs are behind before any is put off.
	leastBehind = 50 * time.Millisecond
)

// find returns the job's hint that a GET may still confirm.
func (h *earlyHints) find(key Key, now time.Duration) (earlyHint, bool) {
	hint, known := h.ids.find(key)
	return hint, known && now-hint.at < rememberHint
}

// due is when a hint that comes now has its job polled, if the job has had no false one.
// One that comes again does not put its GET off further.
func (h *earlyHints) due(key Key, now time.Duration) time.Duration {
	if hint, again := h.find(key, now); again && !hint.false {
		return max(now, hint.at+h.behind)
	}
	if h.streak < earlyStreak {
		return now
	}
	switch h.tries = (h.tries + 1) % trySooner; h.tries {
	case 0:
		return now
	case trySooner / 2:
		return now + h.behind/2
	default:
		return now + h.behind
	}
}

// add records a hint for which its job will be polled.
func (h *earlyHints) add(key Key, now time.Duration) {
	if hint, again := h.find(key, now); !again || hint.false {
		h.ids.add(key, earlyHint{at: now})
	}
}

// wasFalse records that the GET for a hint showed the job running.
func (h *earlyHints) wasFalse(key Key, now time.Duration) {
	hint, known := h.find(key, now)
	if !known || hint.false {
		hint.at = now
	}
	hint.false = true
	h.ids.add(key, hint)
}

// seenRunning records that a job was seen running by a GET sent at sent.
func (h *earlyHints) seenRunning(key Key, sent, now time.Duration) {
	hint, known := h.find(key, now)
	if since := sent - hint.at; known && since <= mostDelay && (since > h.running || now-h.noted > mostDelay) {
		h.running, h.noted = since, now
	}
}

// lag is how far GETs are behind hints, as far as is known.
func (h *earlyHints) lag(now time.Duration) time.Duration {
	if now-h.noted > mostDelay {
		return h.behind
	}
	return max(h.behind, h.running)
}

// take returns the hint of a job whose end was seen by a GET sent at sent, and
// forgets it. The job was last seen running at looked.
func (h *earlyHints) take(key Key, looked, sent, now time.Duration) (earlyHint, bool) {
	hint, known := h.find(key, now)
	if !known {
		return hint, false
	}
	h.ids.forget(key)
	switch seen := now - hint.at; {
	case !hint.false: // the first GET has shown the end
		h.behind = min(h.behind-h.behind/behindFades, max(sent-hint.at, 0))
		if h.behind < leastBehind {
			h.behind, h.streak = 0, 0
		}
	case seen <= mostDelay: // or it was false indeed, or forged
		h.running = 0
		// A GET that came late because many were due says little.
		h.behind = max(h.behind, min(seen, (looked-hint.at)*5/4+leastDelay))
		h.streak = min(h.streak+1, earlyStreak)
	}
	return hint, true
}
