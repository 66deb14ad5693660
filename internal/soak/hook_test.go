package soak

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// hookCall is a hook that was called.
type hookCall struct {
	call     int // whose values its context had
	hook     string
	id       string
	from, to time.Duration // edentest.Never while it runs
}

var errHook = errors.New("the soak's hook fails")

// newHooks records the hooks, each of which behaves as its job's id says.
func (r *run) newHooks() edenwait.Hooks {
	return edenwait.Hooks{
		OnSuccess: func(ctx context.Context, job *edenwait.Job) error { return r.hook(ctx, "OnSuccess", job.ID) },
		OnFail:    func(ctx context.Context, job *edenwait.Job) error { return r.hook(ctx, "OnFail", job.ID) },
		OnError:   func(ctx context.Context, id string, _ error) { _ = r.hook(ctx, "OnError", id) },
		OnProgress: func(p edenwait.Progress) {
			r.mu.Lock()
			defer r.mu.Unlock()
			// Which call it is of, it does not say; scenarios with one call suffice.
			r.reports = append(r.reports, p)
		},
	}
}

// temper is how the hook of a job behaves.
func (r *run) temper(id string) string {
	if !r.hooked {
		return "fine"
	}
	return []string{"fine", "fine", "fine", "fails", "panics", "exits", "slow", "deaf", "nests", "nests"}[(hash(id)+r.seed)%10]
}

func (r *run) hook(ctx context.Context, hook, id string) error {
	number, ok := ctx.Value(contextKey("call")).(int)
	if !ok {
		r.t.Errorf("%s of %s: its context has not the values of a call", hook, id)
	}
	h := &hookCall{call: number, hook: hook, id: testbed.Canonical(id), from: r.now(), to: edentest.Never}
	r.beside.Add(1)
	r.mu.Lock()
	r.called = append(r.called, h)
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		h.to = r.now()
		r.mu.Unlock()
		r.beside.Done()
	}()
	if r.curiosity(id); len(r.hints) > 0 {
		r.notify(id) // as a hook may
	}
	switch r.temper(id) {
	case "fails":
		return errHook
	case "panics":
		panic(errHook)
	case "exits":
		runtime.Goexit()
	case "slow":
		select {
		case <-time.After(7 * time.Second):
		case <-ctx.Done():
			return ctx.Err() // which must concern nobody who still waits
		}
	case "deaf":
		time.Sleep(5 * time.Second)
	case "nests":
		if r.nests {
			// What comes of it is another call's concern; that it returns is ours.
			r.nest(ctx, id, uint64(number))
		}
	}
	return nil
}

func (r *run) checkHookError(number int, result *edenwait.Result, hook *edenwait.HookError) {
	ended := r.outcomes[number].ended != edentest.Never
	switch temper := r.temper(result.ID); {
	case temper == "fails" && errors.Is(hook, errHook) && hook.Stack == nil:
	case temper == "panics" && errors.Is(hook, errHook) && hook.Stack != nil:
	case temper == "exits" && strings.Contains(hook.Error(), "Goexit"):
	case ended && errors.Is(hook, context.Canceled) || ended && errors.Is(hook, context.DeadlineExceeded):
	default:
		r.t.Errorf("call %d: the hook, which %s: %v", number, temper, hook)
	}
}

// fitting is the hook that a result calls for; "" if there is none, because the
// job has not ended. Own says that it is about this wait, and not about the job.
func (r *run) fitting(result *edenwait.Result) (hook string, own bool) {
	switch job := result.Job; {
	case job == nil && r.early(result):
		return "", false
	case job == nil:
		var api *edenwait.APIError
		return "OnError", !errors.As(result.Err, &api) || errors.Is(result.Err, edenwait.ErrMaxWait) || errors.Is(result.Err, edenwait.ErrMaxErrors)
	case job.Status == edenwait.StatusSuccess:
		return "OnSuccess", false
	case job.Status == edenwait.StatusFail:
		return "OnFail", false
	default:
		return "OnError", false
	}
}

// checkHooks: exactly once for all that wait for a job when it ends, the hook
// that fits, and never for a job that did not end.
func (r *run) checkHooks(number int) {
	o := r.outcomes[number]
	want := map[string]map[string]bool{} // by id, the hooks that fit its results
	uncalled := map[string]bool{}        // by id, the call ended before the hook's turn
	ended := map[string]bool{}           // by id, the job did
	for i := range o.results {
		result := &o.results[i]
		id := testbed.Canonical(result.ID)
		if want[id] == nil {
			want[id] = map[string]bool{}
		}
		// An unknown job has ended too. What its id comes to after that has no hook.
		again := len(o.since[id]) > 1
		ended[id] = ended[id] || result.Job != nil || again && errors.Is(result.Err, edenwait.ErrNotFound)
		if hook, _ := r.fitting(result); hook != "" {
			want[id][hook] = true
		}
		var hook *edenwait.HookError
		if errors.As(result.Err, &hook) && strings.Contains(hook.Error(), "not called") {
			uncalled[id] = true
		}
	}
	calls := map[string]int{}
	own := map[string]int{}
	for _, h := range r.called {
		if h.call != number {
			continue
		}
		calls[h.id]++
		if own[h.id+h.hook]++; own[h.id+h.hook] > 1 {
			r.t.Errorf("call %d (%s): %s was called %d times for %q", number, o.kind, h.hook, own[h.id+h.hook], h.id)
		}
		if len(o.since[h.id]) == 0 || h.from < o.since[h.id][0] {
			r.t.Errorf("call %d (%s): %s was called at %v for %q, for which it did not wait then", number, o.kind, h.hook, h.from, h.id)
		}
		if !o.broken && !want[h.id][h.hook] {
			r.t.Errorf("call %d (%s): %s was called for %q, which did not end so", number, o.kind, h.hook, h.id)
		}
		if h.to > o.to && o.ended == edentest.Never {
			r.t.Errorf("call %d (%s): %s of %q ended at %v, the call at %v", number, o.kind, h.hook, h.id, h.to, o.to)
		}
	}
	for id, fits := range want {
		// A job that was given up, and whose id came again, may have two. One that
		// had no turn in this call may have had it in another's place.
		if n := calls[id]; n > max(1, len(fits)) || n > 0 && uncalled[id] && len(r.outcomes) == 1 {
			r.t.Errorf("call %d (%s): %d hooks for %q", number, o.kind, n, id)
		}
	}
	if o.broken {
		return // results that were not taken are not known
	}
	for i := range o.results {
		result := &o.results[i]
		id := testbed.Canonical(result.ID)
		hook, alone := r.fitting(result)
		if hook == "" || uncalled[id] || result.Job == nil && ended[id] {
			continue // after the hook of an end, there is nothing to say of the same id that comes again
		}
		h := r.covering(number, result, hook, alone)
		if h == nil {
			r.t.Errorf("call %d (%s): no %s for %q", number, o.kind, hook, id)
			continue
		}
		var failed *edenwait.HookError
		temper := r.temper(id)
		if hook != "OnError" && len(o.since[id]) == 1 && (temper == "fails" || temper == "panics" || temper == "exits") && !errors.As(result.Err, &failed) {
			r.t.Errorf("call %d (%s): the hook of %q %s, and the result has %v", number, o.kind, id, temper, result.Err)
		}
	}
}

// covering is the hook that was called for a result: the call's own, or that of
// another call which waited for the same id when the job ended.
func (r *run) covering(number int, result *edenwait.Result, hook string, alone bool) *hookCall {
	o, id := r.outcomes[number], testbed.Canonical(result.ID)
	end, known := o.endOf(result)
	for _, h := range r.called {
		if h.id != id || h.hook != hook {
			continue
		}
		if h.call == number {
			return h // at most once, as is checked elsewhere, so an id that came again shares it
		}
		other := r.outcomes[h.call]
		if alone || h.from < o.from || h.from > o.to || len(other.since[id]) == 0 || other.since[id][0] > o.to {
			continue
		}
		if known && (h.from < end || !other.endedAt(id, end)) {
			continue
		}
		return h
	}
	return nil
}

// endOf is when a wait ended; not known if the id came more than once, at
// different times, or of a Wait, whose result does not tell.
func (o *outcome) endOf(result *edenwait.Result) (end time.Duration, known bool) {
	times := o.since[testbed.Canonical(result.ID)]
	if o.kind == "Wait" || len(times) == 0 || times[0] != times[len(times)-1] {
		return 0, false
	}
	return times[0] + result.Waited, true
}

// endedAt reports whether a wait of the call for the id may have ended then.
func (o *outcome) endedAt(id string, at time.Duration) bool {
	if o.broken {
		return true
	}
	for i := range o.results {
		if testbed.Canonical(o.results[i].ID) == id {
			if end, known := o.endOf(&o.results[i]); !known || end == at {
				return true
			}
		}
	}
	return false
}

// checkSharing: a job that ends has one hook of its end, and ends for all that
// wait for it at that moment.
func (r *run) checkSharing() {
	hooks := map[string]int{}
	for _, h := range r.called {
		if h.hook != "OnError" {
			hooks[h.id]++
		}
	}
	for id, n := range hooks {
		if ends := r.wire.ends[id]; n > ends {
			r.t.Errorf("%d hooks for %s, of which %d final responses have come", n, id, ends)
		}
	}
	type final struct {
		call       int
		since, end time.Duration
	}
	finals := map[string][]final{}
	for number, o := range r.outcomes {
		for i := range o.results {
			if end, known := o.endOf(&o.results[i]); known && o.results[i].Job != nil {
				id := testbed.Canonical(o.results[i].ID)
				finals[id] = append(finals[id], final{number, o.since[id][0], end})
			}
		}
	}
	for id, of := range finals {
		for _, a := range of {
			// The answer to a request that nobody waited for any more is its last
			// caller's alone.
			left := r.outcomes[a.call].ended < a.end+1 || r.config.MaxWait > 0 && a.end-a.since >= r.config.MaxWait
			for _, b := range of {
				if !left && b.since < a.end && a.end < b.end {
					r.t.Errorf("call %d has the end of %s at %v, call %d only at %v, though it has waited since %v", a.call, id, a.end, b.call, b.end, b.since)
				}
			}
		}
	}
}
