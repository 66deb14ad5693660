package edenwait_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// Hooks of jobs that several calls wait for, and hooks that wait themselves.

// A hook is called once per job for all calls that wait for it at that moment, and
// those calls return after it.
func TestOneHookForAllCalls(t *testing.T) {
	for _, status := range []string{"success", "fail", "odd"} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{})
			id := api.Submit(edentest.Script{After: 10 * time.Second, Status: status})
			calls := 0
			var ended time.Time
			failure := errors.New("disk full")
			hook := func(context.Context) error {
				calls++
				time.Sleep(time.Minute)
				ended = time.Now()
				return failure
			}
			waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{
				OnSuccess: func(ctx context.Context, _ *edenwait.Job) error { return hook(ctx) },
				OnFail:    func(ctx context.Context, _ *edenwait.Job) error { return hook(ctx) },
				OnError:   func(ctx context.Context, _ string, _ error) { _ = hook(ctx) },
			}})
			var wg sync.WaitGroup
			for i := range 6 {
				wg.Go(func() {
					time.Sleep(time.Duration(i) * time.Second)
					results := slices.Collect(waiter.AsCompleted(context.Background(), slices.Values([]string{id, id})))
					for _, r := range results {
						if status != "odd" && !errors.Is(r.Err, failure) || r.Job == nil || ended.IsZero() || time.Since(ended) != 0 {
							t.Errorf("%s, call %d: %v, %v after the hook", status, i, r.Err, time.Since(ended))
						}
					}
					if len(results) != 2 {
						t.Errorf("%d results", len(results))
					}
				})
			}
			wg.Wait()
			if calls != 1 {
				t.Errorf("%s: %d hooks", status, calls)
			}
		})
	}
}

// The hook's context is not cancelled while a call still waits for it, and is when
// the last has left; a call that leaves has "still running" to itself.
func TestContextOfASharedHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		id := api.Submit(edentest.Script{})
		began := time.Now()
		var cancelled time.Duration
		var tenant any
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnSuccess: func(ctx context.Context, _ *edenwait.Job) error {
			tenant = ctx.Value(testbed.TenantKey{})
			<-ctx.Done()
			cancelled = time.Since(began)
			return nil
		}}, DisableList: true, Rate: 1, Burst: 1})
		results := make([]edenwait.Result, 3)
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = waiter.Wait(context.Background(), api.Submit(edentest.Script{Status: "fail"})) }) // has the first turn
		synctest.Wait()
		for i := range results {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), testbed.TenantKey{}, i), time.Duration(i+1)*10*time.Second)
				defer cancel()
				got, _ := waiter.WaitAll(ctx, []string{id})
				results[i] = got[0]
				if late := time.Since(began) - time.Duration(i+1)*10*time.Second; late > time.Second {
					t.Errorf("call %d returned %v late", i, late)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		if cancelled != 30*time.Second || tenant != 0 {
			t.Errorf("cancelled after %v, with the values of call %v", cancelled, tenant)
		}
		for i, r := range results {
			var hookErr *edenwait.HookError
			if r.Job == nil || (i < 2) != errors.As(r.Err, &hookErr) {
				t.Errorf("call %d: %+v", i, r)
			}
		}
	})
}

// A hook whose calls have all left before it begins has a context that has ended.
// Often enough, several are the last to leave at once.
func TestHookOfCallsThatHaveLeft(t *testing.T) {
	several := 0
	for range 30 {
		synctest.Test(t, func(t *testing.T) {
			source := &testbed.SlowSource{Takes: time.Minute, Dying: 200 * time.Millisecond, Done: func(int) bool { return true }}
			waiter := testbed.NewSlow(t, source, edenwait.Config{Hooks: edenwait.Hooks{OnSuccess: func(ctx context.Context, _ *edenwait.Job) error {
				if ctx.Err() == nil {
					t.Error("a hook runs as if its calls went on")
				}
				return nil
			}}})
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			defer cancel()
			var wg sync.WaitGroup
			var answered atomic.Int64
			for range 50 {
				wg.Go(func() {
					if _, err := waiter.Wait(ctx, testbed.ID(1)); err == nil {
						answered.Add(1)
					}
				})
			}
			wg.Wait()
			if answered.Load() > 1 {
				several++
			}
		})
	}
	t.Logf("several were the last %d times", several)
}

// A call that comes while a hook runs is a new wait: a GET, and a hook.
func TestCallThatComesWhileAHookRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		id := api.Submit(edentest.Script{})
		var hooks atomic.Int64
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnSuccess: func(context.Context, *edenwait.Job) error {
			if hooks.Add(1) == 1 {
				time.Sleep(time.Hour)
			}
			return nil
		}}})
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = waiter.Wait(context.Background(), id) })
		time.Sleep(time.Minute)
		began := time.Now()
		results, err := waiter.WaitAll(context.Background(), []string{id})
		if took := time.Since(began); err != nil || results[0].Polls != 1 || took > time.Second {
			t.Errorf("%+v after %v", results, took)
		}
		if hooks.Load() != 2 || len(testbed.Gets(api, id)) != 2 {
			t.Errorf("%d hooks, %d GETs", hooks.Load(), len(testbed.Gets(api, id)))
		}
		wg.Wait()
	})
}

// nested is a context of a hook's own call.
type nested struct{}

// Hooks that wait for their own job, or for others with hooks, on the same Waiter:
// more at once than a call has places, from one call or from several.
func TestHooksThatWait(t *testing.T) {
	const n = 17
	for name, target := range map[string]func(api *edentest.API, own string) string{
		"their own job":   func(_ *edentest.API, own string) string { return own },
		"a job that runs": func(api *edentest.API, _ string) string { return api.Submit(edentest.Script{After: 20 * time.Second}) },
		"an ended job":    func(api *edentest.API, _ string) string { return api.Submit(edentest.Script{}) },
	} {
		for _, way := range []string{"WaitAll", "Waits", "AsCompleted"} {
			t.Run(name+"/"+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					api := edentest.New(edentest.Options{Rate: -1})
					var waiter *edenwait.Waiter
					var outer, inner atomic.Int64
					waiter = testbed.NewWaiter(t, api, edenwait.Config{Rate: 1000, Burst: 100, Hooks: edenwait.Hooks{
						OnSuccess: func(ctx context.Context, job *edenwait.Job) error {
							if ctx.Value(nested{}) != nil {
								inner.Add(1)
								return nil
							}
							outer.Add(1)
							time.Sleep(time.Second) // all places are taken
							_, err := waiter.Wait(context.WithValue(ctx, nested{}, true), target(api, job.ID))
							return err
						},
					}})
					ids := api.SubmitAll(n, edentest.Workload{Durations: edentest.Fixed(0)})
					began := time.Now()
					ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
					defer cancel()
					switch way {
					case "WaitAll":
						if _, err := waiter.WaitAll(ctx, ids); err != nil {
							t.Error(err)
						}
					case "Waits":
						var wg sync.WaitGroup
						for _, id := range ids {
							wg.Go(func() {
								if _, err := waiter.Wait(ctx, id); err != nil {
									t.Error(err)
								}
							})
						}
						wg.Wait()
					default:
						for r := range waiter.AsCompleted(ctx, slices.Values(ids)) {
							if r.Err != nil {
								t.Error(r.Err)
							}
						}
					}
					if took := time.Since(began); took > 2*time.Minute || outer.Load() != n || inner.Load() != n {
						t.Errorf("%d hooks and %d of theirs after %v", outer.Load(), inner.Load(), took)
					}
				})
			})
		}
	}
}

// Hooks of all calls wait at once for one job whose hook waits for another.
func TestHooksThatWaitForOneJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		last := api.Submit(edentest.Script{After: time.Minute})
		first := api.SubmitAll(40, edentest.Workload{Durations: edentest.Fixed(0)})
		var waiter *edenwait.Waiter
		hooks := 0
		waiter = testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnSuccess: func(ctx context.Context, job *edenwait.Job) error {
			if job.ID == last {
				hooks++
				return nil
			}
			_, err := waiter.Wait(ctx, last)
			return err
		}}})
		if _, err := waiter.WaitAll(context.Background(), append(first, last)); err != nil {
			t.Error(err)
		}
		if hooks == 0 || hooks > 25 {
			t.Errorf("%d hooks of the last job", hooks)
		}
	})
}

// Hook places are each call's: one whose sixteen are busy holds up no other, and a
// hook that both want runs in the first free place.
func TestHookPlacesAreEachCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Rate: -1})
		busy := api.SubmitAll(16, edentest.Workload{Durations: edentest.Fixed(0)})
		shared := api.Submit(edentest.Script{After: 10 * time.Second})
		other := api.Submit(edentest.Script{After: 10 * time.Second})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnSuccess: func(_ context.Context, job *edenwait.Job) error {
			if slices.Contains(busy, job.ID) {
				time.Sleep(time.Hour)
			}
			return nil
		}}})
		began := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := waiter.WaitAll(context.Background(), append(busy, shared)); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(5 * time.Second)
		for _, id := range []string{shared, other} {
			wg.Go(func() {
				if _, err := waiter.Wait(context.Background(), id); err != nil || time.Since(began) > 30*time.Second {
					t.Errorf("after %v: %v", time.Since(began), err)
				}
			})
		}
		wg.Wait()
	})
}

// A final response that comes while the call leaves has its hook. A hook that
// ignores its context must not hold the call up.
func TestLeavingWithAHookThatIgnoresIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		waiter, err := edenwait.New(edenwait.Config{
			Source: testbed.GetFunc(func(_ context.Context, id string) (*edenwait.Job, error) {
				cancel()
				time.Sleep(10 * time.Millisecond)
				return testbed.Succeeded(id)
			}),
			Hooks: edenwait.Hooks{OnSuccess: func(context.Context, *edenwait.Job) error {
				time.Sleep(time.Minute)
				return nil
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		job, err := waiter.Wait(ctx, "00000000-0000-4000-8000-000000000001")
		if took := time.Since(began); took > time.Second || job == nil {
			t.Errorf("%v, %v after %v", job, err, took)
		}
		time.Sleep(time.Hour) // the hook ends too
	})
}

// TestHookThatWasGivenUpChangesItsJob: what a call returns is made without a look at a
// Job that a hook may still be changing. The race detector tells.
func TestHookThatWasGivenUpChangesItsJob(t *testing.T) {
	for _, failFast := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
				if id == testbed.ID(3) {
					return testbed.Running(id)
				}
				return &edenwait.Job{ID: id, Status: edenwait.StatusFail, Error: &edenwait.JobError{Message: "no"}}, nil
			}, edenwait.Config{FailFast: failFast, Hooks: edenwait.Hooks{OnFail: func(ctx context.Context, job *edenwait.Job) error {
				job.Status, job.Provider, job.Error.Message = "changed", "changed", "changed"
				<-ctx.Done()
				job.Status, job.Provider, job.Error.Message = "again", "again", "again"
				<-release
				return nil
			}}})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			ids := []string{testbed.ID(1), testbed.ID(2), testbed.ID(3)}
			stream := testbed.ThrownBy(func() {
				for r := range waiter.AsCompleted(ctx, slices.Values(ids)) {
					_ = r.ID
				}
			})
			results, err := waiter.WaitAll(ctx, ids)
			if len(results) != 3 || err == nil {
				t.Error(results, err)
			}
			<-stream
			close(release)
		})
	}
}
