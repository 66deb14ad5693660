package edenwait

import (
	"fmt"

	"github.com/edenwait/edenwait/internal/engine"
)

// deliver turns what has ended into results and hooks. A job's hook is called
// once for all calls that waited for it, but for those which had one for this id
// before.
func (w *Waiter) deliver(ends []engine.End) {
	for i := range ends {
		w.deliverEnd(&ends[i])
	}
}

func (w *Waiter) deliverEnd(end *engine.End) {
	if end.Reason == engine.CallEnded {
		for i := range end.Waits {
			wait := &end.Waits[i]
			c := wait.Call.Owner.(*call)
			_, cause := c.ended()
			c.complete(wait, stopped(wait, end.Value, c.consumer.name(wait.Slot), cause))
		}
		return
	}
	job, _ := end.Value.(*Job)
	if end.Reason != engine.Answered {
		job = nil
	}
	// Everything that a hook could change, or take its time with, is made before
	// the first hook begins: each call's copy of the job, and each text.
	outcomes := make([]outcome, len(end.Waits))
	for i := range end.Waits {
		wait := &end.Waits[i]
		o := &outcomes[i]
		o.call, o.wait = wait.Call.Owner.(*call), wait
		if job != nil {
			o.result.Job = job
			if i > 0 {
				shared := *job
				if job.Error != nil { // which the hook of another call may change
					reason := *job.Error
					shared.Error = &reason
				}
				o.result.Job = &shared
			}
			o.result.Err = outcomeError(o.result.Job)
			o.result.Polls, o.result.Waited = wait.Polls, wait.Now-wait.Since
		} else {
			o.result = unfinished(wait, o.call.consumer.name(wait.Slot), reason(end, wait, w.config.MaxWait))
		}
		o.hook = o.call.count(wait, end.Key, o.result)
		if o.result.Err != nil && w.config.FailFast {
			o.failure = fmt.Errorf("%w: %s", ErrFailFast, inside(o.result.Err, ""))
		}
	}
	if end.Last {
		first := &outcomes[0]
		w.ended.count(end, &first.result)
		w.driver.tracer.jobEnd(first.call.ctx, end, &first.result)
	}
	if job != nil || end.Reason == engine.Answered {
		w.callTogether(outcomes)
	} else {
		for i := range outcomes { // the end of a wait, and not of the job
			w.callTogether(outcomes[i : i+1])
		}
	}
	for i := range outcomes {
		o := &outcomes[i]
		if o.failure != nil {
			o.call.over(o.failure)
		}
		o.call.signal() // a call that has ended early waits for its last wait to end, hook or no hook
	}
}

// outcome is what an end is to one call.
type outcome struct {
	call    *call
	wait    *engine.WaitEnd
	result  Result
	hook    bool  // the hook has yet to be called for this call
	failure error // that ends the call, under FailFast
}

// callTogether calls one hook for all that want it, and hands out the results.
func (w *Waiter) callTogether(outcomes []outcome) {
	var hook *hookTask
	var parts []*hookPart
	for i := range outcomes {
		o := outcomes[i]
		if o.hook && hook == nil {
			hook = newHook(&w.config.Hooks, o.result)
		}
		if !o.hook || hook == nil {
			continue
		}
		parts = append(parts, &hookPart{line: &o.call.hooks, ctx: o.call.ctx, then: func(hookErr error) {
			o.result.Err = joinHookError(o.result.Err, hookErr)
			o.call.complete(o.wait, o.result)
		}})
	}
	for i := range outcomes {
		if o := &outcomes[i]; !o.hook || hook == nil {
			o.call.complete(o.wait, o.result)
		}
	}
	if hook != nil {
		w.hooks.add(hook, parts)
	}
}

// count counts how a job ended for the call. It reports whether its hook has yet
// to be called.
func (c *call) count(w *engine.WaitEnd, key engine.Key, r Result) (hook bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits--
	c.forgetRepeats(w)
	before := hookedNothing
	if c.past != nil {
		before = c.past.seen.find(key)
	}
	if before == hookedEnd {
		return false
	}
	if r.Job != nil {
		c.counts.answered++
	}
	switch final := r.Job; {
	case r.Err == nil:
		c.counts.succeeded++
	case final != nil && final.Status == StatusFail:
		c.counts.failed++
	default:
		c.counts.errored++
	}
	if !c.sealed {
		now := hookedEnd
		if r.Job == nil {
			now = hookedGaveUp
		}
		if c.past == nil {
			c.past = new(past)
		}
		c.past.seen.add(key, now)
	}
	return r.Job != nil && r.Err == nil || r.Job != nil && r.Job.Status == StatusFail || before == hookedNothing
}
