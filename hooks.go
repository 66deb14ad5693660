package edenwait

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// Hooks are called as jobs end. Each may be nil.
//
// Each hook runs once per job, for all calls that wait for the job when it ends.
// These calls return after it has. A call that begins to wait for the job later is a
// new wait, with a hook of its own.
//
// Hooks run off the polling path, up to sixteen at once per call, so a slow hook
// delays no poll. An error or a panic becomes the Result's HookError, beside its
// intact Job. A hook may call the Waiter.
//
// Its ctx carries the values of the call that has waited longest, possibly after that
// call has returned. It is cancelled when the last of the calls has left.
//
// When the context of a call ends, hooks have until the call returns, within a second.
// A hook that is still running or waiting then becomes a HookError of that call, and
// one that ignores its ctx outlives the call. Hooks for jobs that end just before
// cancellation get a ctx that is already cancelled. Hooks that save results need
// [Config.HookGrace], or the last ones are lost.
type Hooks struct {
	// OnSuccess gets the final response of a job that succeeded, once per job.
	OnSuccess func(ctx context.Context, job *Job) error

	// OnFail gets the final response of a job that failed, once per job.
	OnFail func(ctx context.Context, job *Job) error

	// OnError is called for a job that ended without a final response, or with a
	// status outside the contract: a malformed id, an id that the API does not know,
	// MaxErrors, MaxWait, a BackOff that stopped. It is about a wait: if the MaxWait of
	// one call passes, it is called for that call, though another call may still get
	// the job. It is not called for jobs that were still running when the context, a
	// refused key or FailFast ended the call, because those have not ended.
	OnError func(ctx context.Context, id string, err error)

	// OnProgress gets the state of one call whenever it has changed, at most four times
	// per second, and a last time before the call returns. For one call, it never runs
	// twice at the same time. For several calls, it does.
	OnProgress func(Progress)
}

// maxHooks is how many hooks of one call run at once. They are a call's places and
// not the Waiter's: sixteen hooks that each wait for a job with a hook, on the
// same Waiter, would wait forever.
const maxHooks = 16

// hookTask is a hook to call, for one call or for several.
type hookTask struct {
	id      string
	call    func(ctx context.Context) error
	parts   []*hookPart
	started bool
	cancel  context.CancelFunc // of a context of its own
}

// hookPart is what one call has to do with a task.
type hookPart struct {
	line *hookLine
	ctx  context.Context
	then func(error) // what to do with the hook's error

	left bool // the call has left
	over bool // then has been called, or is about to be
}

// hookLine has the hooks of one call: those that run in its places, and those that
// stand in line for one.
type hookLine struct {
	running int
	waiting []*hookTask
	tasks   map[*hookTask]*hookPart // all that have not ended
	left    bool                    // the call has left: so have its parts that are yet to come
}

// hookRunner runs the hooks of all calls, in goroutines of their own.
type hookRunner struct {
	redact func(string) string
	grace  bool // a hook's context outlives that of its call

	mu      sync.Mutex
	running int
	waiting int // in at least one line
}

// counts are how many hooks run, and how many wait for a place.
func (r *hookRunner) counts() (running, waiting int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running, r.waiting
}

// newHook is the hook for a result; nil if there is none.
func newHook(hooks *Hooks, r Result) *hookTask {
	final, hook := r.Job, hooks.OnSuccess
	if final != nil && final.Status == StatusFail {
		hook = hooks.OnFail
	}
	switch {
	case final == nil:
		var gaveUp *GaveUpError
		id := r.ID
		if errors.As(r.Err, &gaveUp) {
			id = gaveUp.ID
		}
		return newErrorHook(hooks, id, r.Err)
	case r.Err != nil && final.Status != StatusFail:
		return newErrorHook(hooks, final.ID, r.Err)
	case hook == nil:
		return nil
	}
	return &hookTask{id: final.ID, call: func(ctx context.Context) error { return hook(ctx, final) }}
}

func newErrorHook(hooks *Hooks, id string, err error) *hookTask {
	hook := hooks.OnError
	if hook == nil {
		return nil
	}
	return &hookTask{id: id, call: func(ctx context.Context) error {
		hook(ctx, id, err)
		return nil
	}}
}

// add calls the hook as soon as one of its calls has a place for it. Then, or at
// once if there is none, each part is told.
func (r *hookRunner) add(t *hookTask, parts []*hookPart) {
	if t == nil {
		for _, part := range parts {
			part.then(nil)
		}
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t.parts = parts
	for _, part := range parts {
		line := part.line
		part.left = line.left
		if line.tasks == nil {
			line.tasks = map[*hookTask]*hookPart{}
		}
		line.tasks[t] = part
	}
	for _, part := range parts {
		if part.line.running < maxHooks {
			r.start(t, part.line)
			return
		}
	}
	r.waiting++
	for _, part := range parts {
		part.line.waiting = append(part.line.waiting, t)
	}
}

// start runs a task in a place of the line. The context is that of the call, or
// if there are several, of the first, until the last of them has left. So it is where
// hooks have a grace, before which a call does not leave.
func (r *hookRunner) start(t *hookTask, line *hookLine) {
	t.started = true
	line.running++
	r.running++
	ctx := t.parts[0].ctx
	if len(t.parts) > 1 || r.grace {
		ctx, t.cancel = context.WithCancel(context.WithoutCancel(ctx))
		r.cancelIfLeft(t)
	}
	go t.run(ctx, r.redact, func(err error) { r.end(t, line, err) })
}

// end tells the parts of a hook that has ended, and starts the next in its place.
func (r *hookRunner) end(t *hookTask, line *hookLine, err error) {
	r.mu.Lock()
	line.running--
	r.running--
	for len(line.waiting) > 0 && line.running < maxHooks {
		next := line.waiting[0]
		line.waiting[0] = nil
		line.waiting = line.waiting[1:]
		if !next.started {
			r.waiting--
			r.start(next, line)
		}
	}
	var told []*hookPart
	for _, part := range t.parts {
		delete(part.line.tasks, t)
		if !part.over {
			part.over = true
			told = append(told, part)
		}
	}
	if t.cancel != nil {
		t.cancel()
	}
	r.mu.Unlock()
	for _, part := range told {
		part.then(err)
	}
}

// leave says that the context of the line's call has ended.
func (r *hookRunner) leave(line *hookLine) {
	r.mu.Lock()
	defer r.mu.Unlock()
	line.left = true
	for t, part := range line.tasks {
		part.left = true
		r.cancelIfLeft(t)
	}
}

func (r *hookRunner) cancelIfLeft(t *hookTask) {
	for _, part := range t.parts {
		if !part.left {
			return
		}
	}
	if t.cancel != nil {
		t.cancel()
	}
}

// abandon gives up every hook of the line that has not ended, for its call alone. It
// returns how many were running, and how many had not begun.
func (r *hookRunner) abandon(line *hookLine, why error) (running, waiting int) {
	r.mu.Lock()
	type given struct {
		part *hookPart
		err  error
	}
	var told []given
	for t, part := range line.tasks {
		delete(line.tasks, t)
		part.left = true
		r.cancelIfLeft(t)
		if part.over {
			continue
		}
		part.over = true
		what := "still running: %w"
		if t.started {
			running++
		} else {
			waiting++
			what = "not called: %w"
			if allOver(t) {
				t.started = true // for nobody, so it is not called at all
				r.waiting--
			}
		}
		told = append(told, given{part, &HookError{ID: t.id, Err: fmt.Errorf(what, why), CutOff: true}})
	}
	line.waiting = nil
	r.mu.Unlock()
	for _, g := range told {
		g.part.then(g.err)
	}
	return running, waiting
}

func allOver(t *hookTask) bool {
	for _, part := range t.parts {
		if !part.over {
			return false
		}
	}
	return true
}

// run turns a panic, and a runtime.Goexit, into the hook's error: neither may
// take other results with it.
func (t *hookTask) run(ctx context.Context, redact func(string) string, done func(error)) {
	var failure error = &HookError{ID: t.id, Err: errors.New("called runtime.Goexit")}
	// Deferred by itself: see requester.send.
	defer func() {
		_ = recover()
		done(failure)
	}()
	defer func() {
		if thrown := recover(); thrown != nil {
			failure = &HookError{ID: t.id, Err: thrownError("panic", thrown, redact), Stack: debug.Stack()}
		}
	}()
	if err := t.call(ctx); err != nil {
		failure = &HookError{ID: t.id, Err: contain(err)}
	} else {
		failure = nil
	}
}

// joinHookError puts a hook's error beside the job's own.
func joinHookError(err, hookErr error) error {
	switch {
	case hookErr == nil:
		return err
	case err == nil:
		return hookErr
	default:
		return &joinedError{err, hookErr}
	}
}

// joinedError is a job's error and its hook's. Its text is made when it is wanted: a
// hook that was given up may still be changing the Job, which the text is about.
type joinedError struct{ err, hook error }

func (e *joinedError) Error() string {
	var hook *HookError
	if errors.As(e.hook, &hook) { // the job is named already
		return e.err.Error() + "; its hook: " + inside(hook.Err, hook.ID)
	}
	return e.err.Error() + "; " + e.hook.Error()
}

func (e *joinedError) Unwrap() []error { return []error{e.err, e.hook} }
