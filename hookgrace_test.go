package edenwait_test

import (
	"context"
	"errors"
	"strings"
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
