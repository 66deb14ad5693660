// Package edenwait waits for Eden AI async jobs to end. It polls one job or a million
// within the account's rate limit, and does not lose a result.
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
// An account may send ten requests per second, unless its limit was raised, across all
// its keys. All requests of a Waiter share one rate limit ([Config.Rate]). The Waiter
// always sends the most useful request next:
//
//   - the GET of a job that is known to have ended
//   - otherwise a page of the job list, if that is cheaper than polling all jobs that are due
//   - otherwise the GET of the job that has been due for longest
//
// Only a job's own GET ends its wait. The list is a hint.
//
// # Concurrent calls
//
// All calls of a Waiter share one engine, so use one Waiter per account. A thousand
// goroutines that each call Wait are as good as one WaitAll of the same jobs. A job
// that several calls wait for is polled once, and its hook runs once.
//
// The GETs of a job and its hook carry the context values of the call that has waited
// for it longest. Their context is cancelled when the last call that waits for the job
// returns. So a context's values may be used after the call that got it has returned.
//
// # Other APIs
//
// A Waiter can also wait for the jobs of another API, if their ids are UUIDs: write a
// [Source], which is one method, and set Config.Source. The texts of errors still say
// that results are kept for 7 days, as Eden AI's are.
//
// # What is promised
//
//   - A failure of one job does not affect other jobs. Transient errors are retried with
//     backoff. A final error ends that job alone.
//   - A 429 slows all requests, and does not count as a failure of a job.
//   - A refused key or account (401, 402, 403) ends every call that was open when the
//     request was sent. If the key has worked before, one more GET confirms it first.
//   - When the context of a call ends, every finished job is in its Result. The other
//     Results have a [GaveUpError] with the last status and the number of polls.
//   - Every error matches with [errors.Is] and [errors.As] through all layers.
//
// The package does not submit jobs. An async submit has no idempotency key, so a retry may
// be billed twice. Whether to retry is the caller's decision.
package edenwait
