package engine

import (
	"time"

	"github.com/edenwait/edenwait/internal/list"
	"github.com/edenwait/edenwait/internal/ratelimit"
)

// Stats counts since the first Engine was made, see Renew. The second part is a snapshot.
type Stats struct {
	Gets, Pages, Own            int
	RateLimited, OwnRateLimited int
	HintsTrue, HintsFalse       int

	// The snapshot.
	Calls, Jobs, Waits, Urgent, InFlight, OwnWaiting int
	Rate                                             float64
	Paused, Stalled                                  time.Duration
	SinceAnswer                                      time.Duration // of use; 0 without a call
	List                                             list.State

	pagesLimited int
}

// Stats is a snapshot.
func (e *Engine) Stats(now time.Duration) Stats {
	s := e.stats
	s.Calls, s.Jobs, s.Waits = e.calls.open, e.table.live, int(e.table.waits.len())-len(e.table.waits.free)
	s.Urgent, s.InFlight, s.OwnWaiting = e.urgent, e.under, e.own.live
	s.Rate, s.Paused = e.Rate(now), max(e.limiter.PausedUntil(ratelimit.Poll)-now, 0)
	if e.calls.open > 0 {
		s.SinceAnswer = now - e.stall.good
	}
	if e.stall.failed > 0 {
		s.Stalled = s.SinceAnswer
	}
	if s.List = e.list.State(now, e.demand()); s.List == list.Used && e.down() {
		s.List = list.Failing // no page is read in an outage
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
