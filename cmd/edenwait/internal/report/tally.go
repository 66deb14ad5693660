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

// Tally collects what a summary tells. It keeps a few bytes a job and no result.
type Tally struct {
	mu sync.Mutex

	succeeded, failed, errored, gaveUp int

	costs   map[string]edenwait.Cost // by provider
	badCost int                      // jobs whose cost does not add up
	causes  map[cause]int
	ran     []time.Duration
	late    []time.Duration
	early   int // jobs that had ended before they were first asked about
}

// cause is what failures have in common.
type cause struct{ who, why string }

// maxCauses bounds the causes that are told apart, since a message may hold
// something that is another with every job.
const maxCauses = 1000

// otherCauses is where the rest of them is counted.
var otherCauses = cause{why: "other messages"}

// NewTally returns an empty Tally.
func NewTally() *Tally {
	return &Tally{costs: map[string]edenwait.Cost{}, causes: map[cause]int{}}
}

// Succeeded counts a job that did.
func (t *Tally) Succeeded(job *edenwait.Job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.succeeded++
	t.pay(job)
}

// Failed counts a job that did.
func (t *Tally) Failed(job *edenwait.Job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed++
	t.pay(job)
	why := "no reason given"
	if job.Error != nil {
		why = job.Error.Message
		if job.Error.Code != "" {
			why += " (" + job.Error.Code + ")"
		}
	}
	t.blame(cause{job.Provider, why})
}

// Errored counts an id about which nothing more is to be known; job is nil
// unless it came with one.
func (t *Tally) Errored(job *edenwait.Job, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errored++
	if job != nil {
		t.pay(job)
	}
	t.blame(cause{why: Reason(err)})
}

// GaveUp counts a job that may still end, and was waited for long enough.
func (t *Tally) GaveUp(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gaveUp++
	t.blame(cause{why: Reason(err)})
}

// Known notes when a job that had been seen running was known to have ended: how
// long after its submit, and how long after it was last seen running.
func (t *Tally) Known(ran, late time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ran > 0 { // else the clocks differ, or the job does not say
		t.ran = append(t.ran, ran)
	}
	t.late = append(t.late, late)
}

// Earlier notes what a job cost whose result is from an earlier run.
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

// KnownEarly notes a job that had ended before it was first asked about.
func (t *Tally) KnownEarly() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.early++
}

func (t *Tally) pay(job *edenwait.Job) {
	sum, err := edenwait.SumCosts(t.costs[job.Provider], job.Cost)
	if err != nil {
		t.badCost++
		return
	}
	t.costs[job.Provider] = sum
}

func (t *Tally) blame(c cause) {
	if _, known := t.causes[c]; !known && len(t.causes) >= maxCauses {
		c = otherCauses
	}
	t.causes[c]++
}

// Reason is what an error has in common with those of other jobs: its message
// without the job's id and how long it was waited for.
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
		return "status " + string(status.Job.Status) + " is none that the API documents"
	case errors.As(err, &api):
		text := strings.TrimPrefix((&edenwait.APIError{StatusCode: api.StatusCode, Detail: api.Detail}).Error(), ": ")
		if errors.As(err, &gaveUp) && gaveUp.Polls > 1 {
			text = "asking again did not help: " + text
		}
		return text
	case errors.As(err, &gaveUp):
		err = gaveUp.Err
	}
	return aJobID().ReplaceAllString(err.Error(), "…")
}

// TooLarge is ErrResponseTooLarge with the flag for the field of the Config that
// it names.
const TooLarge = "the response is larger than --max-response-bytes"

// aJobID is what makes one message look like many. It is compiled when it is
// needed, since that takes longer than the rest of a start.
var aJobID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)
})

// quantile is the value that a share of the sorted values does not exceed.
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
