package edenwait

import (
	"context"
	"iter"
)

// WaitAll blocks until all jobs end and returns one Result an id, in the order
// of ids, whatever happens: len(ids) of them. Its Job is nil where no final
// response came, so look at its Err first. An id that is there more than once is
// asked about once.
//
// The error is nil if every job succeeded, else a BatchError. When ctx ends,
// WaitAll returns within a second; the Results of jobs that ended are complete,
// those of the others carry a GaveUpError with the cause.
func (w *Waiter) WaitAll(ctx context.Context, ids []string) ([]Result, error) {
	results := make([]Result, len(ids))
	cause := w.run(ctx, ids, func(index int, r Result) { results[index] = r })
	return results, newBatchError(results, cause)
}

// AsCompleted yields one Result an id as jobs end, and keeps none. The ids are
// read as fast as they come, in a goroutine of its own, so that ids may go on
// arriving while others are waited for. An id that is there more than once is
// yielded as often, and its hooks are called once; one that comes again after its
// end is asked about anew, since its result is not kept. What is kept of each id,
// a few dozen bytes, is kept until the loop ends.
//
// Breaking out of the loop stops everything before it returns; only a goroutine
// that is blocked inside of ids for longer than a tenth of a second ends no
// earlier than ids lets it. When ctx ends, or an answer ends the batch, the jobs
// that have not ended are yielded with a GaveUpError, and ids is read no further:
// whether it was read to its end, ctx.Err and the errors tell. While the loop's
// body is busy, polling goes on, but not many results further than it has taken;
// results whose hooks have yet to run are held, however many.
func (w *Waiter) AsCompleted(ctx context.Context, ids iter.Seq[string]) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		ctx, cancel := context.WithCancel(ctx)
		in, out := newIntake(ctx, ids), newOutlet()
		go func() {
			defer close(out.batches)
			// A panic of what the caller passed in, a BackOff or a Logger, is thrown
			// where the caller can catch it, as it is by WaitAll.
			defer func() { out.thrown = recover() }()
			e := w.newEngine(ctx, in)
			e.out, e.settle = out, func(_ int, r Result) { out.add(r) }
			e.loop()
		}()
		defer func() {
			cancel()
			for range out.batches {
			}
			in.join()
		}()
		for batch := range out.batches {
			for _, result := range batch {
				if !yield(result) {
					return
				}
			}
		}
		in.repanic()
		if out.thrown != nil {
			panic(out.thrown)
		}
	}
}

// run waits for all ids in the caller's goroutine. The result is why it ended
// before the jobs did, or nil.
func (w *Waiter) run(ctx context.Context, ids []string, settle func(int, Result)) error {
	e := w.newEngine(ctx, nil)
	e.settle = settle
	e.takeAll(ids)
	e.loop()
	return e.cause
}

// newBatchError returns nil if all went well.
func newBatchError(results []Result, cause error) error {
	b := &BatchError{Total: len(results), Cause: cause}
	failing := 0
	for i := range results {
		if results[i].Err != nil {
			failing++
		}
	}
	if failing == 0 {
		return nil // the context may have ended, but after the last job
	}
	b.Errs = make([]error, 0, failing)
	for i := range results {
		r := &results[i]
		switch {
		case r.Err == nil:
			b.Succeeded++
			continue
		case r.Job != nil && r.Job.Status == StatusFail:
			b.Failed++
		default:
			b.Errored++
		}
		b.Errs = append(b.Errs, r.Err)
	}
	return b
}
