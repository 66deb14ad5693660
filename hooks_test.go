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

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

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

// TestHookGrace: hooks that store results with their ctx have the time that is set, and
// the call returns as soon as they are done. Those that take longer are counted.
func TestHookGrace(t *testing.T) {
	for _, test := range []struct {
		grace, store, returns time.Duration
		stored, cutOff        int
	}{
		{0, 2 * time.Second, 400 * time.Millisecond, 0, 24}, // 8 wait for a place, and ctx ends the others
		{3 * time.Second, 2 * time.Second, 3400 * time.Millisecond, 16, 0},
		{10 * time.Second, 2 * time.Second, 4 * time.Second, 24, 0},
		{time.Minute, time.Hour, time.Minute + 400*time.Millisecond, 0, 24},
	} {
		for _, deaf := range []bool{false, true} { // whether hooks notice the end of their ctx
			if deaf != (test.grace == 0 || test.store == time.Hour) {
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				core, logs := observer.New(zap.WarnLevel)
				var stored, noticed atomic.Int32
				api := edentest.New(edentest.Options{Rate: -1})
				waiter := testbed.NewWaiter(t, api, edenwait.Config{Rate: 1000, HookGrace: test.grace, Logger: zap.New(core), Hooks: edenwait.Hooks{
					OnSuccess: func(ctx context.Context, _ *edenwait.Job) error {
						select {
						case <-time.After(test.store):
							stored.Add(1)
						case <-ctx.Done():
							noticed.Add(1)
							if deaf {
								time.Sleep(test.store)
							}
							return ctx.Err()
						}
						return nil
					},
				}})
				ids := api.SubmitAll(24, edentest.Workload{Durations: edentest.Fixed(0)})
				ids = append(ids, api.Submit(edentest.Script{After: edentest.Never}))
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				_, err := waiter.WaitAll(ctx, ids)
				ended, _ := ctx.Deadline()
				if took := time.Since(ended).Round(100 * time.Millisecond); took > test.returns || test.grace > 0 && took < test.returns-1400*time.Millisecond {
					t.Errorf("grace %v: returned after %v, want %v", test.grace, took, test.returns)
				}
				var batch *edenwait.BatchError
				if !errors.As(err, &batch) {
					t.Fatal(err)
				}
				if int(stored.Load()) < test.stored || batch.HooksCutOff != test.cutOff {
					t.Errorf("grace %v: %d stored, %d noticed, %d cut off, want %d and %d: %v", test.grace, stored.Load(), noticed.Load(), batch.HooksCutOff, test.stored, test.cutOff, err)
				}
				lines := logs.FilterMessageSnippet("cut off").All()
				if (len(lines) == 1) != (test.cutOff > 0) || strings.Contains(err.Error(), "cut off") != (test.cutOff > 0) {
					t.Errorf("grace %v: %v, %v", test.grace, lines, err)
				}
				if len(lines) > 0 {
					fields := lines[0].ContextMap()
					if sum := fields["running"].(int64) + fields["not_called"].(int64); sum != int64(test.cutOff) {
						t.Errorf("%v", fields)
					}
				}
				time.Sleep(2 * time.Hour) // for those that are deaf
			})
		}
	}
}

// TestHookGraceOfALoop: a loop that is left has it too, and a hook that ends at once holds
// up nobody.
func TestHookGraceOfALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		var stored atomic.Int32
		waiter := testbed.NewWaiter(t, api, edenwait.Config{HookGrace: time.Minute, Hooks: edenwait.Hooks{
			OnFail: func(ctx context.Context, _ *edenwait.Job) error {
				select {
				case <-time.After(20 * time.Second):
					stored.Add(1)
				case <-ctx.Done():
				}
				return ctx.Err()
			},
		}})
		ids := []string{api.Submit(edentest.Script{Status: "fail", After: time.Second}), api.Submit(edentest.Script{After: 5 * time.Second}), api.Submit(edentest.Script{After: time.Hour})}
		var left time.Time
		for range waiter.AsCompleted(context.Background(), func(yield func(string) bool) {
			for _, id := range ids {
				if !yield(id) {
					return
				}
			}
		}) {
			left = time.Now()
			break
		}
		if took := time.Since(left); stored.Load() != 1 || took > 20*time.Second {
			t.Errorf("%d stored, returned %v after the loop was left", stored.Load(), took)
		}
		began := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := waiter.Wait(ctx, ids[2]); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// Ids that come again in a stream, after their jobs' ends.

// A job that was given up and comes again has its final response, and its hook.
func TestHookOfAJobThatWasGivenUpBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		slow := api.Submit(edentest.Script{After: 190 * time.Second})
		ids := func(yield func(string) bool) {
			for range 4 { // given up twice, succeeded, succeeded already
				if !yield(slow) {
					return
				}
				time.Sleep(2 * time.Minute)
			}
		}
		record := testbed.NewHookLog()
		var errs []error
		for r := range testbed.NewWaiter(t, api, edenwait.Config{MaxWait: time.Minute, Hooks: record.Hooks()}).AsCompleted(context.Background(), ids) {
			errs = append(errs, r.Err)
		}
		if len(errs) != 4 || !errors.Is(errs[0], edenwait.ErrMaxWait) || !errors.Is(errs[1], edenwait.ErrMaxWait) || errs[2] != nil || errs[3] != nil {
			t.Errorf("results %v", errs)
		}
		if record.Errors[slow] != 1 || record.Success[slow] != 1 {
			t.Errorf("OnError called %d times, OnSuccess %d times, want once each", record.Errors[slow], record.Success[slow])
		}
		for _, p := range record.Progress {
			if p.Total > 1 || p.Succeeded+p.Failed+p.Errored+p.Waiting != p.Total {
				t.Errorf("does not add up to one job: %+v", p)
			}
		}
	})
}

// A job that ended, came again while it ran once more, and was given up then, has
// had its hook.
func TestNoSecondHookForAJobThatWentBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		id := api.Submit(edentest.Script{RevertAfter: 30 * time.Second, RerunFor: 5 * time.Minute})
		ids := func(yield func(string) bool) {
			for _, pause := range []time.Duration{time.Minute, 10 * time.Minute, time.Second} {
				if !yield(id) {
					return
				}
				time.Sleep(pause)
			}
		}
		record := testbed.NewHookLog()
		var errs []error
		for r := range testbed.NewWaiter(t, api, edenwait.Config{MaxWait: time.Minute, Hooks: record.Hooks()}).AsCompleted(context.Background(), ids) {
			errs = append(errs, r.Err)
		}
		if len(errs) != 3 || errs[0] != nil || !errors.Is(errs[1], edenwait.ErrMaxWait) || errs[2] != nil {
			t.Errorf("results %v", errs)
		}
		if record.Success[id] != 1 || record.Errors[id] != 0 {
			t.Errorf("OnSuccess called %d times, OnError %d", record.Success[id], record.Errors[id])
		}
	})
}
