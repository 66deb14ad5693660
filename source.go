package edenwait

import "context"

// Source returns the states of jobs to a Waiter. A [Poller] is one. Another may put a
// cache before it, keep what webhooks deliver, or call a different API whose jobs
// have the same life. A Source that is also a [Lister] is used in bulk too. One that
// embeds a Poller is a Lister, and lists what the Poller lists. The Poller's
// connections are then closed when the Waiter's last call ends.
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
