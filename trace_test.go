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

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// marked is the key of what a test's Trace puts into contexts.
type marked string

// tracing records what a Trace is told, and passes marks on by the contexts.
type tracing struct {
	mu       sync.Mutex
	events   []string
	jobs     []edenwait.JobEndInfo
	calls    []edenwait.CallEndInfo
	requests []edenwait.RequestEndInfo
	bad      []string
}

func (r *tracing) add(event string, record func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, event)
	record()
}

// check records that a context lacks a mark.
func (r *tracing) check(where string, ctx context.Context, key marked) {
	if ctx.Value(key) != string(key) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bad = append(r.bad, fmt.Sprintf("%s: the context lacks the mark of %s", where, key))
	}
}

func (r *tracing) trace() *edenwait.Trace {
	return &edenwait.Trace{
		CallStart: func(ctx context.Context, info edenwait.CallInfo) context.Context {
			r.add("start "+info.Method, func() {})
			r.check("CallStart", ctx, "caller")
			return context.WithValue(ctx, marked("call"), "call")
		},
		CallEnd: func(ctx context.Context, info edenwait.CallEndInfo) {
			r.check("CallEnd", ctx, "call")
			r.add("end "+info.Method, func() { r.calls = append(r.calls, info) })
		},
		JobEnd: func(ctx context.Context, info edenwait.JobEndInfo) {
			r.check("JobEnd", ctx, "call")
			r.add("job "+string(info.Outcome), func() { r.jobs = append(r.jobs, info) })
		},
		RequestStart: func(ctx context.Context, info edenwait.RequestInfo) context.Context {
			if info.Kind == edenwait.RequestGet {
				r.check("RequestStart", ctx, "call")
				for _, call := range info.Calls {
					r.check("RequestInfo.Calls", call, "call")
				}
			}
			r.add(fmt.Sprintf("start %s", info.Kind), func() {})
			return context.WithValue(ctx, marked("request"), "request")
		},
		RequestEnd: func(ctx context.Context, info edenwait.RequestEndInfo) {
			r.check("RequestEnd", ctx, "request")
			r.add(fmt.Sprintf("end %s %s", info.Kind, info.Status), func() { r.requests = append(r.requests, info) })
		},
	}
}

// One call from its start to its end, in order, with the contexts that belong to it.
func TestTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		r := new(tracing)
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Trace: r.trace(), Hooks: edenwait.Hooks{
			OnSuccess: func(ctx context.Context, _ *edenwait.Job) error {
				r.check("OnSuccess", ctx, "call")
				r.add("hook", func() {})
				return nil
			},
		}})
		id := api.Submit(edentest.Script{After: 1500 * time.Millisecond, Feature: "audio", Subfeature: "speech_to_text_async", Provider: "deepgram"})
		ctx := context.WithValue(context.Background(), marked("caller"), "caller")
		began := time.Now()
		if _, err := waiter.Wait(ctx, strings.ToUpper(id)); err != nil {
			t.Fatal(err)
		}
		asked := testbed.Gets(api, id)
		n := len(asked)
		want := []string{"start Wait"}
		for range n - 1 {
			want = append(want, "start get", "end get processing")
		}
		want = append(want, "start get", "end get success", "job success", "hook", "end Wait")
		if !slices.Equal(r.events, want) || len(r.bad) > 0 {
			t.Errorf("%v\n%v, want %v", r.bad, r.events, want)
		}
		job, call, last := r.jobs[0], r.calls[0], r.requests[n-1]
		if job.ID != id || job.Feature != "audio" || job.Subfeature != "speech_to_text_async" || job.Provider != "deepgram" ||
			job.Calls != 1 || job.Polls != n || job.Waited != time.Since(began) || job.Err != nil {
			t.Errorf("%+v", job)
		}
		if call.Err != nil || call.Jobs != 1 || call.Progress.Succeeded != 1 || call.Progress.Requests != n {
			t.Errorf("%+v", call)
		}
		if last.JobID != id || last.Attempt != n || len(last.Calls) != 1 || last.Err != nil {
			t.Errorf("%+v", last)
		}
		end, _ := api.EndedAt(id)
		truth, gap := time.Since(end), asked[n-1].Sub(asked[n-2])+20*time.Millisecond // to its arrival
		if !job.LagBounded || job.Lag < truth || job.Lag > truth+gap {
			t.Errorf("lag %v (bounded: %v), want %v to %v", job.Lag, job.LagBounded, truth, truth+gap)
		}
	})
}

// JobEnd is called once per job, whoever waits for it, with the context of the
// longest wait. A GET names all its calls in the order in which they began.
func TestTraceOfSharedJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		var mu sync.Mutex
		var ends []edenwait.JobEndInfo
		most := 0
		name := func(ctx context.Context) int { n, _ := ctx.Value(marked("call")).(int); return n }
		waiter := testbed.NewWaiter(t, api, edenwait.Config{DisableList: true, Trace: &edenwait.Trace{
			JobEnd: func(ctx context.Context, info edenwait.JobEndInfo) {
				mu.Lock()
				defer mu.Unlock()
				ends = append(ends, info)
				if name(ctx) != 1 {
					t.Errorf("JobEnd has the context of call %d", name(ctx))
				}
			},
			RequestStart: func(ctx context.Context, info edenwait.RequestInfo) context.Context {
				mu.Lock()
				defer mu.Unlock()
				most = max(most, len(info.Calls))
				for i, call := range info.Calls {
					if name(call) != i+1 || name(ctx) != 1 {
						t.Errorf("call %d of a GET is %d, its own context %d's", i+1, name(call), name(ctx))
					}
				}
				return nil
			},
		}})
		id := api.Submit(edentest.Script{After: time.Minute})
		unknown := "01234567-0000-4000-8000-000000000000"
		var wg sync.WaitGroup
		for i := range 150 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 10 * time.Millisecond)
				ctx := context.WithValue(context.Background(), marked("call"), i+1)
				_, _ = waiter.WaitAll(ctx, []string{id, strings.ToUpper(id)})
			})
		}
		wg.Go(func() {
			ctx := context.WithValue(context.Background(), marked("call"), 1)
			_, _ = waiter.WaitAll(ctx, []string{unknown, "no id"})
		})
		wg.Wait()
		if len(ends) != 2 || ends[1].Calls != 150 || ends[1].Waited < time.Minute || most != 128 {
			t.Errorf("%d ends, at most %d calls per GET: %+v", len(ends), most, ends)
		}
		if e := ends[0]; e.ID != unknown || e.Outcome != edenwait.OutcomeError || !errors.Is(e.Err, edenwait.ErrNotFound) || e.LagBounded {
			t.Errorf("%+v", e)
		}
	})
}

// A wait that is given up is no end of a job that another call still waits for.
func TestTraceOfOneGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		var ends []edenwait.JobEndInfo
		waiter := testbed.NewWaiter(t, api, edenwait.Config{MaxWait: time.Minute, Trace: &edenwait.Trace{
			JobEnd: func(_ context.Context, info edenwait.JobEndInfo) { ends = append(ends, info) },
		}})
		id := api.Submit(edentest.Script{After: 75 * time.Second})
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := waiter.Wait(context.Background(), id); !errors.Is(err, edenwait.ErrMaxWait) {
				t.Error(err)
			}
		})
		time.Sleep(30 * time.Second)
		if _, err := waiter.Wait(context.Background(), id); err != nil {
			t.Error(err)
		}
		wg.Wait()
		if len(ends) != 1 || ends[0].Outcome != edenwait.OutcomeSuccess || ends[0].Waited > time.Minute {
			t.Errorf("%+v", ends)
		}
	})
}

// Calls that leave early have an end that says so, and their jobs none.
func TestTraceOfCallsThatLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		r := new(tracing)
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Trace: r.trace()})
		ids := api.SubmitAll(20, edentest.Workload{Durations: edentest.Fixed(edentest.Never)})
		ctx := context.WithValue(context.Background(), marked("caller"), "caller")
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = waiter.Wait(ctx, ids[0]) })
		wg.Go(func() { _, _ = waiter.WaitAll(ctx, ids) })
		wg.Go(func() {
			for range waiter.AsCompleted(ctx, slices.Values(ids)) {
			}
		})
		wg.Wait()
		synctest.Wait()
		if len(r.jobs) != 0 || len(r.calls) != 3 || len(r.bad) > 0 {
			t.Fatalf("%v: %d jobs and %d calls ended, want 0 and 3", r.bad, len(r.jobs), len(r.calls))
		}
		for _, c := range r.calls {
			want := map[string]int{"Wait": 1, "WaitAll": 20, "AsCompleted": 20}[c.Method]
			if !errors.Is(c.Err, context.DeadlineExceeded) || c.Progress.Total != want || c.Progress.Errored+c.Progress.Waiting != want {
				t.Errorf("%+v", c)
			}
		}
		starts := 0
		for _, e := range r.events {
			if strings.HasPrefix(e, "start get") || strings.HasPrefix(e, "start list") {
				starts++
			}
		}
		if starts != len(r.requests) || starts == 0 {
			t.Errorf("%d requests started, %d ended", starts, len(r.requests))
		}
	})
}

// What a Trace throws is thrown again in every call under way, and the Waiter goes
// on with the next.
func TestTraceThrows(t *testing.T) {
	bug := errors.New("a bug")
	for how, throw := range map[string]func(){
		"panic":  func() { panic(bug) },
		"goexit": runtime.Goexit,
	} {
		for who, trace := range map[string]func(throw func()) *edenwait.Trace{
			"CallStart": func(throw func()) *edenwait.Trace {
				return &edenwait.Trace{CallStart: func(ctx context.Context, _ edenwait.CallInfo) context.Context { throw(); return ctx }}
			},
			"CallEnd": func(throw func()) *edenwait.Trace {
				return &edenwait.Trace{CallEnd: func(context.Context, edenwait.CallEndInfo) { throw() }}
			},
			"JobEnd": func(throw func()) *edenwait.Trace {
				return &edenwait.Trace{JobEnd: func(context.Context, edenwait.JobEndInfo) { throw() }}
			},
			"RequestStart": func(throw func()) *edenwait.Trace {
				return &edenwait.Trace{RequestStart: func(ctx context.Context, _ edenwait.RequestInfo) context.Context { throw(); return ctx }}
			},
			"RequestEnd": func(throw func()) *edenwait.Trace {
				return &edenwait.Trace{RequestEnd: func(context.Context, edenwait.RequestEndInfo) { throw() }}
			},
		} {
			t.Run(who+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					began := time.Now()
					var threw, healed atomic.Bool
					late := func() bool { return time.Since(began) > time.Minute }
					waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
						// The last job ends, or its call does, when the Trace throws.
						if healed.Load() || late() && id == testbed.ID(2) {
							return testbed.Succeeded(id)
						}
						return testbed.Running(id)
					}, edenwait.Config{Trace: trace(func() {
						if late() && threw.CompareAndSwap(false, true) {
							throw() // once, or each call that ends would meet it anew
						}
					})})
					calls := testbed.CallsUnderWay(waiter)
					time.Sleep(time.Minute + time.Second)
					var last any
					switch who {
					case "CallStart", "CallEnd": // the call that throws is one more
						ctx, cancel := context.WithTimeout(context.Background(), time.Second)
						defer cancel()
						last = <-testbed.ThrownBy(func() { _, _ = waiter.Wait(ctx, testbed.ID(9)) })
					}
					if last != nil && how == "panic" && last != any(bug) {
						t.Errorf("the call itself threw %v", last)
					}
					for call, out := range calls {
						thrown := <-out
						if err, _ := thrown.(error); how == "panic" && thrown != any(bug) || how == "goexit" && (err == nil || !strings.Contains(err.Error(), "the Trace called runtime.Goexit")) {
							t.Errorf("%s threw %v", call, thrown)
						}
					}
					healed.Store(true)
					if _, err := waiter.Wait(context.Background(), testbed.ID(7)); err != nil {
						t.Errorf("the next call: %v", err)
					}
				})
			})
		}
	}
}

// BenchmarkTrace measures a WaitAll of a thousand jobs whose polls cost nothing
// but the Waiter's own work: without a Trace, with an empty one, and with one
// whose funcs do nothing. To compare:
//
//	go test -run '^$' -bench 'Trace$' -benchmem -count 10 .
func BenchmarkTrace(b *testing.B) {
	ids := make([]string, 1000)
	for i := range ids {
		ids[i] = testbed.SpreadID(i)
	}
	same := func(ctx context.Context) context.Context { return ctx }
	for _, with := range []struct {
		name  string
		trace *edenwait.Trace
	}{
		{"none", nil},
		{"empty", &edenwait.Trace{}},
		{"all", &edenwait.Trace{
			CallStart:    func(ctx context.Context, _ edenwait.CallInfo) context.Context { return same(ctx) },
			CallEnd:      func(context.Context, edenwait.CallEndInfo) {},
			JobEnd:       func(context.Context, edenwait.JobEndInfo) {},
			RequestStart: func(ctx context.Context, _ edenwait.RequestInfo) context.Context { return same(ctx) },
			RequestEnd:   func(context.Context, edenwait.RequestEndInfo) {},
		}},
	} {
		b.Run(with.name, func(b *testing.B) {
			source := &testbed.Scripted{Answer: func(_ context.Context, id string, _ int) (*edenwait.Job, error) { return testbed.Succeeded(id) }}
			waiter, err := edenwait.New(edenwait.Config{Source: source, Rate: 1e6, Burst: 1e6, MaxInFlight: 1, Trace: with.trace})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
