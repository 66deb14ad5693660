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
// These calls return after the hook. If a later call waits for the job again, its hook
// runs again.
//
// Hooks run off the polling path, up to sixteen at once per call, so a slow hook does
// not delay polls. If a hook returns an error or panics, the Result has a HookError,
// and its Job is intact. A hook may call the Waiter.
//
// The hook's ctx carries the values of the call that has waited longest, possibly after
// that call has returned. It is cancelled when the last of these calls returns.
//
// When the context of a call ends, the call waits for its hooks, but returns within a
// second, or a second after [Config.HookGrace]. A hook that is still running or waiting then becomes a HookError of that
// call. A hook that ignores its ctx outlives the call. Hooks for jobs that end just
// before cancellation get a ctx that is already cancelled. Hooks that save results need
// [Config.HookGrace], or the last ones are lost.
type Hooks struct {
	// OnSuccess gets the final response of a job that succeeded, once per job.
	OnSuccess func(ctx context.Context, job *Job) error

	// OnFail gets the final response of a job that failed, once per job.
	OnFail func(ctx context.Context, job *Job) error

	// OnError is called for a job that ended without a final response, or with an
	// undocumented status. The reasons are a malformed id, an id that the API does not
	// know, MaxErrors, MaxWait, and a BackOff that stopped. It is called per wait: when
	// the MaxWait of one call passes, another call may still get the job. It is not
	// called for jobs that were still running when the context, a refused key or
	// FailFast ended the call.
	OnError func(ctx context.Context, id string, err error)

	// OnProgress gets the state of one call whenever it has changed, at most four times
	// per second, and once more before the call returns. It may run concurrently for
	// several calls, but not for one call.
	OnProgress func(Progress)
}

// maxHooks is how many hooks of one call run at once. The bound is per call and not per
// Waiter: otherwise sixteen hooks that each wait for a job with a hook, on the same
// Waiter, would wait forever.
const maxHooks = 16

// hookTask is a hook to call, for one call or for several.
type hookTask struct {
	id      string
	call    func(ctx context.Context) error
	parts   []*hookPart
	started bool
	cancel  context.CancelFunc // of a context of its own
}

// hookPart is one call's part in a task.
type hookPart struct {
	line *hookLine
	ctx  context.Context
	then func(error) // what to do with the hook's error

	left bool // the call has left
	over bool // then has been called, or is about to be
}

// hookLine has the hooks of one call, both running and waiting in line.
type hookLine struct {
	running int
	waiting []*hookTask
	tasks   map[*hookTask]*hookPart // all that have not ended
	left    bool                    // the call has left: so have its parts that are yet to come
}

// hookRunner runs the hooks of all calls, in goroutines of their own.
type hookRunner struct {
	redact func(string) string
	grace  bool // a hook's context outlives the context of its call

	mu      sync.Mutex
	running int
	waiting int // in at least one line
}

// counts returns the number of hooks that run, and that wait for a place.
func (r *hookRunner) counts() (running, waiting int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running, r.waiting
}

// newHook is the hook for a result; nil if it has no hook.
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

// add calls the hook as soon as one of its calls has a free place. Then, or at once if
// there is no hook, it calls the then of each part.
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

// start runs a task in a place of the line. Its context is the call's. If there are
// several calls, it is the first call's, until the last of them has left. With
// HookGrace, a call leaves only after it.
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

// end notifies the parts of a hook that has ended, and starts the next hook.
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

// abandon gives up every unfinished hook of the line, for this call only. It
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

// run turns a panic and a runtime.Goexit into the hook's error, so that other results
// are not affected.
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

// joinHookError joins a hook's error with the job's error.
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
