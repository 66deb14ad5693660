// Package metrics writes what a Waiter does in Prometheus' text format, under the
// names that package edenotel's instruments have behind an exporter for Prometheus.
// An SDK would be most of the command, so this is written by hand.
package metrics

import "github.com/edenwait/edenwait"

// The types of families.
const (
	counter   = "counter"
	gauge     = "gauge"
	histogram = "histogram"
)

// family is a metric with a value per label.
type family struct {
	name, kind, help string
	points           []point
}

type point struct {
	label label // none if its name is empty
	value func(*edenwait.Stats) float64
}

type label struct{ name, value string }

// one is a family without a label.
func one(name, kind, help string, value func(*edenwait.Stats) float64) family {
	return family{name, kind, help, []point{{value: value}}}
}

func of(name, value string, count func(*edenwait.Stats) int) point {
	return point{label{name, value}, func(s *edenwait.Stats) float64 { return float64(count(s)) }}
}

const (
	requestKind  = "edenwait_request_kind"
	requestClass = "edenwait_request_class"
	hintResult   = "edenwait_hint_result"
	listState    = "edenwait_list_state"
	jobOutcome   = "edenwait_job_outcome"
)

// families are what is read from Stats, by name.
var families = []family{
	one("edenwait_answer_age_seconds", gauge, "Time since the last answer of use to a poll; 0 while no call is under way.",
		func(s *edenwait.Stats) float64 { return s.SinceAnswer.Seconds() }),
	one("edenwait_backlog_drain_time_seconds", gauge, "How long fetching the backlog will take at the rate of now.",
		func(s *edenwait.Stats) float64 { return s.BacklogTime.Seconds() }),
	one("edenwait_call_active", gauge, "Calls of Wait, WaitAll and AsCompleted under way.",
		func(s *edenwait.Stats) float64 { return float64(s.Calls) }),
	{"edenwait_hint_checked", gauge, "Hints of Notify that a GET confirmed, or did not.", []point{
		of(hintResult, "false", func(s *edenwait.Stats) int { return s.HintsFalse }),
		of(hintResult, "true", func(s *edenwait.Stats) int { return s.HintsTrue }),
	}},
	one("edenwait_hook_active", gauge, "Hooks that run.",
		func(s *edenwait.Stats) float64 { return float64(s.HooksRunning) }),
	one("edenwait_hook_waiting", gauge, "Hooks that wait for one of the places of their call.",
		func(s *edenwait.Stats) float64 { return float64(s.HooksWaiting) }),
	one("edenwait_job_active", gauge, "Jobs that are waited for, each once.",
		func(s *edenwait.Stats) float64 { return float64(s.Jobs) }),
	one("edenwait_job_backlog", gauge, "Jobs that are known to have ended and have yet to be fetched.",
		func(s *edenwait.Stats) float64 { return float64(s.Backlog) }),
	{"edenwait_jobs_total", counter, "Jobs that ended. Those of calls that ended early are not counted.", []point{
		of(jobOutcome, string(edenwait.OutcomeError), func(s *edenwait.Stats) int { return s.Errored }),
		of(jobOutcome, string(edenwait.OutcomeFail), func(s *edenwait.Stats) int { return s.Failed }),
		of(jobOutcome, string(edenwait.OutcomeSuccess), func(s *edenwait.Stats) int { return s.Succeeded }),
	}},
	one("edenwait_jobs_without_lag_total", counter, "Jobs with a final response that no request saw running before, so that nothing bounds their lag.",
		func(s *edenwait.Stats) float64 { return float64(s.LagUnbounded) }),
	{"edenwait_list_status", gauge, "1 for the state that the job list is in, 0 for the others.", listPoints()},
	one("edenwait_own_request_wait_time_seconds_total", counter, "Time that own requests spent in line for a turn.",
		func(s *edenwait.Stats) float64 { return s.OwnWaited.Seconds() }),
	one("edenwait_own_request_waiting", gauge, "Own requests in line for a turn.",
		func(s *edenwait.Stats) float64 { return float64(s.OwnWaiting) }),
	one("edenwait_pause_remaining_seconds", gauge, "For how long no polls go, because of a 429 or Retry-After.",
		func(s *edenwait.Stats) float64 { return s.Paused.Seconds() }),
	{"edenwait_rate_limited_requests_total", counter, "Requests that were answered 429.", []point{
		of(requestClass, "own", func(s *edenwait.Stats) int { return s.OwnRateLimited }),
		of(requestClass, "poll", func(s *edenwait.Stats) int { return s.RateLimited }),
	}},
	one("edenwait_request_active", gauge, "Requests of the Waiter under way.",
		func(s *edenwait.Stats) float64 { return float64(s.InFlight) }),
	one("edenwait_request_limit_per_second", gauge, "Config.Rate: the most requests per second.",
		func(s *edenwait.Stats) float64 { return s.Limit }),
	one("edenwait_request_rate_per_second", gauge, "Requests per second that the Waiter allows itself now: less than the limit after 429s.",
		func(s *edenwait.Stats) float64 { return s.Rate }),
	{"edenwait_requests_total", counter, "Requests sent: GETs of a job, pages of the job list, and own requests through Transport.", []point{
		of(requestKind, "get", func(s *edenwait.Stats) int { return s.Gets }),
		of(requestKind, "list", func(s *edenwait.Stats) int { return s.Lists }),
		of(requestKind, "own", func(s *edenwait.Stats) int { return s.Own }),
	}},
	one("edenwait_stall_duration_seconds", gauge, "For how long requests have failed, or been refused, without one answer of use.",
		func(s *edenwait.Stats) float64 { return s.Stalled.Seconds() }),
	one("edenwait_wait_active", gauge, "Pairs of a call and a job that it waits for.",
		func(s *edenwait.Stats) float64 { return float64(s.Waits) }),
}

func listPoints() (points []point) {
	for _, state := range []edenwait.ListState{
		edenwait.ListBehind, edenwait.ListDisabled, edenwait.ListFailing, edenwait.ListIncomplete,
		edenwait.ListMissing, edenwait.ListUnneeded, edenwait.ListUsed,
	} {
		points = append(points, of(listState, string(state), func(s *edenwait.Stats) int {
			if s.List == state {
				return 1
			}
			return 0
		}))
	}
	return points
}
