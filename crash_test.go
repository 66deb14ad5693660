package edenwait_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/edenwait/edenwait"
)

// What the caller brings along panics, or ends its goroutine, while several calls
// are under way.

// thrownBy calls f in a goroutine of its own. The result is what came out of it:
// what it threw, or "returned", or "exited".
func thrownBy(f func()) <-chan any {
	out := make(chan any, 1)
	go func() {
		var result any = "exited"
		defer func() {
			if thrown := recover(); thrown != nil {
				result = thrown
			}
			out <- result
		}()
		f()
		result = "returned"
	}()
	return out
}

// callsUnderWay starts one call of each kind.
func callsUnderWay(waiter *edenwait.Waiter) map[string]<-chan any {
	ctx := context.Background()
	return map[string]<-chan any{
		"Wait":    thrownBy(func() { _, _ = waiter.Wait(ctx, uid(1)) }),
		"Wait 2":  thrownBy(func() { _, _ = waiter.Wait(ctx, uid(1)) }),
		"WaitAll": thrownBy(func() { _, _ = waiter.WaitAll(ctx, []string{uid(1), uid(2), uid(3)}) }),
		"AsCompleted": thrownBy(func() {
			for range waiter.AsCompleted(ctx, slices.Values([]string{uid(4), uid(5)})) {
			}
		}),
	}
}

// backOffFunc is a BackOff of one function.
type backOffFunc func() time.Duration

func (f backOffFunc) NextBackOff() time.Duration { return f() }
func (backOffFunc) Reset()                       {}

// throwingCore is a zap core whose Write throws when armed.
type throwingCore struct {
	zapcore.Core
	throw func(entry string)
}

func (c throwingCore) Enabled(zapcore.Level) bool        { return true }
func (c throwingCore) With([]zapcore.Field) zapcore.Core { return c }
func (c throwingCore) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(e, c)
}
func (c throwingCore) Write(e zapcore.Entry, _ []zapcore.Field) error { c.throw(e.Message); return nil }
func (c throwingCore) Sync() error                                    { return nil }

// A panic or a Goexit of the BackOff or the Logger is thrown again in every call
// under way, and the Waiter goes on with the next.
func TestThrownIntoEveryCall(t *testing.T) {
	bug := errors.New("a bug")
	for how, throw := range map[string]func(){
		"panic":  func() { panic(bug) },
		"goexit": runtime.Goexit,
	} {
		for who, configure := range map[string]func(armed func() bool) edenwait.Config{
			"BackOff": func(armed func() bool) edenwait.Config {
				return edenwait.Config{BackOff: func() backoff.BackOff {
					return backOffFunc(func() time.Duration {
						if armed() {
							throw()
						}
						return time.Second
					})
				}}
			},
			"Logger": func(armed func() bool) edenwait.Config {
				return edenwait.Config{Logger: zap.New(throwingCore{throw: func(message string) {
					if message == "requests fail" && armed() {
						throw()
					}
				}})}
			},
		} {
			t.Run(who+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					began, healed := time.Now(), false
					armed := func() bool { return !healed && time.Since(began) > time.Minute }
					waiter := newScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
						switch {
						case healed:
							return succeeded(id)
						case armed():
							return nil, errors.New("down")
						}
						return running(id)
					}, configure(armed))
					for call, out := range callsUnderWay(waiter) {
						thrown := <-out
						if err, _ := thrown.(error); how == "panic" && thrown != any(bug) || how == "goexit" && (err == nil || !strings.Contains(err.Error(), "Goexit")) {
							t.Errorf("%s: %v", call, thrown)
						}
						if took := time.Since(began); took > 80*time.Second {
							t.Errorf("%s: after %v", call, took)
						}
					}
					healed = true
					if _, err := waiter.Wait(context.Background(), uid(9)); err != nil {
						t.Errorf("the Waiter does not go on: %v", err)
					}
				})
			})
		}
	}
}

// A Logger that panics where a Source or OnProgress has just panicked ends no
// process.
func TestLoggerPanicsAboutAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		seen := map[string]int{}
		logger := zap.New(throwingCore{throw: func(message string) {
			mu.Lock()
			defer mu.Unlock()
			if seen[message]++; strings.Contains(message, "panicked") {
				panic("log: " + message)
			}
		}})
		for what, config := range map[string]edenwait.Config{
			"the Source panicked": {Logger: logger, Source: &scripted{answer: func(_ context.Context, id string, poll int) (*edenwait.Job, error) {
				if poll > 4 {
					panic("source")
				}
				return running(id)
			}}},
			"OnProgress panicked": {Logger: logger, Source: endless{}, Hooks: edenwait.Hooks{OnProgress: func(edenwait.Progress) { panic("progress") }}},
		} {
			waiter, err := edenwait.New(config)
			if err != nil {
				t.Fatal(err)
			}
			for call, out := range callsUnderWay(waiter) {
				if thrown := <-out; thrown != "log: "+what {
					t.Errorf("%s: %s: %v", what, call, thrown)
				}
			}
		}
	})
}

// biting is an error whose methods throw.
type biting struct{ bite func() }

func (b biting) Error() string          { b.bite(); return "biting" }
func (b biting) Is(error) bool          { b.bite(); return false }
func (b biting) As(any) bool            { b.bite(); return false }
func (b biting) Unwrap() error          { b.bite(); return nil }
func (b biting) Format(fmt.State, rune) { b.bite() }

// late bites only after it was looked at so often.
func late(looks int, bite func()) func() {
	var mu sync.Mutex
	return func() {
		mu.Lock()
		looks--
		now := looks < 0
		mu.Unlock()
		if now {
			bite()
		}
	}
}

// Whatever a Source returns or throws is a failed request of that job at worst:
// no other result is lost to it, and no process.
func TestErrorsThatBite(t *testing.T) {
	panics := func() { panic("bitten") }
	var typedNil *edenwait.APIError
	bites := map[string]func() error{
		"typed nil":      func() error { return typedNil },
		"wrapped nil":    func() error { return fmt.Errorf("x: %w", typedNil) },
		"joined nil":     func() error { return errors.Join(typedNil, nil) },
		"panics":         func() error { return biting{panics} },
		"exits":          func() error { return biting{runtime.Goexit} },
		"wrapped":        func() error { return &edenwait.HookError{Err: biting{panics}} },
		"thrown":         func() error { panic(biting{panics}) },
		"thrown itself":  func() error { var b biting; b.bite = func() { panic(b) }; return b },
		"thrown, exits":  func() error { panic(biting{runtime.Goexit}) },
		"typed nil, 429": func() error { return errors.Join(edenwait.ErrRateLimited, typedNil) },
	}
	for looks := range 12 {
		bites[fmt.Sprintf("panics at look %d", looks)] = func() error { return biting{late(looks, panics)} }
		bites[fmt.Sprintf("exits at look %d", looks)] = func() error { return biting{late(looks, runtime.Goexit)} }
	}
	for name, bite := range bites {
		for _, failFast := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				var hooked atomic.Int64
				waiter := newScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
					switch id {
					case uid(0):
						return nil, bite()
					case uid(1):
						return succeeded(id)
					}
					return running(id)
				}, edenwait.Config{
					MaxErrors: 2, MaxWait: time.Minute, FailFast: failFast, Logger: zap.New(throwingCore{throw: func(string) {}}),
					Hooks: edenwait.Hooks{OnError: func(_ context.Context, id string, _ error) {
						if id == uid(0) {
							hooked.Add(1)
						}
					}},
				})
				ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
				defer cancel()
				other := thrownBy(func() { _, _ = waiter.Wait(ctx, uid(2)) })
				alone := thrownBy(func() { _, _ = waiter.Wait(ctx, uid(0)) })
				results, err := waiter.WaitAll(ctx, []string{uid(1), uid(0)})
				if err == nil || results[0].Job == nil || results[0].Err != nil {
					t.Errorf("%s: %v; %+v", name, err, results[0])
				}
				var gaveUp *edenwait.GaveUpError
				if !errors.As(results[1].Err, &gaveUp) || gaveUp.ID != uid(0) {
					t.Errorf("%s: %+v", name, results[1].Job)
				}
				for _, out := range []<-chan any{other, alone} {
					if thrown := <-out; thrown != "returned" {
						t.Errorf("%s: another call: %v", name, thrown)
					}
				}
				if hooked.Load() != 2 { // one for each call: it is the end of a wait
					t.Errorf("%s: OnError called %d times", name, hooked.Load())
				}
				// The texts can be read, and matched, by whoever gets them.
				if out := thrownBy(func() { _, _ = err.Error(), errors.Is(err, context.Canceled) }); <-out != "returned" {
					t.Errorf("%s: the result bites", name)
				}
			})
		}
	}
}

// Nor does an error of a hook, or the cause of a context.
func TestErrorsOfHooksAndContextsThatBite(t *testing.T) {
	for name, bite := range map[string]func(){"panics": func() { panic("bitten") }, "exits": runtime.Goexit} {
		synctest.Test(t, func(t *testing.T) {
			waiter := newScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
				switch id {
				case uid(0):
					return succeeded(id)
				case uid(1):
					return &edenwait.Job{ID: id, Status: edenwait.StatusFail}, nil
				}
				return running(id)
			}, edenwait.Config{Hooks: edenwait.Hooks{
				OnSuccess: func(context.Context, *edenwait.Job) error { return biting{bite} },
				OnFail:    func(context.Context, *edenwait.Job) error { panic(biting{bite}) },
			}})
			ctx, cancel := context.WithCancelCause(context.Background())
			if name == "panics" { // a cause that ends its reader's goroutine is the caller's own
				time.AfterFunc(time.Minute, func() { cancel(biting{bite}) })
			} else {
				time.AfterFunc(time.Minute, func() { cancel(nil) })
			}
			stream := thrownBy(func() {
				for range waiter.AsCompleted(ctx, slices.Values([]string{uid(1), uid(2)})) {
				}
			})
			results, err := waiter.WaitAll(ctx, []string{uid(0), uid(1), uid(2)})
			for i, r := range results {
				var hookErr *edenwait.HookError
				if i < 2 && (r.Job == nil || !errors.As(r.Err, &hookErr)) || i == 2 && !errors.Is(r.Err, context.Canceled) {
					t.Errorf("%s: %+v", name, r)
				}
			}
			if err.Error() == "" || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
			if thrown := <-stream; thrown != "returned" {
				t.Errorf("%s: another call: %v", name, thrown)
			}
		})
	}
}
