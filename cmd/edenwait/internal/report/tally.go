// Package report sums up a batch for people.
package report

import (
	"errors"
	"math"
	"regexp"
	"sync"
	"time"

	"github.com/edenwait/edenwait"
)

// Tally collects the figures of a summary. It keeps a few bytes per job and no result.
type Tally struct {
	mu sync.Mutex

	costs   map[string]edenwait.Cost // by provider
	badCost int                      // jobs with an invalid cost
	causes  map[cause]int
	ran     []time.Duration
	late    []time.Duration
	early   int // jobs that had ended before their first poll
}

// cause groups failures.
type cause struct{ who, why string }

// maxCauses bounds the number of causes, since a message may be different for each job.
const maxCauses = 1000

// otherCauses counts the others.
var otherCauses = cause{why: "other messages"}

// NewTally returns an empty Tally.
func NewTally() *Tally {
	return &Tally{costs: map[string]edenwait.Cost{}, causes: map[cause]int{}}
}

// Succeeded adds a job that succeeded.
func (t *Tally) Succeeded(job *edenwait.Job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.addCost(job)
}

// Failed adds a job that failed.
func (t *Tally) Failed(job *edenwait.Job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.addCost(job)
	why := "no reason given"
	if job.Error != nil {
		why = job.Error.Message
		if job.Error.Code != "" {
			why += " (" + job.Error.Code + ")"
		}
	}
	t.addCause(cause{job.Provider, why})
}

// Errored adds an id without a valid response. job is nil unless there is a response.
func (t *Tally) Errored(job *edenwait.Job, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if job != nil {
		t.addCost(job)
	}
	t.addCause(cause{why: Reason(err)})
}

// GaveUp adds a job that was given up, and may still end.
func (t *Tally) GaveUp(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.addCause(cause{why: Reason(err)})
}

// Ran adds the time from a job's submit to its result.
func (t *Tally) Ran(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if d > 0 { // else the clocks differ
		t.ran = append(t.ran, d)
	}
}

// Late adds the lag of a result.
func (t *Tally) Late(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.late = append(t.late, d)
}

// Earlier adds the cost of a result from an earlier run.
func (t *Tally) Earlier(provider string, cost edenwait.Cost) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if cost == "" {
		return
	}
	if sum, err := edenwait.SumCosts(t.costs[provider], cost); err == nil {
		t.costs[provider] = sum
	}
}

// Early counts a job that had ended before its first poll.
func (t *Tally) Early() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.early++
}

func (t *Tally) addCost(job *edenwait.Job) {
	sum, err := edenwait.SumCosts(t.costs[job.Provider], job.Cost)
	if err != nil {
		t.badCost++
		return
	}
	t.costs[job.Provider] = sum
}

func (t *Tally) addCause(c cause) {
	if _, known := t.causes[c]; !known && len(t.causes) >= maxCauses {
		c = otherCauses
	}
	t.causes[c]++
}

// Reason is the part of an error that is the same for other jobs: its message without the
// id and the times.
func Reason(err error) string {
	var gaveUp *edenwait.GaveUpError
	var status *edenwait.UnexpectedStatusError
	var api *edenwait.APIError
	switch {
	case errors.Is(err, edenwait.ErrInvalidID):
		return edenwait.ErrInvalidID.Error()
	case errors.Is(err, edenwait.ErrNotFound):
		return edenwait.ErrNotFound.Error()
	case errors.Is(err, edenwait.ErrMaxWait):
		return "not ended within --max-wait"
	case errors.Is(err, edenwait.ErrResponseTooLarge):
		return TooLarge
	case errors.As(err, &status):
		return "undocumented status " + string(status.Job.Status)
	case errors.As(err, &api):
		text := (&edenwait.APIError{StatusCode: api.StatusCode, Detail: api.Detail}).Error()
		if errors.As(err, &gaveUp) && gaveUp.Polls > 1 {
			text += " (after retries)"
		}
		return text
	case errors.As(err, &gaveUp):
		err = gaveUp.Err
	}
	return aJobID().ReplaceAllString(err.Error(), "…")
}

// TooLarge is the text of ErrResponseTooLarge with the flag instead of the field of the
// Config.
const TooLarge = "the response is larger than --max-response-bytes"

// aJobID makes equal messages differ. It is compiled on first use: that takes longer than
// the initialization of most packages.
var aJobID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)
})

// quantile is the value that this share of the sorted values does not exceed.
func quantile(sorted []time.Duration, share float64) time.Duration {
	return sorted[max(int(math.Ceil(share*float64(len(sorted)))), 1)-1]
}

func mean(values []time.Duration) time.Duration {
	var sum time.Duration
	for _, v := range values {
		sum += v
	}
	return sum / time.Duration(len(values))
}
