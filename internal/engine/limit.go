package engine

import "time"

const (
	// limitQuiet is how long no 429 must have come before the limit counts as over.
	// While a rate is above the account's limit, 429s and good answers alternate
	// every few seconds: that is one state, and not twenty changes a minute.
	limitQuiet = time.Minute
	// limitAgain is how often a limit that goes on is noted again.
	limitAgain = 10 * time.Minute
)

// limit is the state that the log shows of 429s.
type limit struct {
	count int           // since it began; 0 while all is well
	began time.Duration // with the first
	last  time.Duration // 429
	noted time.Duration // the last Note
}

// noteLimited records a 429.
func (e *Engine) noteLimited(now time.Duration, value any) {
	r := &e.limit
	if r.count == 0 {
		r.began = now
	}
	r.count++
	r.last = now
	if r.count == 1 || now-r.noted >= limitAgain {
		r.noted = now
		e.note(Note{Kind: SlowedDown, Value: value, Rate: e.Rate(now), Count: r.count, For: now - r.began})
	}
}

// noteAnswered records that a server has answered otherwise.
func (e *Engine) noteAnswered(now time.Duration) {
	r := &e.limit
	if r.count > 0 && now-r.last >= limitQuiet {
		e.note(Note{Kind: SpedUp, Rate: e.Rate(now), Count: r.count, For: r.last - r.began})
		*r = limit{}
	}
}
