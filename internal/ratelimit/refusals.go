package ratelimit

import "time"

const (
	// The first pause is as long as answers to what is under way may take to come.
	// It doubles up to a second: a limit that
	// was only just met has room again by then.
	minPause = 250 * time.Millisecond
	patient  = time.Second

	// Then a pause is a quarter of the time since the first refusal, and so at most
	// a quarter of the time since the last good answer. When refusals end after a
	// time t, that is noticed within t/4, and the requests meanwhile grow with the
	// logarithm of t: about 30 in the first twenty minutes. A ban that restarts with
	// every request is passed once a pause is longer than it, after four to five
	// times its length. Five minutes are the most: a quota that is gone for a day
	// then costs about 320 requests, and its return is noticed within that time.
	share    = 4
	maxPause = 5 * time.Minute

	// maxRetryAfter bounds what a server may ask for: asked again too early, it
	// says 429 once more, and nothing is lost.
	maxRetryAfter = 5 * time.Minute
)

// refusals is a streak of 429s.
type refusals struct {
	streak int           // 429s since the last other answer
	since  time.Duration // when the first of them came
}

// next counts a 429, and returns how long to pause after it.
func (r *refusals) next(now time.Duration) time.Duration {
	if r.streak == 0 {
		r.since = now
	}
	pause := min(minPause<<min(r.streak, 16), max(patient, (now-r.since)/share), maxPause)
	r.streak++
	return pause
}

// end tells of another answer, and returns whether it ended a streak.
func (r *refusals) end() (ended bool) {
	ended = r.streak > 0
	r.streak = 0
	return ended
}
