package edenwait

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"
)

// Source returns the states of jobs to a Waiter. A [Poller] is one. Another may put a
// cache before it, keep what webhooks deliver, or call a different API whose jobs
// have the same life. A Source that is also a [Lister] is used in bulk too. One that
// embeds a Poller is a Lister, and lists what the Poller lists.
//
// Up to MaxInFlight of its methods run at the same time for one Waiter. Each call of
// one counts against Rate, even if it is answered from memory.
type Source interface {
	// Get returns the job's state, for an id that is a UUID in lower case. It must
	// be safe for concurrent use, and return when ctx ends.
	//
	// Its ctx carries the values of the call that has waited for the job longest,
	// possibly after that call has returned. It has no deadline, and is cancelled when
	// the last call that waits for the job has left.
	//
	// The Job's Status must be set. Its ID may be empty; otherwise it must equal id,
	// ignoring case. A Status other than StatusProcessing is final.
	//
	// The effect of an error depends on what it matches:
	//
	//   - ErrNotFound and ErrResponseTooLarge end the job. If ErrNotFound is an
	//     APIError, it does so only once the wait is five seconds old, since the job
	//     may be too new.
	//   - An APIError with status 400, 410 or 422 ends the job.
	//   - ErrUnauthorized and ErrPaymentRequired (401, 402, 403) end every call that was
	//     open when Get was called. If a Get has succeeded before, another one has to
	//     confirm it first.
	//   - ErrRateLimited slows all requests.
	//   - Any other error, a nil Job and a panic are retried, up to MaxErrors times.
	//
	// The RetryAfter of an APIError is honored, up to five minutes.
	Get(ctx context.Context, id string) (*Job, error)
}

// Lister is implemented by a Source that can return the states of many jobs at once.
// Its answers are hints: only Get ends a job.
type Lister interface {
	// List returns one page of the account's jobs, newest first. It must be safe
	// for concurrent use, and return when ctx ends. Its ctx carries no values.
	//
	// A Waiter calls it with StatusProcessing and a Limit of 1000, from the last page
	// to the first, and calls Get for each job that no page shows. So a List that
	// ignores Status or Page is of no use. The Waiter reads the number of pages from
	// TotalPages, or else from Total and Limit. It ignores Page.
	//
	// An error never ends a job or a call. If the first page is answered 404, 403 or
	// the like, there is no list: it is tried again after half an hour. After any other
	// error it is tried again within a minute.
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
