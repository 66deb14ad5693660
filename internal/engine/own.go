package engine

import (
	"time"

	"github.com/edenwait/edenwait/internal/ratelimit"
)

// Ticket is a place in the line of the caller's own requests. It is never used
// again.
type Ticket uint64

// ownLine is the line of the caller's own requests, first come, first served.
// Polls and own requests take turns while both want one.
type ownLine struct {
	last  Ticket
	line  []Ticket // those withdrawn are 0
	live  int
	first Ticket // number of line[0], if it was not withdrawn
	turn  bool   // the last request was an own one
}

func (o *ownLine) empty() bool { return o.live == 0 }

// head drops what was withdrawn, and reports whether someone waits.
func (o *ownLine) head() bool {
	for len(o.line) > 0 && o.line[0] == 0 {
		o.line = o.line[1:]
		o.first++
	}
	if len(o.line) == 0 {
		o.line = nil
	}
	return len(o.line) > 0
}

func (o *ownLine) pop() Ticket {
	t := o.line[0]
	o.line = o.line[1:]
	o.first++
	o.live--
	o.turn = true
	return t
}

// Reserve requests a turn for one of the caller's own requests. It is granted in
// a Ready. Ahead is how many wait before it.
func (e *Engine) Reserve() (t Ticket, ahead int) {
	o := &e.own
	o.last++
	if len(o.line) == 0 {
		o.first = o.last
	}
	ahead = o.live
	o.line = append(o.line, o.last)
	o.live++
	return o.last, ahead
}

// Withdraw gives up a place in line.
func (e *Engine) Withdraw(t Ticket) {
	o := &e.own
	if at := int(t - o.first); t >= o.first && at < len(o.line) && o.line[at] == t {
		o.line[at] = 0
		o.live--
	}
}

// ReturnTurn gives back the turn of a request that was not sent.
func (e *Engine) ReturnTurn(now time.Duration) {
	e.stats.Own--
	e.limiter.Return(now, ratelimit.Own)
}

// Observe records the result of one of the caller's own requests.
func (e *Engine) Observe(now, sent time.Duration, limited bool, retryAfter time.Duration) {
	if limited {
		e.stats.OwnRateLimited++
		e.limiter.Limited(now, sent, ratelimit.Own, retryAfter)
		e.noteLimited(now, nil)
		return
	}
	e.limiter.Answered(now, sent, ratelimit.Own)
	e.noteAnswered(now)
}
