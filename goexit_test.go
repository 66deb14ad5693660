package edenwait_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// Code of the caller that ends its goroutine, wherever it is called.

type goexitBackOff struct {
	where string
	now   func() bool
}

func (g *goexitBackOff) NextBackOff() time.Duration {
	if g.where == "next" && g.now() {
		runtime.Goexit()
	}
	return time.Second
}
func (g *goexitBackOff) Reset() {
	if g.where == "reset" && g.now() {
		runtime.Goexit()
	}
}

// TestGoexitOfABackOff: whichever goroutine a BackOff ends, no call hangs and none
// returns as if all were well.
func TestGoexitOfABackOff(t *testing.T) {
	for _, where := range []string{"next", "reset", "factory", "next panics", "factory panics"} {
		for _, from := range []int{0, 1, 2, 3, 5} {
			for _, call := range []string{"Wait", "WaitAll", "AsCompleted", "Notify"} {
				synctest.Test(t, func(t *testing.T) {
					var mu sync.Mutex
					n := 0
					now := func() bool { mu.Lock(); defer mu.Unlock(); n++; return n > from }
					waiter := testbed.NewScripted(t, func(_ context.Context, id string, poll int) (*edenwait.Job, error) {
						if id == testbed.ID(1) {
							return testbed.Succeeded(id)
						}
						return testbed.Running(id)
					}, edenwait.Config{BackOff: func() backoff.BackOff {
						if where == "factory" && now() {
							runtime.Goexit()
						}
						if where == "factory panics" && now() {
							panic("factory")
						}
						if where == "next panics" {
							return testbed.BackOffFunc(func() time.Duration {
								if now() {
									panic("next")
								}
								return time.Second
							})
						}
						return &goexitBackOff{where: where, now: now}
					}})
					ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
					defer cancel()
					results := 0
					other := testbed.ThrownBy(func() { _, _ = waiter.Wait(ctx, testbed.ID(7)) })
					out := testbed.ThrownBy(func() {
						switch call {
						case "Wait":
							_, _ = waiter.Wait(ctx, testbed.ID(2))
						case "Notify":
							go waiter.Notify(testbed.ID(2))
							_, _ = waiter.Wait(ctx, testbed.ID(2))
						case "WaitAll":
							_, _ = waiter.WaitAll(ctx, []string{testbed.ID(1), testbed.ID(2), testbed.ID(3)})
						case "AsCompleted":
							for range waiter.AsCompleted(ctx, slices.Values([]string{testbed.ID(1), testbed.ID(2), testbed.ID(3)})) {
								results++
							}
						}
					})
					got, o := <-out, <-other
					if where == "reset" {
						return
					}
					if got == "returned" && ctx.Err() == nil || o == "returned" && ctx.Err() == nil {
						t.Errorf("%s from %d, %s: %v (%d results); other %v", where, from, call, got, results, o)
					}
				})
			}
		}
	}
}

// TestGoexitOfASequence: ids that were not read are not lost in silence.
func TestGoexitOfASequence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, poll int) (*edenwait.Job, error) { return testbed.Succeeded(id) }, edenwait.Config{})
		n := 0
		out := <-testbed.ThrownBy(func() {
			for range waiter.AsCompleted(context.Background(), func(yield func(string) bool) {
				if !yield(testbed.ID(1)) || !yield(testbed.ID(2)) {
					return
				}
				runtime.Goexit()
			}) {
				n++
			}
		})
		if out == "returned" {
			t.Errorf("silent after %d", n)
		}
	})
}

type badClock struct{ throw func() }

func (c badClock) Now() time.Time                         { c.throw(); return time.Now() }
func (c badClock) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }

type badLevel struct{ throw func() }

func (b badLevel) Enabled(zapcore.Level) bool { b.throw(); return true }

// TestLoggerPanicsOutsideItsCore: so is what a Logger throws in its clock, its levels or
// its hooks: it ends every call, and no process.
func TestLoggerPanicsOutsideItsCore(t *testing.T) {
	for how, throw := range map[string]func(){"panic": func() { panic("bug") }, "goexit": runtime.Goexit} {
		for where, opt := range map[string]func(func()) zap.Option{
			"clock": func(f func()) zap.Option { return zap.WithClock(badClock{f}) },
			"stack": func(f func()) zap.Option { return zap.AddStacktrace(badLevel{f}) },
			"hooks": func(f func()) zap.Option { return zap.Hooks(func(zapcore.Entry) error { f(); return nil }) },
			"level": func(f func()) zap.Option { return zap.IncreaseLevel(badLevel{f}) },
		} {
			for _, what := range []string{"trouble", "progress", "source", "immediately"} {
				synctest.Test(t, func(t *testing.T) {
					began := time.Now()
					armed := func() bool { return what == "immediately" || time.Since(began) > time.Minute }
					defer func() {
						if r := recover(); r != nil && what != "immediately" {
							t.Error(how, where, what, r)
						}
					}()
					logger := zap.New(testbed.ThrowingCore{Throw: func(string) {}}).WithOptions(opt(func() {
						if armed() && time.Since(began) > 0 {
							throw()
						}
					}))
					config := edenwait.Config{Logger: logger}
					if what == "progress" {
						config.Hooks.OnProgress = func(edenwait.Progress) {
							if armed() {
								panic("progress")
							}
						}
					}
					waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
						if armed() && what == "source" {
							panic("source")
						}
						if armed() && what == "trouble" {
							return nil, errors.New("down")
						}
						return testbed.Running(id)
					}, config)
					time.Sleep(time.Second)
					for call, out := range testbed.CallsUnderWay(waiter) {
						select {
						case thrown := <-out:
							if thrown == "returned" {
								t.Error(how, where, what, call)
							}
						case <-time.After(100 * time.Hour):
							t.Fatal(how, where, what, call, "hangs")
						}
					}
				})
			}
		}
	}
}
