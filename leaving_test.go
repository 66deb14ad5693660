package edenwait_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// Calls that leave a job while its request is under way, and calls that come then.

// asked is what became of one GET of a slowSource.
type asked struct {
	began   time.Duration
	aborted time.Duration // -1 if it was not
	tenant  any
}

type tenantKey struct{}

// slowSource answers each GET after a while, and a while after it was aborted.
type slowSource struct {
	t     *testing.T
	start time.Time
	takes time.Duration // an answer
	dying time.Duration // an answer, from the abort
	done  func(poll int) bool

	mu    sync.Mutex
	asked []asked
}

func (s *slowSource) Get(ctx context.Context, id string) (*edenwait.Job, error) {
	s.mu.Lock()
	n := len(s.asked)
	s.asked = append(s.asked, asked{time.Since(s.start), -1, ctx.Value(tenantKey{})})
	s.mu.Unlock()
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		s.mu.Lock()
		s.asked[n].aborted = time.Since(s.start)
		s.mu.Unlock()
		if s.dying < 0 {
			return nil, ctx.Err()
		}
		time.Sleep(s.dying)
	}
	if s.done(n + 1) {
		return succeeded(id)
	}
	return running(id)
}

func newSlow(t *testing.T, s *slowSource, config edenwait.Config) *edenwait.Waiter {
	t.Helper()
	s.t, s.start = t, time.Now()
	config.Source = s
	waiter, err := edenwait.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return waiter
}

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
		_, _ = w.WaitAll(ctx, []string{id, uid(99)})
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
				source := &slowSource{takes: 10 * time.Second, dying: -1, done: func(int) bool { return true }}
				waiter := newSlow(t, source, edenwait.Config{})
				var wg sync.WaitGroup
				wg.Go(func() {
					leave(waiter, context.Background(), uid(1), 3*time.Second)
					if took := time.Since(source.start); took > 3500*time.Millisecond {
						t.Errorf("left after %v", took)
					}
				})
				time.Sleep(time.Second)
				if _, err := waiter.Wait(context.Background(), uid(1)); err != nil {
					t.Error(err)
				}
				if took := time.Since(source.start); took != 10*time.Second {
					t.Errorf("answered after %v", took)
				}
				wg.Wait()
				for _, a := range source.asked {
					if a.began == 0 && a.aborted >= 0 && a.aborted != 3*time.Second {
						t.Errorf("aborted after %v", a.aborted)
					}
				}
				if how != "ctx of WaitAll" && (len(source.asked) != 1 || source.asked[0].aborted >= 0) {
					t.Errorf("%+v", source.asked)
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
				source := &slowSource{takes: time.Minute, dying: dying, done: func(int) bool { return true }}
				record := newHookLog()
				waiter := newSlow(t, source, edenwait.Config{Hooks: record.hooks()})
				results := make([]edenwait.Result, 2)
				var wg sync.WaitGroup
				for i := range results {
					wg.Go(func() {
						ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i+3)*time.Second)
						defer cancel()
						got, _ := waiter.WaitAll(ctx, []string{uid(1)})
						results[i] = got[0]
						if took := time.Since(source.start); took > time.Duration(i+3)*time.Second+500*time.Millisecond {
							t.Errorf("call %d returned after %v", i, took)
						}
					})
				}
				wg.Wait()
				time.Sleep(2 * time.Hour) // the Source holds on to the request
				synctest.Wait()
				if a := source.asked[0]; len(source.asked) != 1 || a.aborted != 4*time.Second {
					t.Errorf("%+v", source.asked)
				}
				if !errors.Is(results[0].Err, context.DeadlineExceeded) || results[0].Job != nil {
					t.Errorf("the first to leave: %+v", results[0])
				}
				in := dying <= 400*time.Millisecond
				if last := results[1]; in != (last.Job != nil && last.Err == nil) || !in && !errors.Is(last.Err, context.DeadlineExceeded) {
					t.Errorf("the last to leave: %+v", last)
				}
				if record.success[uid(1)] != map[bool]int{true: 1}[in] || len(record.errors) > 0 {
					t.Errorf("hooks: %v, %v", record.success, record.errors)
				}
			})
		})
	}
}

// A call that comes after the last has left never joins the dying request.
func TestNobodyJoinsADyingRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The dying request would say that the job runs; a new one knows that it ended.
		source := &slowSource{takes: 10 * time.Second, dying: 300 * time.Millisecond, done: func(poll int) bool { return poll == 2 }}
		waiter := newSlow(t, source, edenwait.Config{})
		var wg sync.WaitGroup
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			defer cancel()
			if _, err := waiter.Wait(ctx, uid(1)); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
		time.Sleep(3*time.Second + 100*time.Millisecond)
		results, err := waiter.WaitAll(context.Background(), []string{uid(1)})
		if err != nil || results[0].Polls != 1 {
			t.Errorf("%+v, %v", results, err)
		}
		wg.Wait()
		if len(source.asked) != 2 || source.asked[1].began != 3100*time.Millisecond || source.asked[1].aborted >= 0 {
			t.Errorf("%+v", source.asked)
		}
	})
}

// A GET carries the values of the call that has waited longest; a page of the
// list those of nobody.
func TestValuesOfTheLongestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &slowSource{takes: 100 * time.Millisecond, dying: -1, done: func(int) bool { return false }}
		waiter := newSlow(t, source, edenwait.Config{})
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 10 * time.Second)
				ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), tenantKey{}, i), 31*time.Second)
				defer cancel()
				_, _ = waiter.WaitAll(ctx, []string{uid(1)})
			})
		}
		wg.Wait()
		seen := map[any]bool{}
		for _, a := range source.asked {
			want := max(0, int((a.began-31*time.Second)/(10*time.Second))+1)
			if a.began < 31*time.Second {
				want = 0
			}
			if seen[a.tenant] = true; a.tenant != want {
				t.Errorf("asked at %v with the values of call %v, want %d", a.began, a.tenant, want)
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
		ctx := context.WithValue(context.Background(), tenantKey{}, 1)
		if _, err := waiter.WaitAll(ctx, api.SubmitAll(50, minuteLong)); err != nil {
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
	s.ofGets = ctx.Value(tenantKey{})
	s.mu.Unlock()
	return poller.Get(ctx, id)
}

func (s *spy) List(ctx context.Context, q edenwait.ListQuery) (*edenwait.JobPage, error) {
	poller := s.open()
	s.mu.Lock()
	s.pages++
	if v := ctx.Value(tenantKey{}); v != nil {
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
		ids := api.SubmitAll(500, minuteLong)
		waiter := newWaiter(t, api, edenwait.Config{})
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
