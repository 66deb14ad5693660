package edenwait

import (
	"time"

	"github.com/edenwait/edenwait/internal/engine"
	"github.com/edenwait/edenwait/internal/list"
)

// Stats is a snapshot of a Waiter, over all its calls, like sql.DBStats. Counters only
// grow, over the life of the Waiter, unless their comment says "now". A job is counted
// once, even if several calls wait for it.
type Stats struct {
	// Calls is the number of calls under way now, Jobs the number of jobs that they
	// wait for now, and Waits the number of pairs of a call and a job now.
	Calls, Jobs, Waits int
	// Backlog is the number of jobs now that have ended, according to the list and hints,
	// but have not been fetched. If fetching them takes more than a few seconds, Rate is
	// the bottleneck. BacklogTime is how long that takes after Paused, at Rate, or at half
	// of Rate while own requests wait.
	Backlog     int
	BacklogTime time.Duration
	// InFlight is the number of the Waiter's requests under way now.
	InFlight int

	// Gets and Lists count the Waiter's requests: GETs of one job, and pages of the
	// job list. RateLimited counts those that were answered 429.
	Gets, Lists, RateLimited int
	// Own counts the caller's requests that Transport has let go. OwnRateLimited counts
	// those that were answered 429. OwnWaiting is the number of requests in line now.
	// OwnWaited is the total time spent in line by requests that were let go or gave up.
	Own, OwnRateLimited, OwnWaiting int
	OwnWaited                       time.Duration

	// Limit is Config.Rate. Rate is the number of requests per second that the Waiter
	// allows itself now. It is lower than Limit after 429s.
	Limit, Rate float64
	// Paused is how long from now no polls are sent, because of a 429 or Retry-After.
	Paused time.Duration
	// Stalled is how long all requests have failed, or been refused with 429. It is 0
	// while requests succeed.
	Stalled time.Duration
	// SinceAnswer is the time since the last usable answer to a poll, or since the
	// Waiter's calls began if there was none. It is 0 while no call is under way. With few
	// jobs, it grows between two polls as far as the delays of Config.BackOff: to about ten
	// seconds by default, and by up to 5 % of the time waited more for jobs of a kind
	// whose durations are known.
	SinceAnswer time.Duration
	// List says whether the job list is used now, and if not, why.
	List ListState

	// Succeeded, Failed and Errored count ended jobs. Errored counts jobs without a final
	// response, or with an undocumented status. Jobs of calls that ended early are not
	// counted.
	Succeeded, Failed, Errored int
	// LagSum is the sum of JobEndInfo.Lag over the LagBounded jobs for which it is known.
	// LagUnbounded counts the jobs with a final response but without a Lag, because no
	// request saw them running.
	LagSum                   time.Duration
	LagBounded, LagUnbounded int

	// HooksRunning is the number of hooks that run now. HooksWaiting is the number of
	// hooks that wait now because sixteen hooks of their call are running.
	HooksRunning, HooksWaiting int

	// HintsTrue and HintsFalse count hints of Notify that a GET has confirmed or not. If
	// the job ends within a minute of an early hint, the hint moves from HintsFalse to
	// HintsTrue.
	HintsTrue, HintsFalse int
}

// ListState says whether a Waiter uses the job list, and if not, why.
type ListState string

// The states of the list.
const (
	// ListUsed means that the list replaces polls.
	ListUsed ListState = "used"
	// ListDisabled means that Config.DisableList is set, that the Source has no list, or
	// that the BackOff for the list has stopped.
	ListDisabled ListState = "disabled"
	// ListUnneeded means that polling the few waiting jobs is cheaper than the list.
	ListUnneeded ListState = "unneeded"
	// ListMissing means that the API has no list, or that the key may not read it. The
	// Waiter tries again after half an hour.
	ListMissing ListState = "missing"
	// ListFailing means that requests for the list fail or are late, or that the API
	// answers no request at all.
	ListFailing ListState = "failing"
	// ListBehind means that the list shows jobs running that ended long before.
	ListBehind ListState = "behind"
	// ListIncomplete means that the list does not show the jobs that the Waiter waits for,
	// for example because it belongs to another account.
	ListIncomplete ListState = "incomplete"
)

var listStates = map[list.State]ListState{
	list.Used: ListUsed, list.Disabled: ListDisabled, list.Unneeded: ListUnneeded, list.Gone: ListMissing,
	list.Failing: ListFailing, list.Behind: ListBehind, list.Incomplete: ListIncomplete,
}

// backlogTime is how long it takes to fetch the jobs that are known to have ended.
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
		Own: int(w.driver.ownSent.Load()), OwnRateLimited: now.OwnRateLimited, OwnWaiting: now.OwnWaiting, OwnWaited: time.Duration(w.driver.ownWaited.Load()),
		Limit: w.config.Rate, Rate: now.Rate, Paused: now.Paused, Stalled: now.Stalled,
		Succeeded: int(w.ended.succeeded.Load()), Failed: int(w.ended.failed.Load()), Errored: int(w.ended.errored.Load()),
		SinceAnswer: now.SinceAnswer, List: listStates[now.List],
		LagSum:     time.Duration(w.ended.lagSum.Load()),
		LagBounded: int(w.ended.lagBounded.Load()), LagUnbounded: int(w.ended.lagUnbounded.Load()),
		HooksRunning: running, HooksWaiting: waiting,
		HintsTrue: now.HintsTrue, HintsFalse: now.HintsFalse,
	}
}
