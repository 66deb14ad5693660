package edenwait

import "context"

// Source answers what a Waiter asks. A [Poller] is one; another may put a cache
// before it, keep what webhooks deliver, or ask a different API whose jobs have
// the same life. A Source that is a [Lister] too is also asked in bulk; one that
// embeds a Poller is, and lists what the Poller lists; the Poller's connections are
// then closed when the Waiter's last call ends.
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
