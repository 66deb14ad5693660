package engine

import (
	"time"

	"github.com/edenwait/edenwait/internal/ratelimit"
)

// Stats counts since the Engine was made, but for what is under way.
type Stats struct {
	Gets, Pages, Own            int
	RateLimited, OwnRateLimited int
	HintsTrue, HintsFalse       int

	// Now.
	Calls, Jobs, Waits, Urgent, InFlight, OwnWaiting int
	Rate                                             float64
	Paused, Stalled                                  time.Duration

	pagesLimited int
}

// Stats is a snapshot.
func (e *Engine) Stats(now time.Duration) Stats {
	s := e.stats
	s.Calls, s.Jobs, s.Waits = e.calls.open, e.table.live, int(e.table.waits.len())-len(e.table.waits.free)
	s.Urgent, s.InFlight, s.OwnWaiting = e.urgent, e.under, e.own.live
	s.Rate, s.Paused = e.Rate(now), max(e.limiter.PausedUntil(ratelimit.Poll)-now, 0)
	if e.calls.open > 0 && e.stall.failed > 0 {
		s.Stalled = now - e.stall.good
	}
	return s
}

// Counts is what was sent for the call.
func (e *Engine) Counts(c *Call) Counts {
	counts := c.counts
	if c.live > 0 {
		counts.Pages += e.stats.Pages - c.pagesAt.Pages
		counts.RateLimited += e.stats.pagesLimited - c.pagesAt.RateLimited
	}
	return counts
}
