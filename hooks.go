package edenwait

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// Hooks are called as jobs end. Each may be nil.
//
// They run off the polling path, up to sixteen at once in one call, so a slow
// hook delays no poll; the call that they belong to returns after the last of
// them has. An error or a panic becomes the Result's HookError, beside its
// intact Job. A hook may call the Waiter.
//
// When the context ends, hooks have until the call returns, within a second;
// one that is still busy or waiting then is a HookError too, and one that goes
// on regardless of its ctx outlives the call. Hooks of jobs that ended last run
// under a context that has ended already: a hook that stores what it is given
// should do so under [context.WithoutCancel], or the results that are in are not
// stored.
type Hooks struct {
	// OnSuccess gets the final response of a job that succeeded, once a job.
	OnSuccess func(ctx context.Context, job *Job) error

	// OnFail gets the final response of a job that failed, once a job.
	OnFail func(ctx context.Context, job *Job) error

	// OnError hears of a job that ended without a final response, or with a
	// status outside of the contract, once a job: an id that is no UUID or that
	// the API does not know, MaxErrors, MaxWait. It is not called for jobs still
	// running when the context, a refused key or FailFast ended the batch: those
	// have not ended.
	OnError func(ctx context.Context, id string, err error)

	// OnProgress hears how a call stands whenever that has changed, at most four
	// times a second, and a last time before the call returns. Calls do not
	// overlap.
	OnProgress func(Progress)
}

// maxHooks is how many hooks of one call run at once.
const maxHooks = 16

// hookCall is a hook to run, and what to do with its error when it has ended.
type hookCall struct {
	id   string
	call func() error
	then func(error)
}

// hookRunner runs hooks in goroutines of their own, a bounded number at once.
// It belongs to one loop, which alone calls its methods and receives from ended.
type hookRunner struct {
	waiting []*hookCall
	running map[*hookCall]struct{}
	ended   chan hookEnd
}

type hookEnd struct {
	hook *hookCall
	err  error
}

func newHookRunner() hookRunner {
	// The room lets a hook that outlives the call end without a receiver.
	return hookRunner{running: map[*hookCall]struct{}{}, ended: make(chan hookEnd, maxHooks)}
}

func (r *hookRunner) busy() bool { return len(r.running) > 0 }

// add runs the hook, now or as soon as others have ended.
func (r *hookRunner) add(h *hookCall) {
	if len(r.running) == maxHooks {
		r.waiting = append(r.waiting, h)
		return
	}
	r.running[h] = struct{}{}
	go h.run(r.ended)
}

// end settles a hook that has ended, and starts the next.
func (r *hookRunner) end(e hookEnd) {
	delete(r.running, e.hook)
	if len(r.waiting) > 0 {
		next := r.waiting[0]
		r.waiting[0] = nil
		r.waiting = r.waiting[1:]
		r.add(next)
	}
	e.hook.then(e.err)
}

// abandon settles every hook that has not ended.
func (r *hookRunner) abandon(why error) {
	for h := range r.running {
		h.then(&HookError{ID: h.id, Err: fmt.Errorf("still running: %w", why)})
	}
	for _, h := range r.waiting {
		h.then(&HookError{ID: h.id, Err: fmt.Errorf("not called: %w", why)})
	}
	r.running, r.waiting = nil, nil
}

// run turns a panic, and a runtime.Goexit, into the hook's error: neither may
// take other results with it.
func (h *hookCall) run(ended chan<- hookEnd) {
	var failure error = &HookError{ID: h.id, Err: errors.New("called runtime.Goexit")}
	defer func() {
		if thrown := recover(); thrown != nil {
			failure = &HookError{ID: h.id, Err: panicError("panic", thrown), Stack: debug.Stack()}
		}
		ended <- hookEnd{h, failure}
	}()
	if err := h.call(); err != nil {
		failure = &HookError{ID: h.id, Err: err}
	} else {
		failure = nil
	}
}

// panicError is what was thrown, as an error that matches it if it is one.
func panicError(what string, thrown any) error {
	if err, ok := thrown.(error); ok {
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: %v", what, thrown)
}

// hookFor counts how a job ended and calls its hook, if it has one.
func (e *engine) hookFor(j *job, final *Job, err error, then func(error)) {
	hooks := &e.config.Hooks
	var count *int
	var call func() error
	switch {
	case err == nil:
		count = &e.counts.Succeeded
		if hooks.OnSuccess != nil {
			call = func() error { return hooks.OnSuccess(e.ctx, final) }
		}
	case final != nil && final.Status == StatusFail:
		count = &e.counts.Failed
		if hooks.OnFail != nil {
			call = func() error { return hooks.OnFail(e.ctx, final) }
		}
	default:
		count = &e.counts.Errored
		if j.heard == heardNothing {
			call = e.errorHook(j.id, err)
		}
	}
	if j.heard == heardEnd {
		call = nil
	} else {
		*count++
	}
	e.callHook(j.id, call, then)
}

func (e *engine) errorHook(id string, err error) func() error {
	hook := e.config.Hooks.OnError
	if hook == nil {
		return nil
	}
	return func() error {
		hook(e.ctx, id, err)
		return nil
	}
}

// callHook has then called after the hook, at once if there is none.
func (e *engine) callHook(id string, call func() error, then func(error)) {
	if call == nil {
		then(nil)
		return
	}
	e.hooks.add(&hookCall{id: id, call: call, then: then})
}

// joinHookError puts a hook's error beside the job's own.
func joinHookError(err, hookErr error) error {
	switch {
	case hookErr == nil:
		return err
	case err == nil:
		return hookErr
	default:
		return fmt.Errorf("%w; %w", err, hookErr)
	}
}
