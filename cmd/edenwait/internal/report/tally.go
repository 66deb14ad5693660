// Package report sums up a batch for people.
package report

import (
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/edenwait/edenwait"
)

// Tally collects the figures of a summary. It keeps a few bytes per job and no result.
type Tally struct {
	mu sync.Mutex

	succeeded, failed, errored, gaveUp int

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

// Succeeded counts a job that succeeded.
func (t *Tally) Succeeded(job *edenwait.Job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.succeeded++
	t.addCost(job)
}

// Failed counts a job that failed.
func (t *Tally) Failed(job *edenwait.Job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed++
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

// Errored counts an id without a valid response. job is nil unless there is a response.
func (t *Tally) Errored(job *edenwait.Job, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errored++
	if job != nil {
		t.addCost(job)
	}
	t.addCause(cause{why: Reason(err)})
}

// GaveUp counts a job that was given up, and may still end.
func (t *Tally) GaveUp(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gaveUp++
	t.addCause(cause{why: Reason(err)})
}

// Ended records the times of a job that was seen running: from its submit to its result,
// and from when it was last seen running to its result.
func (t *Tally) Ended(ran, late time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ran > 0 { // otherwise the clocks differ, or the job has no created_at
		t.ran = append(t.ran, ran)
	}
	t.late = append(t.late, late)
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

// EndedEarly counts a job that had ended before its first poll.
func (t *Tally) EndedEarly() {
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
		text := strings.TrimPrefix((&edenwait.APIError{StatusCode: api.StatusCode, Detail: api.Detail}).Error(), ": ")
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
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(share * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

func mean(values []time.Duration) time.Duration {
	if len(values) == 0 {
		return 0
	}
	var sum time.Duration
	for _, v := range values {
		sum += v
	}
	return sum / time.Duration(len(values))
}

func sorted(values []time.Duration) []time.Duration {
	values = slices.Clone(values)
	slices.Sort(values)
	return values
}
