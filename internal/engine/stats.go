package engine

// Stats counts since the Engine was made, but for what is under way.
type Stats struct {
	Gets, Pages, Own            int
	RateLimited, OwnRateLimited int
	pagesLimited                int
	HintsTrue, HintsFalse       int
	Ended                       int

	Jobs, Waits, Calls, InFlight, OwnWaiting int // now
}

// Stats is a snapshot.
func (e *Engine) Stats() Stats {
	s := e.stats
	s.Jobs, s.Calls, s.InFlight, s.OwnWaiting = e.table.live, e.calls.open, e.under, e.own.live
	for _, c := range e.calls.all {
		if c != nil {
			s.Waits += c.live
		}
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
