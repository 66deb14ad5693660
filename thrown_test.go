package edenwait_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// What the caller brings along panics, or ends its goroutine, while several calls
// are under way.

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
					return testbed.BackOffFunc(func() time.Duration {
						if armed() {
							throw()
						}
						return time.Second
					})
				}}
			},
			"Logger": func(armed func() bool) edenwait.Config {
				return edenwait.Config{Logger: zap.New(testbed.ThrowingCore{Throw: func(message string) {
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
					waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
						switch {
						case healed:
							return testbed.Succeeded(id)
						case armed():
							return nil, errors.New("down")
						}
						return testbed.Running(id)
					}, configure(armed))
					for call, out := range testbed.CallsUnderWay(waiter) {
						thrown := <-out
						if err, _ := thrown.(error); how == "panic" && thrown != any(bug) || how == "goexit" && (err == nil || !strings.Contains(err.Error(), "Goexit")) {
							t.Errorf("%s: %v", call, thrown)
						}
						if took := time.Since(began); took > 80*time.Second {
							t.Errorf("%s: after %v", call, took)
						}
					}
					healed = true
					if _, err := waiter.Wait(context.Background(), testbed.ID(9)); err != nil {
						t.Errorf("the Waiter does not go on: %v", err)
					}
				})
			})
		}
	}
}

// A panic frees nothing of the rate: neither for a caller that catches it and waits
// again at once, nor for the caller's own requests, which stay in line. Nothing that was
// counted is forgotten.
func TestPanicsKeepTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, waiter := testbed.New(t, edentest.Options{}, edenwait.Config{BackOff: func() backoff.BackOff {
			return testbed.BackOffFunc(func() time.Duration { panic("a bug") })
		}})
		id := api.Submit(edentest.Script{After: edentest.Never})
		client := &http.Client{Transport: waiter.Transport(api.Client().Transport)}
		var own sync.WaitGroup
		for range 20 {
			own.Go(func() {
				if _, status, err := testbed.Submit(context.Background(), client, edenwait.DefaultBaseURL, ""); err != nil || status != http.StatusAccepted {
					t.Errorf("a submit: %d, %v", status, err)
				}
			})
		}
		synctest.Wait()
		for range 20 {
			func() {
				defer func() { _ = recover() }()
				_, err := waiter.Wait(context.Background(), id)
				t.Errorf("Wait returns %v, want a panic", err)
			}()
		}
		own.Wait()
		if peak := api.Stats().PeakPerSecond; peak > 10 {
			t.Errorf("%d requests in one second, want 10 at most", peak)
		}
		if s := waiter.Stats(); s.Gets != 20 || s.Own != 20 || s.OwnWaiting != 0 {
			t.Errorf("Stats has %d GETs, and %d own requests beside %d in line, want 20, 20 and 0", s.Gets, s.Own, s.OwnWaiting)
		}
	})
}

// A nil context panics in the goroutine that passed it, where it can be caught.
func TestNilContextThrowsToItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) { return testbed.Succeeded(id) }, edenwait.Config{})
		var none context.Context
		for method, call := range map[string]func(){
			"Wait":    func() { _, _ = waiter.Wait(none, testbed.SomeID) },
			"WaitAll": func() { _, _ = waiter.WaitAll(none, []string{testbed.SomeID}) },
			"AsCompleted": func() {
				for range waiter.AsCompleted(none, slices.Values([]string{testbed.SomeID})) {
				}
			},
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s does not panic", method)
					}
				}()
				call()
			}()
		}
		if _, err := waiter.Wait(context.Background(), testbed.SomeID); err != nil || waiter.Stats().Calls != 0 {
			t.Errorf("the Waiter does not go on: %v, %d calls", err, waiter.Stats().Calls)
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
				waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
					switch id {
					case testbed.ID(0):
						return nil, bite()
					case testbed.ID(1):
						return testbed.Succeeded(id)
					}
					return testbed.Running(id)
				}, edenwait.Config{
					MaxErrors: 2, MaxWait: time.Minute, FailFast: failFast, Logger: zap.New(testbed.ThrowingCore{Throw: func(string) {}}),
					Hooks: edenwait.Hooks{OnError: func(_ context.Context, id string, _ error) {
						if id == testbed.ID(0) {
							hooked.Add(1)
						}
					}},
				})
				ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
				defer cancel()
				other := testbed.ThrownBy(func() { _, _ = waiter.Wait(ctx, testbed.ID(2)) })
				alone := testbed.ThrownBy(func() { _, _ = waiter.Wait(ctx, testbed.ID(0)) })
				results, err := waiter.WaitAll(ctx, []string{testbed.ID(1), testbed.ID(0)})
				if err == nil || results[0].Job == nil || results[0].Err != nil {
					t.Errorf("%s: %v; %+v", name, err, results[0])
				}
				var gaveUp *edenwait.GaveUpError
				if !errors.As(results[1].Err, &gaveUp) || gaveUp.ID != testbed.ID(0) {
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
				if out := testbed.ThrownBy(func() { _, _ = err.Error(), errors.Is(err, context.Canceled) }); <-out != "returned" {
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
			waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
				switch id {
				case testbed.ID(0):
					return testbed.Succeeded(id)
				case testbed.ID(1):
					return &edenwait.Job{ID: id, Status: edenwait.StatusFail}, nil
				}
				return testbed.Running(id)
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
			stream := testbed.ThrownBy(func() {
				for range waiter.AsCompleted(ctx, slices.Values([]string{testbed.ID(1), testbed.ID(2)})) {
				}
			})
			results, err := waiter.WaitAll(ctx, []string{testbed.ID(0), testbed.ID(1), testbed.ID(2)})
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
