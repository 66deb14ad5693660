package edenwait

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/edenwait/edenwait/internal/engine"
)

// call is one call of a Waiter: ids in, results out. The goroutine that made the call
// takes its ids in, gives up unfinished ones and builds the results. It does so in pieces,
// so that a call with a million jobs does not delay other calls.
type call struct {
	driver *driver
	config *Config
	log    *zap.Logger
	level  zapcore.Level // of the lines at its start and end
	method method
	ids    int32 // that it was given at once
	ctx    context.Context
	began  time.Time
	handle *engine.Call
	hooks  hookLine
	runner *hookRunner

	consumer consumer

	// wake says that something has changed for the goroutine that waits.
	wake chan struct{}

	mu      sync.Mutex
	pending int // slots without a result
	waits   int // of the engine
	counts  tally
	past    *past // nil while no id has ended before all were taken in
	badIDs  map[string]*badID
	sealed  bool  // no more ids come
	cause   error // why the call ended early; nil while it goes on
	thrown  any   // panic value to be thrown in the caller's goroutine
	quiet   bool  // results are no longer taken
}

// tally is how jobs ended.
type tally struct {
	succeeded, failed, errored int
	answered                   int // of these, with a final response
}

// consumer takes the results of a call.
type consumer interface {
	// name is the id as it was passed in.
	name(slot int32) string
	emit(slot int32, r Result)
	// emitted is called after emit, without the call's lock: what it tells the
	// engine may bring further results.
	emitted()
}

// stopWithin is how long a call goes on for hooks that ignore the end of its
// context, before it gives their results up: with time to spare for a million
// results within the second that is promised. The engine waits as long for
// requests.
const stopWithin = 400 * time.Millisecond

// piece is how many ids are taken in, or given up, while nobody else gets the
// lock.
const piece = 1024

// method is which of the Waiter's methods was called.
type method uint8

const (
	waitOne method = iota
	waitAll
	asCompleted
)

func (m method) String() string { return [...]string{"Wait", "WaitAll", "AsCompleted"}[m] }

func (w *Waiter) newCall(ctx context.Context, m method, ids int) *call {
	c := &call{wake: make(chan struct{}, 1), level: zapcore.InfoLevel, method: m, ids: int32(ids)}
	c.open(ctx, w)
	return c
}

// open begins a call.
func (c *call) open(ctx context.Context, w *Waiter) {
	c.driver, c.config, c.log, c.runner = w.driver, &w.config, w.config.Logger, w.hooks
	c.ctx, c.began = ctx, time.Now()
	c.ctx = c.driver.tracer.callStart(ctx, c.info(), c.crash)
	deadline, limited := ctx.Deadline()
	w.driver.begin(c, deadline, limited)
}

func (c *call) info() CallInfo { return CallInfo{Method: c.method.String(), Jobs: int(c.ids)} }

func (c *call) opened(handle *engine.Call) { c.handle = handle }

func (c *call) values() context.Context { return c.ctx }

// over ends the call early: no more requests are sent for it.
func (c *call) over(cause error) {
	c.mu.Lock()
	first := c.cause == nil
	if first {
		c.cause = cause
	}
	c.mu.Unlock()
	if first {
		c.driver.with(c.handle, func(e *engine.Engine, now time.Duration) { e.Cancel(now, c.handle) })
		c.signal()
	}
}

// refused ends the call early. The engine sends nothing more for it already.
func (c *call) refused(cause error) {
	c.mu.Lock()
	if c.cause == nil {
		c.cause = refusal{cause}
	}
	c.mu.Unlock()
	c.signal()
}

// refusal is a cause as it came: it may have methods of the caller's, which must not run
// under a lock.
type refusal struct{ error }

func (c *call) crash(thrown any) {
	c.mu.Lock()
	if c.thrown == nil {
		c.thrown = thrown
	}
	c.mu.Unlock()
	c.signal()
}

func (c *call) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// badID is a malformed id.
type badID struct {
	err    error
	hooked bool    // its hook has been called, and err holds what came of it
	slots  []int32 // that wait for the hook
}

// maxBadIDs is how many malformed ids are remembered, so that the hook of one is
// called once.
const maxBadIDs = 4096

// take takes some ids in, at most a piece.
func (c *call) take(ids []string, first int32) {
	type watched struct {
		key  engine.Key
		slot int32
	}
	watch := make([]watched, 0, min(len(ids), piece))
	for i, id := range ids {
		parsed, err := parseID(id)
		if err != nil {
			c.refuse(id, first+int32(i), fmt.Errorf("edenwait: %w", err))
			continue
		}
		watch = append(watch, watched{engine.Key(parsed), first + int32(i)})
	}
	c.mu.Lock()
	c.pending += len(watch)
	c.waits += len(watch)
	for _, w := range watch {
		c.remember(w.key, w.slot)
	}
	c.mu.Unlock()
	again := 0
	c.driver.with(c.handle, func(e *engine.Engine, now time.Duration) {
		for _, w := range watch {
			if e.Watch(now, c.handle, w.key, w.slot) {
				again++
			}
		}
	})
	if again > 0 {
		c.mu.Lock()
		c.waits -= again
		c.mu.Unlock()
	}
}

// refuse returns the result of a malformed id, at each of its positions.
func (c *call) refuse(id string, slot int32, err error) {
	c.mu.Lock()
	bad, again := c.badIDs[id]
	if again && bad.hooked {
		c.pending++
		c.result(slot, Result{ID: id, Err: bad.err})
		c.mu.Unlock()
		c.consumer.emitted()
		return
	}
	c.pending++
	if again {
		bad.slots = append(bad.slots, slot)
		c.mu.Unlock()
		return
	}
	if c.badIDs == nil || len(c.badIDs) >= maxBadIDs {
		c.badIDs = map[string]*badID{}
	}
	bad = &badID{slots: []int32{slot}}
	c.badIDs[id] = bad
	c.counts.errored++
	c.mu.Unlock()
	c.runner.add(newErrorHook(&c.config.Hooks, id, err), []*hookPart{{line: &c.hooks, ctx: c.ctx, then: func(hookErr error) {
		c.mu.Lock()
		bad.err, bad.hooked = joinHookError(err, hookErr), true
		for _, slot := range bad.slots {
			c.result(slot, Result{ID: id, Err: bad.err})
		}
		c.mu.Unlock()
		c.consumer.emitted()
	}}})
	c.failFast(err)
}

// result hands out a result. It is called with the call's lock.
func (c *call) result(slot int32, r Result) {
	c.pending--
	if !c.quiet && c.thrown == nil { // the goroutine that throws has the results already
		c.consumer.emit(slot, r)
	}
	if c.cause != nil || c.sealed && c.pending == 0 {
		c.signal()
	}
}

// complete returns the result of a wait, at each position of its id.
func (c *call) complete(w *engine.WaitEnd, r Result) {
	c.mu.Lock()
	r.ID = c.consumer.name(w.Slot)
	c.result(w.Slot, r)
	for _, slot := range w.More {
		r.ID = c.consumer.name(slot)
		c.result(slot, r)
	}
	c.mu.Unlock()
	c.consumer.emitted()
}

// failFast ends the call with the first error, if FailFast is set. It does not wrap that
// error, because the other jobs did not fail for the same reason.
func (c *call) failFast(err error) {
	if err != nil && c.config.FailFast {
		c.over(fmt.Errorf("%w: %s", ErrFailFast, inside(err, "")))
	}
}

// seal says that no more ids come.
func (c *call) seal() {
	c.mu.Lock()
	c.sealed = true
	c.mu.Unlock()
	c.signal()
}

// done reports whether every id has its result.
func (c *call) done() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sealed && c.pending == 0
}

// await blocks until every id has its result, or the call has ended early.
func (c *call) await() {
	for {
		if c.ctx.Err() != nil && !c.done() {
			c.over(contextCause(c.ctx))
		}
		if thrown, cause := c.ended(); cause != nil || thrown != nil || c.done() {
			return
		}
		select {
		case <-c.ctx.Done():
		case <-c.wake:
		}
	}
}

// finish gives up what has not ended, if the call ended early, and waits for what
// is under way: for requests as long as the engine does, for hooks and OnProgress
// until they have ended, but not for long once the context has.
func (c *call) finish(progress *reporter) {
	if thrown, cause := c.ended(); cause != nil && thrown == nil {
		if c.ctx.Err() != nil && c.config.HookGrace == 0 { // an answer that still counts may have a hook
			c.runner.leave(&c.hooks)
		}
		c.drain(cause)
		for c.live() {
			<-c.wake
		}
	}
	reported := progress.finish()
	over, grace, late := c.ctx.Done(), (<-chan time.Time)(nil), (<-chan time.Time)(nil)
	for {
		if thrown, _ := c.ended(); thrown != nil || c.done() && reported == nil {
			return
		}
		select {
		case <-over:
			over = nil
			if c.config.HookGrace > 0 {
				grace = time.After(c.config.HookGrace)
				continue
			}
			c.runner.leave(&c.hooks)
			late = time.After(stopWithin)
		case <-grace:
			c.runner.leave(&c.hooks)
			late = time.After(stopWithin)
		case <-late:
			c.cutOff()
			reported = nil
			late = time.After(stopWithin) // a Logger that blocks may keep an end from its hook until now
		case <-reported:
			reported = nil
		case <-c.wake:
		}
	}
}

// cutOff gives up the call's hooks, and says how many.
func (c *call) cutOff() {
	running, waiting := c.runner.abandon(&c.hooks, contextCause(c.ctx))
	if running+waiting > 0 {
		guard("Logger", c.driver.fail, func() {
			c.log.Warn("hooks were cut off, since the context of their call has ended", zap.Int("running", running), zap.Int("not_called", waiting))
		})
	}
}

// live reports whether the engine has yet to end a wait of the call.
func (c *call) live() (live bool) {
	c.driver.look(c.handle, func(e *engine.Engine, _ time.Duration) { live = e.Live(c.handle) > 0 })
	return live
}

// drain gives up the waits that the early end of the call found, piece by piece.
// The jobs have not ended, so no hook is called for them.
func (c *call) drain(cause error) {
	buffer := make([]engine.WaitEnd, piece)
	for {
		n := 0
		c.driver.with(c.handle, func(e *engine.Engine, now time.Duration) { n = e.Drain(now, c.handle, buffer) })
		for i := range buffer[:n] {
			w := &buffer[i]
			c.complete(w, stopped(w, w.Value, c.consumer.name(w.Slot), cause))
		}
		if n == 0 {
			return
		}
	}
}

// close forgets the call, and panics with thrown, if it is set. If the goroutine is
// already ending, it does not panic: after a runtime.Goexit nothing could recover it.
func (c *call) close(ending bool) {
	c.driver.tracer.callEnd(c.ctx, func() CallEndInfo {
		_, cause := c.ended()
		return CallEndInfo{CallInfo: c.info(), Progress: c.snapshot(), Err: cause}
	})
	c.driver.end(c.handle)
	if thrown, _ := c.ended(); thrown != nil && !ending {
		panic(thrown)
	}
}
