package edenwait

import (
	"time"

	"github.com/edenwait/edenwait/internal/engine"
	"github.com/edenwait/edenwait/internal/list"
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
	// means that Rate is the bottleneck. BacklogTime is how long fetching them will take
	// at Rate, or half of it while own requests wait, once Paused is over.
	Backlog     int
	BacklogTime time.Duration
	// InFlight is the number of the Waiter's requests under way now.
	InFlight int

	// Gets and Lists count the Waiter's requests: GETs of one job, and pages of the
	// job list. RateLimited counts those that were answered 429.
	Gets, Lists, RateLimited int
	// Own counts the caller's requests that got their turn through Transport,
	// OwnRateLimited those of them that were answered 429, OwnWaiting those that
	// wait for a turn now. OwnWaited is the sum of the times that they waited for a
	// turn, of those that got one or gave up.
	Own, OwnRateLimited, OwnWaiting int
	OwnWaited                       time.Duration

	// Limit is Config.Rate. Rate is how many requests a second the Waiter allows
	// itself now: less than Limit after 429s.
	Limit, Rate float64
	// Paused is for how long from now no polls go, because of a 429 or Retry-After.
	Paused time.Duration
	// Stalled is for how long requests have failed, or been refused, without one
	// answer of use; 0 while there is nothing to complain of.
	Stalled time.Duration
	// SinceAnswer is the time since the last answer of use to a poll, or since the
	// Waiter's calls began if none has come; 0 while no call is under way. Between two
	// polls of a few jobs, it grows to some ten seconds.
	SinceAnswer time.Duration
	// List says whether the job list is used now, and if not, why.
	List ListState

	// Succeeded, Failed and Errored count jobs by how they ended: Errored those
	// without a final response, or with a status outside the contract. Jobs of calls
	// that ended early are not counted.
	Succeeded, Failed, Errored int
	// LagSum is the sum of upper bounds of how late the ends of LagBounded jobs were
	// known: see JobEndInfo. LagUnbounded counts the jobs with a final response for
	// which there is no bound, since no request saw them running.
	LagSum                   time.Duration
	LagBounded, LagUnbounded int

	// HooksRunning is the number of hooks that run now, HooksWaiting that of those that
	// wait for one of the sixteen places of their call.
	HooksRunning, HooksWaiting int

	// HintsTrue and HintsFalse count hints of Notify that a GET confirmed, and those
	// that it did not. One that was early is true from when the job's end is seen,
	// within a minute.
	HintsTrue, HintsFalse int
}

// ListState says whether a Waiter uses the job list, and if not, why.
type ListState string

// The states of the list.
const (
	// ListUsed means: it replaces polls.
	ListUsed ListState = "used"
	// ListDisabled means: Config.DisableList is set, the Source has no list, or the
	// BackOff for the list has stopped.
	ListDisabled ListState = "disabled"
	// ListUnneeded means: too few jobs wait for the list to be cheaper than their polls.
	ListUnneeded ListState = "unneeded"
	// ListMissing means: the API says that there is no list, or that the key may not
	// read it. It is tried again half an hour later.
	ListMissing ListState = "missing"
	// ListFailing means: requests for it fail, its answer is late, or the API answers no
	// request at all.
	ListFailing ListState = "failing"
	// ListBehind means: it shows jobs running that had ended long before.
	ListBehind ListState = "behind"
	// ListIncomplete means: it does not show the jobs that are waited for, as one of another
	// account would not.
	ListIncomplete ListState = "incomplete"
)

var listStates = map[list.State]ListState{
	list.Used: ListUsed, list.Disabled: ListDisabled, list.Unneeded: ListUnneeded, list.Gone: ListMissing,
	list.Failing: ListFailing, list.Behind: ListBehind, list.Incomplete: ListIncomplete,
}

// backlogTime is how long it takes to fetch what is known to have ended.
func backlogTime(s *engine.Stats) time.Duration {
	rate := s.Rate
	if s.OwnWaiting > 0 {
		rate /= 2
	}
	return time.Duration(min(float64(s.Urgent)/rate*float64(time.Second), float64(maxDuration)))
}

// Stats returns a snapshot. It takes the Waiter's lock for about a microsecond, and
// may be called from any goroutine.
func (w *Waiter) Stats() Stats {
	var now engine.Stats
	w.driver.snapshot(func(e *engine.Engine, at time.Duration) { now = e.Stats(at) })
	running, waiting := w.hooks.counts()
	return Stats{
		Calls: now.Calls, Jobs: now.Jobs, Waits: now.Waits, Backlog: now.Urgent, BacklogTime: backlogTime(&now), InFlight: now.InFlight,
		Gets: now.Gets, Lists: now.Pages, RateLimited: now.RateLimited,
		Own: now.Own, OwnRateLimited: now.OwnRateLimited, OwnWaiting: now.OwnWaiting, OwnWaited: time.Duration(w.driver.ownWaited.Load()),
		Limit: w.config.Rate, Rate: now.Rate, Paused: now.Paused, Stalled: now.Stalled,
		Succeeded: int(w.ended.succeeded.Load()), Failed: int(w.ended.failed.Load()), Errored: int(w.ended.errored.Load()),
		SinceAnswer: now.SinceAnswer, List: listStates[now.List],
		LagSum:     time.Duration(w.ended.lagSum.Load()),
		LagBounded: int(w.ended.lagBounded.Load()), LagUnbounded: int(w.ended.lagUnbounded.Load()),
		HooksRunning: running, HooksWaiting: waiting,
		HintsTrue: now.HintsTrue, HintsFalse: now.HintsFalse,
	}
}
