package edenwait_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

var noMap map[int]int

func TestHookErrors(t *testing.T) {
	full := errors.New("disk full")
	tests := []struct {
		name string
		hook func(context.Context, *edenwait.Job) error
		says string
		is   error
	}{
		{"error", func(context.Context, *edenwait.Job) error { return full }, "disk full", full},
		{"panic", func(context.Context, *edenwait.Job) error { panic("oops") }, "panic: oops", nil},
		{"panic with an error", func(context.Context, *edenwait.Job) error { panic(full) }, "panic: disk full", full},
		{"nil map", func(context.Context, *edenwait.Job) error { noMap[1] = 1; return nil }, "nil map", nil},
		{"goexit", func(context.Context, *edenwait.Job) error { runtime.Goexit(); return nil }, "runtime.Goexit", nil},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{})
			good, bad := api.Submit(edentest.Script{}), api.Submit(edentest.Script{Status: "fail"})
			waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnSuccess: tt.hook, OnFail: tt.hook}})
			results, err := waiter.WaitAll(context.Background(), []string{good, bad})
			for _, r := range results {
				var hookErr *edenwait.HookError
				if !errors.As(r.Err, &hookErr) || hookErr.ID != r.ID || !strings.Contains(r.Err.Error(), tt.says) || tt.is != nil && !errors.Is(r.Err, tt.is) {
					t.Errorf("%s: %v", tt.name, r.Err)
				}
				if r.Job == nil {
					t.Errorf("%s: the job is lost", tt.name)
				}
				if panicked := strings.HasPrefix(tt.says, "panic") || tt.says == "nil map"; panicked != (len(hookErr.Stack) > 0) {
					t.Errorf("%s: stack of %d bytes", tt.name, len(hookErr.Stack))
				}
			}
			var failed *edenwait.JobFailedError
			if !errors.As(results[1].Err, &failed) {
				t.Errorf("%s: the hook's error hides the job's: %v", tt.name, results[1].Err)
			}
			var hookErr *edenwait.HookError
			if !errors.As(err, &hookErr) {
				t.Errorf("%s: err = %v", tt.name, err)
			}
		})
	}
}

func TestHooksDelayNoPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		ids := api.SubmitAll(100, edentest.Workload{Durations: edentest.Fixed(0)})
		var running, most atomic.Int64
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnSuccess: func(context.Context, *edenwait.Job) error {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			time.Sleep(time.Minute)
			return nil
		}}})
		began := time.Now()
		if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if at, _ := api.FirstSeenEnded(id); at.Sub(began) > 15*time.Second {
				t.Errorf("a hook delayed a poll until %v", at.Sub(began))
			}
		}
		if most.Load() != 16 {
			t.Errorf("%d hooks at once", most.Load())
		}
		if took := time.Since(began); took < 7*time.Minute {
			t.Errorf("returned after %v, before the last hook", took)
		}
	})
}

func TestHookCallsTheWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		var waiter *edenwait.Waiter
		follow := func(ctx context.Context, _ *edenwait.Job) error {
			_, err := waiter.Wait(ctx, api.Submit(edentest.Script{After: time.Second, Status: "fail"}))
			var failed *edenwait.JobFailedError
			if !errors.As(err, &failed) {
				return err
			}
			return nil
		}
		waiter = testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnSuccess: follow}})
		ids := api.SubmitAll(30, edentest.Workload{})
		if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
			t.Error(err)
		}
	})
}

// When the context ends, hooks have a moment; then their results go without.
func TestHooksAfterContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Rate: -1})
		ids := api.SubmitAll(40, edentest.Workload{Durations: edentest.Fixed(0)})
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		var mu sync.Mutex
		calls := 0
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Rate: 1000, Hooks: edenwait.Hooks{OnSuccess: func(ctx context.Context, _ *edenwait.Job) error {
			mu.Lock()
			calls++
			nth := calls
			mu.Unlock()
			if nth%2 == 0 {
				time.Sleep(time.Hour) // heeds nothing
			}
			<-ctx.Done()
			return nil
		}}})
		began := time.Now()
		results, err := waiter.WaitAll(ctx, ids)
		if took := time.Since(began); took > 11*time.Second {
			t.Errorf("returned after %v", took)
		}
		var hookErr *edenwait.HookError
		if !errors.As(err, &hookErr) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
		ok := 0
		for _, r := range results {
			if r.Job == nil {
				t.Errorf("a finished job is lost: %v", r.Err)
			}
			if r.Err == nil {
				ok++
			}
		}
		if ok == 0 || ok == 40 {
			t.Errorf("%d hooks ended in time", ok)
		}
		time.Sleep(2 * time.Hour) // those that heed nothing outlive the call
	})
}

func TestProgressCannotHurt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		ids := api.SubmitAll(50, testbed.MinuteLong)
		busy := false
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnProgress: func(edenwait.Progress) {
			if busy {
				t.Error("calls overlap")
			}
			busy = true
			time.Sleep(10 * time.Second)
			busy = false
			panic("no terminal")
		}}})
		if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
			t.Error(err)
		}
	})
}

// A bad id that stands there twice has one hook, and what came of it stands in
// both results.
func TestBadIDTwiceSharesItsHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		waiter := testbed.NewWaiter(t, edentest.New(edentest.Options{}), edenwait.Config{Hooks: edenwait.Hooks{OnError: func(context.Context, string, error) {
			calls++
			time.Sleep(time.Second)
			panic("oops")
		}}})
		results, _ := waiter.WaitAll(context.Background(), []string{"bad", "bad"})
		for _, r := range results {
			var hookErr *edenwait.HookError
			if !errors.As(r.Err, &hookErr) || !errors.Is(r.Err, edenwait.ErrInvalidID) || calls != 1 {
				t.Errorf("after %d calls: %v", calls, r.Err)
			}
		}
	})
}

// What has changed is told within a quarter of a second, not when the next thing
// happens.
func TestProgressIsFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		ids := append(api.SubmitAll(40, testbed.MinuteLong), api.Submit(edentest.Script{After: time.Hour}))
		var (
			mu   sync.Mutex // hooks run beside OnProgress
			ends []time.Time
		)
		told := 0
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{
			OnSuccess: func(context.Context, *edenwait.Job) error {
				mu.Lock()
				defer mu.Unlock()
				ends = append(ends, time.Now())
				return nil
			},
			OnProgress: func(p edenwait.Progress) {
				mu.Lock()
				defer mu.Unlock()
				for ; told < p.Succeeded && told < len(ends); told++ {
					if late := time.Since(ends[told]); late > 300*time.Millisecond {
						t.Errorf("job %d was told of %v late", told, late)
					}
				}
			},
		}})
		if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
			t.Error(err)
		}
	})
}

func TestTimeLeftIsNoNegative(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var least time.Duration
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
			if id == testbed.ID(0) {
				return testbed.Succeeded(id)
			}
			return testbed.Running(id)
		}, edenwait.Config{MaxInFlight: 1, Rate: 0.01, Hooks: edenwait.Hooks{OnProgress: func(p edenwait.Progress) {
			least = min(least, p.TimeLeft)
		}}})
		ids := make([]string, 100_000)
		for n := range ids {
			ids[n] = testbed.ID(n)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 48*time.Hour)
		defer cancel()
		_, _ = waiter.WaitAll(ctx, ids)
		if least < 0 {
			t.Errorf("%v left", least)
		}
	})
}

// However long OnProgress takes, its last call tells how it ended.
func TestLastProgress(t *testing.T) {
	for _, takes := range []time.Duration{time.Millisecond, 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{})
			var last edenwait.Progress
			calls := 0
			waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnProgress: func(p edenwait.Progress) {
				time.Sleep(takes)
				last = p
				calls++
			}}})
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour) // or a last call after the last would be waited for forever
			defer cancel()
			if _, err := waiter.WaitAll(ctx, api.SubmitAll(20, edentest.Workload{Durations: edentest.Fixed(time.Second)})); err != nil {
				t.Error(err)
			}
			if last.Waiting != 0 || last.Succeeded != 20 || calls > 20 {
				t.Errorf("OnProgress takes %v: the last of %d is %+v", takes, calls, last)
			}
		})
	}
}

// An OnProgress that is stuck holds the call no longer than a hook may, and ends
// when it likes.
func TestProgressThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		id := api.Submit(edentest.Script{After: edentest.Never})
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnProgress: func(edenwait.Progress) { time.Sleep(time.Hour) }}})
		began := time.Now()
		_, err := waiter.Wait(ctx, id)
		if took := time.Since(began); took > 11*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %v: %v", took, err)
		}
		time.Sleep(2 * time.Hour) // what is left behind must have come to its end, or the bubble does not
	})
}
