// Package edenwait blocks until Eden AI async jobs end: one or a million,
// inside the account's request budget, losing nothing.
//
// A batch pipeline submits its jobs, keeps their ids, and hands them over:
//
//	waiter, err := edenwait.New(edenwait.Config{Token: os.Getenv("EDENAI_API_KEY")})
//	if err != nil {
//		return err
//	}
//	results, err := waiter.WaitAll(ctx, ids)
//
// There is one [Result] an id, in the order of ids, whatever happens on the
// way. [Waiter.Wait] waits for a single job, [Waiter.AsCompleted] yields each
// result when its job ends and holds none.
//
// # What is asked, and when
//
// An account may send a few requests a second, ten unless raised, over all its
// keys and all its calls. A Waiter therefore draws every request it sends from
// one budget ([Config.Rate]) and spends it on the question that tells most:
// the GET of a job known to have ended, else a page of the job list when that
// is cheaper than asking about each job that is due, else the job that is due
// for longest. The list is only ever a hint: nothing but a job's own GET ends
// its wait.
//
// # What is promised
//
// The trouble of one job is its own: what is transient is asked again with
// backoff, what is final ends that job alone. An answer that concerns everyone
// (401, 402, 403) ends the batch at once, and a 429 slows all requests without
// counting against any job. When the context ends, every finished job is in its
// Result, and the others say how far they came, in a [GaveUpError]. Every error
// of this package matches with [errors.Is] and [errors.As] through all of its
// layers.
//
// The package submits nothing: an async submit has no idempotency key, so a
// retry bills twice, and that decision is the caller's.
package edenwait
