package edenwait_test

import (
	"context"
	"errors"
	"fmt"
	"math"
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

// Calls that leave a job while its request is under way, and calls that come then.

// leaves has a call of some kind that leaves after a while.
var leaves = map[string]func(w *edenwait.Waiter, ctx context.Context, id string, after time.Duration){
	"ctx of Wait": func(w *edenwait.Waiter, ctx context.Context, id string, after time.Duration) {
		ctx, cancel := context.WithTimeout(ctx, after)
		defer cancel()
		_, _ = w.Wait(ctx, id)
	},
	"ctx of WaitAll": func(w *edenwait.Waiter, ctx context.Context, id string, after time.Duration) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(after, cancel)
		_, _ = w.WaitAll(ctx, []string{id, testbed.ID(99)})
	},
	"break": func(w *edenwait.Waiter, ctx context.Context, id string, after time.Duration) {
		for range w.AsCompleted(ctx, func(yield func(string) bool) {
			if yield(id) {
				time.Sleep(after)
				yield("not an id") // whose result ends the loop
			}
		}) {
			break
		}
	},
}

// A call that leaves gives its wait up at once; the request goes on for others.
func TestRequestGoesOnForOthers(t *testing.T) {
	for how, leave := range leaves {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &testbed.SlowSource{Takes: 10 * time.Second, Dying: -1, Done: func(int) bool { return true }}
				waiter := testbed.NewSlow(t, source, edenwait.Config{})
				var wg sync.WaitGroup
				wg.Go(func() {
					leave(waiter, context.Background(), testbed.ID(1), 3*time.Second)
					if took := time.Since(source.Start); took > 3500*time.Millisecond {
						t.Errorf("left after %v", took)
					}
				})
				time.Sleep(time.Second)
				if _, err := waiter.Wait(context.Background(), testbed.ID(1)); err != nil {
					t.Error(err)
				}
				if took := time.Since(source.Start); took != 10*time.Second {
					t.Errorf("answered after %v", took)
				}
				wg.Wait()
				for _, a := range source.Asked {
					if a.Began == 0 && a.Aborted >= 0 && a.Aborted != 3*time.Second {
						t.Errorf("aborted after %v", a.Aborted)
					}
				}
				if how != "ctx of WaitAll" && (len(source.Asked) != 1 || source.Asked[0].Aborted >= 0) {
					t.Errorf("%+v", source.Asked)
				}
			})
		})
	}
}

// When the last call leaves, the request is aborted, and an answer that comes
// within 400 ms counts all the same; a later one does not, and nobody waits for it.
func TestLastToLeave(t *testing.T) {
	for _, dying := range []time.Duration{0, 399 * time.Millisecond, 401 * time.Millisecond, time.Hour} {
		t.Run(fmt.Sprint(dying), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &testbed.SlowSource{Takes: time.Minute, Dying: dying, Done: func(int) bool { return true }}
				record := testbed.NewHookLog()
				waiter := testbed.NewSlow(t, source, edenwait.Config{Hooks: record.Hooks()})
				results := make([]edenwait.Result, 2)
				var wg sync.WaitGroup
				for i := range results {
					wg.Go(func() {
						ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i+3)*time.Second)
						defer cancel()
						got, _ := waiter.WaitAll(ctx, []string{testbed.ID(1)})
						results[i] = got[0]
						if took := time.Since(source.Start); took > time.Duration(i+3)*time.Second+500*time.Millisecond {
							t.Errorf("call %d returned after %v", i, took)
						}
					})
				}
				wg.Wait()
				time.Sleep(2 * time.Hour) // the Source holds on to the request
				synctest.Wait()
				if a := source.Asked[0]; len(source.Asked) != 1 || a.Aborted != 4*time.Second {
					t.Errorf("%+v", source.Asked)
				}
				if !errors.Is(results[0].Err, context.DeadlineExceeded) || results[0].Job != nil {
					t.Errorf("the first to leave: %+v", results[0])
				}
				in := dying <= 400*time.Millisecond
				if last := results[1]; in != (last.Job != nil && last.Err == nil) || !in && !errors.Is(last.Err, context.DeadlineExceeded) {
					t.Errorf("the last to leave: %+v", last)
				}
				if record.Success[testbed.ID(1)] != map[bool]int{true: 1}[in] || len(record.Errors) > 0 {
					t.Errorf("hooks: %v, %v", record.Success, record.Errors)
				}
			})
		})
	}
}

// A call that comes after the last has left never joins the dying request.
func TestNobodyJoinsADyingRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The dying request would say that the job runs; a new one knows that it ended.
		source := &testbed.SlowSource{Takes: 10 * time.Second, Dying: 300 * time.Millisecond, Done: func(poll int) bool { return poll == 2 }}
		waiter := testbed.NewSlow(t, source, edenwait.Config{})
		var wg sync.WaitGroup
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			defer cancel()
			if _, err := waiter.Wait(ctx, testbed.ID(1)); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
		time.Sleep(3*time.Second + 100*time.Millisecond)
		results, err := waiter.WaitAll(context.Background(), []string{testbed.ID(1)})
		if err != nil || results[0].Polls != 1 {
			t.Errorf("%+v, %v", results, err)
		}
		wg.Wait()
		if len(source.Asked) != 2 || source.Asked[1].Began != 3100*time.Millisecond || source.Asked[1].Aborted >= 0 {
			t.Errorf("%+v", source.Asked)
		}
	})
}

// A GET carries the values of the call that has waited longest; a page of the
// list those of nobody.
func TestValuesOfTheLongestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &testbed.SlowSource{Takes: 100 * time.Millisecond, Dying: -1, Done: func(int) bool { return false }}
		waiter := testbed.NewSlow(t, source, edenwait.Config{})
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 10 * time.Second)
				ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), testbed.TenantKey{}, i), 31*time.Second)
				defer cancel()
				_, _ = waiter.WaitAll(ctx, []string{testbed.ID(1)})
			})
		}
		wg.Wait()
		seen := map[any]bool{}
		for _, a := range source.Asked {
			want := max(0, int((a.Began-31*time.Second)/(10*time.Second))+1)
			if a.Began < 31*time.Second {
				want = 0
			}
			if seen[a.Tenant] = true; a.Tenant != want {
				t.Errorf("asked at %v with the values of call %v, want %d", a.Began, a.Tenant, want)
			}
		}
		if len(seen) != 3 {
			t.Errorf("values of %v", seen)
		}
	})
}

func TestPagesCarryNobodysValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		spy := &spy{api: api}
		waiter, err := edenwait.New(edenwait.Config{Source: spy})
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.WithValue(context.Background(), testbed.TenantKey{}, 1)
		if _, err := waiter.WaitAll(ctx, api.SubmitAll(50, testbed.MinuteLong)); err != nil {
			t.Fatal(err)
		}
		if spy.pages == 0 || spy.gets == 0 {
			t.Errorf("%d pages, %d GETs", spy.pages, spy.gets)
		}
		if spy.ofPages != nil || spy.ofGets != 1 {
			t.Errorf("pages carry %v, GETs %v", spy.ofPages, spy.ofGets)
		}
	})
}

// spy notes the values that requests carry.
type spy struct {
	api *edentest.API

	mu              sync.Mutex
	poller          *edenwait.Poller
	pages, gets     int
	ofPages, ofGets any
}

func (s *spy) open() *edenwait.Poller {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poller == nil {
		s.poller, _ = edenwait.NewPoller(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: s.api.Client()})
	}
	return s.poller
}

func (s *spy) Get(ctx context.Context, id string) (*edenwait.Job, error) {
	poller := s.open()
	s.mu.Lock()
	s.gets++
	s.ofGets = ctx.Value(testbed.TenantKey{})
	s.mu.Unlock()
	return poller.Get(ctx, id)
}

func (s *spy) List(ctx context.Context, q edenwait.ListQuery) (*edenwait.JobPage, error) {
	poller := s.open()
	s.mu.Lock()
	s.pages++
	if v := ctx.Value(testbed.TenantKey{}); v != nil {
		s.ofPages = v
	}
	s.mu.Unlock()
	return poller.List(ctx, q)
}

// A call's ctx ends that call alone, within a second, whoever else waits for its
// jobs; the others go on.
func TestContextEndsItsCallAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		ids := api.SubmitAll(500, testbed.MinuteLong)
		waiter := testbed.NewWaiter(t, api, edenwait.Config{})
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(20+10*i)*time.Second)
				defer cancel()
				began := time.Now()
				results := slices.Collect(waiter.AsCompleted(ctx, slices.Values(ids)))
				if took := time.Since(began); took > time.Duration(21+10*i)*time.Second || len(results) != len(ids) {
					t.Errorf("call %d: %d results after %v", i, len(results), took)
				}
				for _, r := range results {
					if r.Job == nil && !errors.Is(r.Err, context.DeadlineExceeded) {
						t.Errorf("call %d: %v", i, r.Err)
					}
				}
			})
		}
		results, err := waiter.WaitAll(context.Background(), ids)
		if err != nil {
			t.Error(err)
		}
		for _, r := range results {
			if r.Job == nil {
				t.Errorf("%v", r.Err)
			}
		}
		wg.Wait()
		if stats := api.Stats(); stats.Gets+stats.Lists > 3*len(ids) {
			t.Errorf("%d requests", stats.Gets+stats.Lists)
		}
	})
}

// A deadline that is centuries away is as none: it does not overflow the engine's
// time, which would have all jobs polled as if time ran out.
func TestDeadlineCenturiesAway(t *testing.T) {
	requests := func(timeout time.Duration) (n int) {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
			waiter := testbed.NewWaiter(t, api, edenwait.Config{})
			if _, err := waiter.Wait(context.Background(), api.Submit(edentest.Script{After: time.Minute})); err != nil {
				t.Fatal(err)
			}
			before := api.Stats().Requests()
			ids := api.SubmitAll(100, edentest.Workload{Durations: edentest.Fixed(5 * time.Minute)})
			ctx, cancel := context.WithTimeout(context.Background(), timeout)
			defer cancel()
			if _, err := waiter.WaitAll(ctx, ids); err != nil {
				t.Error(err)
			}
			n = api.Stats().Requests() - before
		})
		return n
	}
	near, far := requests(time.Hour), requests(math.MaxInt64)
	if far > near+near/5 {
		t.Errorf("%d requests, and %d with a deadline in an hour", far, near)
	}
}

// A request that ctx has cut short is no failure of its job, whichever of the two
// is heard of first. Outside of a bubble, since it takes goroutines that run at once:
// ctx ends as a request is sent, thirty times a later one.
func TestCancelIsNoFailure(t *testing.T) {
	var called, left atomic.Int64
	var end atomic.Value
	waiter := testbed.NewScripted(t, func(ctx context.Context, _ string, _ int) (*edenwait.Job, error) {
		if left.Add(-1) == 0 {
			end.Load().(func())()
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}, edenwait.Config{
		MaxErrors: 1, MaxInFlight: 5000, Rate: 1e6, Burst: 5000, FailFast: true,
		Hooks: edenwait.Hooks{OnError: func(context.Context, string, error) { called.Add(1) }},
	})
	ids := make([]string, 5000)
	for n := range ids {
		ids[n] = testbed.ID(n)
	}
	for n := range 30 {
		ctx, cancel := context.WithCancelCause(context.Background())
		cause := errors.New("the operator")
		end.Store(func() { cancel(cause) })
		left.Store(int64(1 + n*len(ids)/30))
		results, err := waiter.WaitAll(ctx, ids)
		for _, r := range results {
			if !errors.Is(r.Err, cause) {
				t.Fatalf("%v", r.Err)
			}
		}
		var batch *edenwait.BatchError
		if !errors.As(err, &batch) || !errors.Is(batch.Cause, cause) || called.Load() > 0 {
			t.Fatalf("OnError called %d times; %v", called.Load(), batch.Cause)
		}
	}
}

// A Source that does not heed its context cannot hold the call.
func TestSourceIgnoresContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
			time.Sleep(time.Hour)
			return testbed.Running(id)
		}, edenwait.Config{MaxInFlight: 2})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		began := time.Now()
		_, err := waiter.WaitAll(ctx, []string{testbed.ID(1), testbed.ID(2), testbed.ID(3)}) // more than may be under way
		var gaveUp *edenwait.GaveUpError
		if took := time.Since(began); took > 61*time.Second || !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &gaveUp) || gaveUp.LastStatus != "" {
			t.Errorf("after %v: %v", took, err)
		}
		time.Sleep(time.Hour) // its request outlives the call
	})
}
