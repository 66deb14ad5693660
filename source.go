package edenwait

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"
)

// Source answers what a Waiter asks. A [Poller] is one; another may put a cache
// before it, keep what webhooks deliver, or ask a different API whose jobs have
// the same life. A Source that is a [Lister] too is also asked in bulk; one that
// embeds a Poller is, and lists what the Poller lists.
//
// A Waiter asks for up to MaxInFlight jobs at once in each of its calls, and draws
// each question from its Rate, also one that is answered from memory.
type Source interface {
	// Get returns the job's state, for an id that is a UUID in lower case. It must
	// be safe for concurrent use, and return when ctx ends.
	//
	// Of the Job, Status must be set; an ID that is empty is taken for the one asked
	// for, any other must be it. A Status other than StatusProcessing is final.
	//
	// An error is judged by what it matches. ErrNotFound and ErrResponseTooLarge
	// end the job, ErrUnauthorized and ErrPaymentRequired the batch; ErrRateLimited
	// slows all requests. An APIError is judged by its StatusCode: 408, 425, 429 and
	// 5xx are transient, 401, 402 and 403 end the batch, other 4xx the job, though a
	// 404 is not believed while the wait is younger than five seconds, since the
	// job may be too new. Its RetryAfter is heeded, up to five minutes. Any other
	// error, a nil Job and a panic are asked again, up to MaxErrors times.
	Get(ctx context.Context, id string) (*Job, error)
}

// Lister is what a Source may be too: asked for the states of many jobs at once.
// Its answers are hints; a Waiter asks Get before it believes one.
type Lister interface {
	// List returns one page of the account's jobs, newest first. It must be safe
	// for concurrent use, and return when ctx ends.
	//
	// A Waiter asks with StatusProcessing and a Limit of 1000, from the last page to
	// the first, and has Get asked for each job that no page shows. So a List that
	// pays no heed to Status or Page is of no use. How many pages there are it reads
	// from TotalPages, or else from Total and Limit; Page it does not read. An error
	// never ends a job or a batch: 404, 403 and the like, on the first page, mean
	// that there is no list, all others that it is to be tried later.
	List(ctx context.Context, query ListQuery) (*JobPage, error)
}

// ListQuery selects a page of the account's jobs. Empty fields do not filter.
type ListQuery struct {
	Status     Status
	Feature    string
	Subfeature string
	// Page counts from 1. Defaults to 1.
	Page int
	// Limit is the size of a page, 1 to 1000. Defaults to 100.
	Limit int
}

// JobPage is one page of the account's jobs.
type JobPage struct {
	Items []JobSummary `json:"items"`
	// Total and TotalPages count what the query selects, at the time of asking.
	Total int `json:"total"`
	// Page and Limit are the query's, as the server took them.
	Page       int `json:"page"`
	Limit      int `json:"limit"`
	TotalPages int `json:"total_pages"`
}

// JobSummary is a job as the list shows it, without output, error and cost. The
// fields are those of a Job.
type JobSummary struct {
	ID         string    `json:"public_id"`
	Status     Status    `json:"status"`
	Feature    string    `json:"feature"`
	Subfeature string    `json:"subfeature"`
	Provider   string    `json:"provider"`
	Model      string    `json:"model,omitempty"`
	CreatedAt  time.Time `json:"created_at,omitzero"`
}

// UnmarshalJSON reads an item of the list, as tolerantly as a Job is read.
func (s *JobSummary) UnmarshalJSON(data []byte) error {
	var wire wireJob
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	*s = JobSummary{
		ID: wire.ID.text(), Status: Status(wire.Status.text()),
		Feature: wire.Feature.text(), Subfeature: wire.Subfeature.text(),
		Provider: wire.Provider.text(), Model: wire.Model.text(),
		CreatedAt: parseTime(wire.CreatedAt.text()),
	}
	return nil
}

func (q ListQuery) values() url.Values {
	values := url.Values{}
	for name, value := range map[string]string{"status": string(q.Status), "feature": q.Feature, "subfeature": q.Subfeature} {
		if value != "" {
			values.Set(name, value)
		}
	}
	for name, value := range map[string]int{"page": q.Page, "limit": q.Limit} {
		if value != 0 {
			values.Set(name, strconv.Itoa(value))
		}
	}
	return values
}
