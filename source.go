package edenwait

import "context"

// Source returns the states of jobs to a Waiter. A [Poller] is a Source. Other Sources
// may add a cache, store webhook deliveries, or call another API and translate its
// answers, as the example does. The ids must be UUIDs.
//
// If a Source is also a [Lister], the Waiter reads its list too. A Source that embeds a
// Poller is a Lister with the Poller's list. The Poller's connections are then closed
// when the Waiter's last call ends.
//
// A Waiter makes up to MaxInFlight concurrent calls of a Source. Each call counts
// against Rate, even if it is answered from memory.
type Source interface {
	// Get returns the state of the job with this id, a UUID in lower case. It must be
	// safe for concurrent use, and return when ctx ends.
	//
	// ctx carries the values of the call that has waited for the job longest, possibly
	// after that call has returned. It has no deadline, and is cancelled when the last
	// call that waits for the job returns. So a Get that sends a request must bound its
	// time: RequestTimeout applies to a Poller only. While a Get does not return, its job
	// is not polled again.
	//
	// The Job's Status must be set. Its ID may be empty; otherwise it must equal id,
	// ignoring case. A Status other than StatusProcessing is final. Durations are learned
	// by Feature, Subfeature, Provider and Model, and CreatedAt gives the job's age, so
	// set those that are known.
	//
	// The effect of an error depends on what it matches:
	//
	//   - ErrNotFound and ErrResponseTooLarge end the job. If ErrNotFound is an
	//     APIError, it does so only once the wait is five seconds old, since the job
	//     may be too new.
	//   - An APIError with status 400, 410 or 422 ends the job.
	//   - ErrUnauthorized and ErrPaymentRequired (401, 402, 403) end every call that was
	//     open when Get was called. If a Get has succeeded before, another Get confirms
	//     the error first.
	//   - ErrRateLimited slows all requests.
	//   - Any other error, a nil Job and a panic are retried, up to MaxErrors times.
	//
	// The RetryAfter of an APIError is honored, up to five minutes. A Source that sends
	// requests sets it from the header Retry-After.
	Get(ctx context.Context, id string) (*Job, error)
}

// Lister is implemented by a Source that can return the states of many jobs at once.
// Its answers are hints: only Get ends a job.
type Lister interface {
	// List returns one page of the account's jobs, newest first. It must be safe
	// for concurrent use, and return when ctx ends. Its ctx carries no values.
	//
	// A Waiter calls it with StatusProcessing and a Limit of 1000, from the last page
	// to the first, and calls Get for each job that no page shows. So List must honor
	// Status and Page. The Waiter reads the number of pages from TotalPages, or else from
	// Total and Limit. It ignores Page in the answer.
	//
	// An error never ends a job or a call. If the first page is answered with a status
	// such as 401, 403, 404 or 405, the Waiter retries the list after half an hour. After
	// any other error, it retries within a minute.
	List(ctx context.Context, query ListQuery) (*JobPage, error)
}
