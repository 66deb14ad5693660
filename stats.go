package edenwait

import (
	"sync/atomic"
	"time"

	"github.com/edenwait/edenwait/internal/engine"
)

// Stats is how a Waiter stands, over all its calls, in the manner of sql.DBStats.
// Counts without another word are of all time; those that say "now" go down too.
// A job is counted once, however many calls wait for it.
type Stats struct {
	// Calls is the number of calls under way now, Jobs the number of jobs that they
	// wait for, and Waits the number of pairs of a call and a job.
	Calls, Jobs, Waits int
	// Backlog is the number of jobs now that are known to have ended, as far as the
	// list and hints tell, and have yet to be fetched. More than Rate × a few seconds
	// means that Rate is the bottleneck.
	Backlog int
	// InFlight is the number of the Waiter's requests under way now.
	InFlight int

	// Gets and Lists count the Waiter's requests: GETs of one job, and pages of the
	// job list. RateLimited counts those that were answered 429.
	Gets, Lists, RateLimited int
	// Own counts the caller's requests that got their turn through Transport,
	// OwnRateLimited those of them that were answered 429, OwnWaiting those that
	// wait for a turn now.
	Own, OwnRateLimited, OwnWaiting int

	// Limit is Config.Rate. Rate is how many requests a second the Waiter allows
	// itself now: less than Limit after 429s.
	Limit, Rate float64
	// Paused is for how long from now no polls go, because of a 429 or Retry-After.
	Paused time.Duration
	// Stalled is for how long requests have failed, or been refused, without one
	// answer of use; 0 while there is nothing to complain of.
	Stalled time.Duration

	// Succeeded, Failed and Errored count jobs by how they ended: Errored those
	// without a final response, or with a status outside the contract. Jobs of calls
	// that ended early are not counted.
	Succeeded, Failed, Errored int

	// HintsTrue and HintsFalse count hints of Notify that a GET confirmed, and those
	// that it did not. One that was early is true from when the job's end is seen,
	// within a minute.
	HintsTrue, HintsFalse int
}

// outcomes counts jobs by how they ended.
type outcomes struct{ succeeded, failed, errored atomic.Int64 }

func (o *outcomes) count(r *Result) {
	switch {
	case r.Err == nil:
		o.succeeded.Add(1)
	case r.Job != nil && r.Job.Status == StatusFail:
		o.failed.Add(1)
	default:
		o.errored.Add(1)
	}
}

// Stats returns a snapshot. It takes the Waiter's lock for about a microsecond, and
// may be called from any goroutine.
func (w *Waiter) Stats() Stats {
	var now engine.Stats
	w.driver.snapshot(func(e *engine.Engine, at time.Duration) { now = e.Stats(at) })
	return Stats{
		Calls: now.Calls, Jobs: now.Jobs, Waits: now.Waits, Backlog: now.Urgent, InFlight: now.InFlight,
		Gets: now.Gets, Lists: now.Pages, RateLimited: now.RateLimited,
		Own: now.Own, OwnRateLimited: now.OwnRateLimited, OwnWaiting: now.OwnWaiting,
		Limit: w.config.Rate, Rate: now.Rate, Paused: now.Paused, Stalled: now.Stalled,
		Succeeded: int(w.ended.succeeded.Load()), Failed: int(w.ended.failed.Load()), Errored: int(w.ended.errored.Load()),
		HintsTrue: now.HintsTrue, HintsFalse: now.HintsFalse,
	}
}
