package ratelimit

import "time"

const (
	minPause = 250 * time.Millisecond
	maxPause = 5 * time.Minute
	// maxRetryAfter bounds what a server may ask for: asked again too early, it
	// says 429 once more, and nothing is lost.
	maxRetryAfter = 5 * time.Minute
	patience      = time.Second
)

// refusals are the 429s since the last other answer.
type refusals struct {
	streak int
	since  time.Duration // of the last good answer, or of the first refusal if there was none before
	any    bool          // whether since is known
}

// next counts a 429, and returns how long to pause after it.
func (r *refusals) next(now time.Duration) time.Duration {
	if !r.any {
		r.any, r.since = true, now
	}
	pause := min(minPause<<min(r.streak, 16), max(patience, (now-r.since)/4), maxPause)
	r.streak++
	return pause
}

func (r *refusals) end(now time.Duration) (ended bool) {
	ended = r.streak > 0
	*r = refusals{since: now, any: true}
	return ended
}
