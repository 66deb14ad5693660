package edenwait

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/edenwait/edenwait/internal/engine"
)

// WaitAll blocks until all jobs end. It always returns exactly one Result per id, in
// the order of ids. Check Err before Job: Job is nil if no final response came. An id
// that occurs more than once is polled once, and each of its positions gets the Result.
//
// The error is nil if every job succeeded, else a BatchError. When ctx ends, WaitAll
// returns within a second, or a second after HookGrace if hooks still run. The Results of finished jobs are complete. The others have
// a GaveUpError with the cause. The end of ctx, MaxWait and FailFast affect only this
// call.
func (w *Waiter) WaitAll(ctx context.Context, ids []string) ([]Result, error) {
	results := make([]Result, len(ids))
	c := w.newCall(ctx, waitAll, len(ids))
	complete := false
	defer func() { c.close(!complete) }()
	for i, id := range ids {
		results[i].ID = id
	}
	c.consumer = batch(results)
	if ctx.Err() != nil {
		c.driver.with(c.handle, func(e *engine.Engine, now time.Duration) { e.Cancel(now, c.handle) }) // nothing is to be asked
	}
	for first := 0; first < len(ids); first += piece {
		if first > 0 && ctx.Err() != nil {
			c.over(contextCause(ctx))
		}
		c.take(ids[first:min(first+piece, len(ids))], int32(first))
	}
	c.seal()
	c.logStart()
	progress := c.report(w.config.Hooks.OnProgress)
	c.await()
	c.finish(progress)
	c.logEnd()
	_, cause := c.ended()
	complete = true
	return results, newBatchError(results, cause)
}

// batch keeps the results of a WaitAll.
type batch []Result

func (b batch) name(slot int32) string    { return b[slot].ID }
func (b batch) emit(slot int32, r Result) { b[slot] = r }
func (batch) emitted()                    {}

// AsCompleted yields one Result per id as its job ends, and does not keep it. It may
// run for months: a separate goroutine reads ids as fast as they come, while the loop
// waits for other jobs.
//
// An id that occurs more than once is yielded as often. If it occurs again after its
// job ended, it is polled again, since its result was not kept. Its hook is not called
// again if the id is among the last 65,536 that ended.
//
// When ctx ends, a refused key ends all calls, or FailFast ends this one, AsCompleted
// yields the unfinished jobs with a GaveUpError, and reads no more ids. Ids that were not
// read have no Result. Check ctx.Err and the errors to detect this.
//
// Breaking out of the loop stops everything before it returns. The goroutine that
// reads ids then has 100 ms to stop. If ids is blocked for longer, the goroutine lives
// until ids returns.
//
// While the loop's body is busy, polling of this call's jobs pauses once MaxInFlight
// results await consumption. Jobs that another call also waits for are still polled.
// Results waiting for a hook are buffered without limit. The body and ids may call the
// Waiter.
func (w *Waiter) AsCompleted(ctx context.Context, ids iter.Seq[string]) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		c := w.newCall(ctx, asCompleted, 0)
		finished, complete, left := false, false, false
		defer func() { c.close(!complete && !left) }()
		in, out := &intake{call: c}, &outlet{call: c, limit: w.config.MaxInFlight}
		c.consumer = stream{&in.names, out}
		// The loop's body may be busy when ctx ends: stop polling at once.
		defer context.AfterFunc(ctx, func() { c.over(contextCause(ctx)) })()
		c.logStart()
		progress := c.report(w.config.Hooks.OnProgress)
		in.start(ctx, ids)
		defer func() {
			if finished {
				return
			}
			// The loop was left: drop all further results.
			c.mu.Lock()
			c.quiet = true
			c.mu.Unlock()
			cancel()
			c.over(context.Canceled)
			in.close()
			c.finish(progress)
			in.join()
			c.logEnd()
		}()
		for {
			if c.ctx.Err() != nil {
				c.over(contextCause(ctx))
			}
			thrown, cause := c.ended()
			if cause != nil || thrown != nil {
				in.stop()
				in.close()
				break
			}
			held := out.take()
			for _, r := range held {
				if !yield(r) {
					left = true
					return
				}
			}
			if len(held) > 0 {
				continue
			}
			if c.done() {
				break
			}
			<-c.wake
		}
		c.finish(progress)
		finished = true
		c.logEnd()
		complete = true // from here on the loop's body may panic, or end the goroutine
		for _, r := range out.take() {
			if !yield(r) {
				in.join()
				return
			}
		}
		in.join()
		in.repanic()
	}
}

// stream passes the results of an AsCompleted on.
type stream struct {
	names *names
	out   *outlet
}

func (s stream) name(slot int32) string { return s.names.get(slot) }

func (s stream) emit(slot int32, r Result) {
	s.names.drop(slot)
	s.out.add(r)
}

func (s stream) emitted() { s.out.tell() }

// outlet buffers results for the goroutine that ranges over them. When it holds
// MaxInFlight results, the call's jobs are not polled until they are taken: more
// results would only fill the memory. Results whose hooks have yet to run are not
// buffered here.
type outlet struct {
	call  *call
	limit int

	mu     sync.Mutex
	held   []Result
	paused bool // as it should be
	told   bool // as the engine was told
}

func (o *outlet) add(r Result) {
	o.mu.Lock()
	o.held = append(o.held, r)
	o.paused = o.paused || len(o.held) >= o.limit
	o.mu.Unlock()
	o.call.signal()
}

// take returns the buffered results.
func (o *outlet) take() []Result {
	o.mu.Lock()
	held := o.held
	o.held, o.paused = nil, false
	o.mu.Unlock()
	o.tell()
	return held
}

// tell reports to the engine whether the call is paused, if that has changed. What was
// told is noted as it is read, with the engine's lock. Noted before, it could be what a
// later change undoes while the engine learns of that change only: the call would stay
// paused forever.
func (o *outlet) tell() {
	o.mu.Lock()
	changed := o.paused != o.told
	o.mu.Unlock()
	if !changed {
		return
	}
	o.call.driver.with(o.call.handle, func(e *engine.Engine, now time.Duration) {
		o.mu.Lock()
		paused := o.paused
		o.told = paused
		o.mu.Unlock()
		e.Pause(now, o.call.handle, paused)
	})
}
