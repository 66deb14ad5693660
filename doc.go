// Package edenwait waits for Eden AI async jobs to end: one or a million, within
// the account's rate limit, and without losing a result.
//
// A pipeline submits its jobs, keeps the public_id of each answer, and passes
// these ids to a [Waiter]:
//
//	waiter, err := edenwait.New(edenwait.Config{Token: os.Getenv("EDENAI_API_KEY")})
//	if err != nil {
//		return err
//	}
//	results, err := waiter.WaitAll(ctx, ids)
//
// [Waiter.Wait] waits for one job. [Waiter.WaitAll] returns exactly one [Result]
// per id, in the order of ids. [Waiter.AsCompleted] yields each Result when its job
// ends and keeps none.
//
// # What is sent, and when
//
// An account may send a few requests per second, ten unless raised, across all its
// keys and all its calls. All requests of a Waiter share one rate limit
// ([Config.Rate]). Of all requests that could go now, the most useful one goes:
// first the GETs of jobs known to have ended, then a page of the job list if that is
// cheaper than polling each job that is due, then the job that has been due for
// longest. The list is only a hint. Only a job's own GET ends its wait.
//
// # Concurrent calls
//
// All calls of a Waiter share one engine, so use one Waiter per account. A thousand
// goroutines that each call Wait are as good as one WaitAll of the same jobs. A job
// is polled once, and its hook runs once, however many calls wait for it then.
//
// The GETs of a job and its hook carry the values of the context of the call that
// has waited for it longest. They end when the last call that waits for it has left.
// So values of a context may be used after the call that brought them has returned.
//
// # What is promised
//
// One job's trouble does not affect other jobs. Transient errors are retried with
// backoff. A final error ends that job alone. A 429 slows all requests and counts
// against no job. A refused key or account (401, 402, 403) ends every call that was
// open when the request was sent. If the key has worked before, one more GET has to
// confirm the refusal first. When the context of a call ends, every job that has
// ended is in its Result, and the others say how far they came, in a [GaveUpError].
// Every error of this package matches with [errors.Is] and [errors.As] through all
// of its layers.
//
// The package submits nothing. An async submit has no idempotency key, so a retry
// bills twice, and that decision is the caller's.
package edenwait
