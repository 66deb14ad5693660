package edenwait_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.DebugLevel)
		api := edentest.New(edentest.Options{Faults: []edentest.Fault{{From: 10 * time.Second, Until: 20 * time.Second, Do: edentest.RefuseConnection()}}})
		id := api.Submit(edentest.Script{After: time.Minute, Output: []byte(`"private words"`)})
		if _, err := testbed.NewWaiter(t, api, edenwait.Config{Logger: zap.New(core)}).Wait(context.Background(), id); err != nil {
			t.Fatal(err)
		}
		// A refused connection is a request sent, and logged, but never arrives.
		counts := map[string]int{}
		for _, entry := range logs.All() {
			counts[entry.Level.String()+" "+entry.Message]++
			for _, field := range entry.Context {
				if strings.Contains(field.String, "private") || strings.Contains(field.String, edentest.DefaultToken) {
					t.Errorf("%s logs %s", entry.Message, field.String)
				}
			}
		}
		if counts["debug request"] < api.Stats().Gets {
			t.Errorf("%d lines for %d requests", counts["debug request"], api.Stats().Gets)
		}
		delete(counts, "debug request")
		want := map[string]int{"debug wait started": 1, "debug wait ended": 1, "warn requests fail": 1, "warn requests succeed again": 1}
		for line, n := range want {
			if counts[line] != n {
				t.Errorf("%d lines %q, want %d", counts[line], line, n)
			}
			delete(counts, line)
		}
		if len(counts) > 0 {
			t.Errorf("unexpected lines: %v", counts)
		}
	})
}

// A Logger that panics where a Source or OnProgress has just panicked ends no
// process.
func TestLoggerPanicsAboutAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		seen := map[string]int{}
		logger := zap.New(testbed.ThrowingCore{Throw: func(message string) {
			mu.Lock()
			defer mu.Unlock()
			if seen[message]++; strings.Contains(message, "panicked") {
				panic("log: " + message)
			}
		}})
		for what, config := range map[string]edenwait.Config{
			"the Source panicked": {Logger: logger, Source: &testbed.Scripted{Answer: func(_ context.Context, id string, poll int) (*edenwait.Job, error) {
				if poll > 4 {
					panic("source")
				}
				return testbed.Running(id)
			}}},
			"OnProgress panicked": {Logger: logger, Source: testbed.Endless{}, Hooks: edenwait.Hooks{OnProgress: func(edenwait.Progress) { panic("progress") }}},
		} {
			waiter, err := edenwait.New(config)
			if err != nil {
				t.Fatal(err)
			}
			for call, out := range testbed.CallsUnderWay(waiter) {
				if thrown := <-out; thrown != "log: "+what {
					t.Errorf("%s: %s: %v", what, call, thrown)
				}
			}
		}
	})
}

type badClock struct{ throw func() }

func (c badClock) Now() time.Time { c.throw(); return time.Now() }

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

// TestLimitIsLoggedAsAState: a Rate above the account's limit writes a line when it
// begins and one when it is over, and not one per change.
func TestLimitIsLoggedAsAState(t *testing.T) {
	for _, rate := range []float64{11, 20, 1000} {
		synctest.Test(t, func(t *testing.T) {
			core, logs := observer.New(zap.WarnLevel)
			api := edentest.New(edentest.Options{})
			waiter := testbed.NewWaiter(t, api, edenwait.Config{Rate: rate, Logger: zap.New(core)})
			var ids []string
			for range 600 {
				ids = append(ids, api.Submit(edentest.Script{}))
			}
			ids = append(ids, api.Submit(edentest.Script{After: 10 * time.Minute}))
			if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
				t.Error(err)
			}
			lines := logs.All()
			if len(lines) != 2 || !strings.HasPrefix(lines[0].Message, "rate limited") || !strings.Contains(lines[1].Message, "no longer") {
				t.Errorf("rate %v: %v", rate, lines)
			}
			for _, line := range lines {
				if value := fmt.Sprint(line.ContextMap()["rate"]); len(value) > 6 {
					t.Errorf("the rate is logged as %s", value)
				}
			}
		})
	}
}

// TestFirstLineOfARefusedKey: the key is the news, and not the list that cannot be read.
func TestFirstLineOfARefusedKey(t *testing.T) {
	for status, word := range map[int]string{401: "key", 403: "key", 402: "credit", 404: "cannot be read"} {
		synctest.Test(t, func(t *testing.T) {
			core, logs := observer.New(zap.WarnLevel)
			api, waiter := testbed.New(t, edentest.Options{Faults: []edentest.Fault{
				{On: edentest.List, Do: edentest.Status(status, `{"detail":"no"}`, nil)},
			}}, edenwait.Config{Logger: zap.New(core)})
			ids := []string{}
			for range 50 {
				ids = append(ids, api.Submit(edentest.Script{After: time.Minute}))
			}
			if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
				t.Error(err)
			}
			if lines := logs.All(); len(lines) != 1 || !strings.Contains(lines[0].Message, word) {
				t.Errorf("%d: %v", status, lines)
			}
		})
	}
}

// TestStartedSaysHowManyIDs: or nothing, where they have yet to come.
func TestStartedSaysHowManyIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.DebugLevel)
		api := edentest.New(edentest.Options{})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Logger: zap.New(core)})
		ids := []string{"nonsense", api.Submit(edentest.Script{}), api.Submit(edentest.Script{})}
		ids = append(ids, ids[1])
		_, _ = waiter.WaitAll(context.Background(), ids)
		_, _ = waiter.Wait(context.Background(), ids[1])
		for range waiter.AsCompleted(context.Background(), func(yield func(string) bool) { yield(ids[1]) }) {
		}
		want := map[string][]any{"batch started": {int32(4), nil}, "wait started": {int32(1)}}
		for message, values := range want {
			lines := logs.FilterMessage(message).All()
			if len(lines) != len(values) {
				t.Fatalf("%s: %v", message, lines)
			}
			for i, value := range values {
				got := lines[i].ContextMap()["ids"]
				if fmt.Sprint(got) != fmt.Sprint(value) {
					t.Errorf("%s: ids %v, want %v", message, got, value)
				}
				if jobs, there := lines[i].ContextMap()["jobs"]; there {
					t.Errorf("%s: jobs %v", message, jobs)
				}
			}
		}
	})
}
