package edenwait_test

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

func TestAsCompletedYieldsInOrderOfEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		var ids, want []string
		for i := range 10 {
			ids = append(ids, api.Submit(edentest.Script{After: time.Duration(10-i) * time.Minute}))
		}
		want = slices.Clone(ids)
		slices.Reverse(want)
		var got []string
		for r := range testbed.NewWaiter(t, api, edenwait.Config{}).AsCompleted(context.Background(), slices.Values(ids)) {
			if r.Err != nil {
				t.Error(r.Err)
			}
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("order %v, want %v", got, want)
		}
	})
}

// A bubble ends only when all of its goroutines have: one left behind by the
// break would hang, or be reported as a deadlock.
func TestAsCompletedBreak(t *testing.T) {
	for after := range 3 {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
			ids := api.SubmitAll(200, edentest.Workload{Durations: edentest.Uniform{Min: time.Second, Max: time.Hour}})
			taken := 0
			for range testbed.NewWaiter(t, api, edenwait.Config{}).AsCompleted(context.Background(), slices.Values(ids)) {
				if taken == after {
					break
				}
				taken++
			}
			broke, before := time.Now(), len(api.Requests())
			time.Sleep(time.Hour)
			if n := len(api.Requests()) - before; n > 0 || taken != after {
				t.Errorf("%d requests after the break at %v", n, broke)
			}
		})
	}
}

func TestAsCompletedTakesIDsAsTheyCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		record := testbed.NewHookLog()
		first := api.Submit(edentest.Script{})
		arriving := func(yield func(string) bool) {
			// The last id comes when the first job is long over, and so does the
			// first one again.
			for _, id := range []string{first, api.Submit(edentest.Script{After: time.Minute}), strings.ToUpper(first)} {
				if !yield(id) {
					return
				}
				time.Sleep(10 * time.Minute)
			}
		}
		began := time.Now()
		var at []time.Duration
		for r := range testbed.NewWaiter(t, api, edenwait.Config{Hooks: record.Hooks()}).AsCompleted(context.Background(), arriving) {
			if r.Err != nil {
				t.Error(r.Err)
			}
			at = append(at, time.Since(began).Round(time.Minute))
		}
		if want := []time.Duration{0, 10 * time.Minute, 20 * time.Minute}; !slices.Equal(at, want) {
			t.Errorf("yielded at %v, want %v", at, want)
		}
		if record.Success[first] != 1 {
			t.Errorf("%d calls of OnSuccess for one job", record.Success[first])
		}
	})
}

func TestAsCompletedHandsOnPanicOfIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		var ids iter.Seq[string] = func(yield func(string) bool) {
			yield(api.Submit(edentest.Script{}))
			panic("no more")
		}
		defer func() {
			if thrown := recover(); thrown != "no more" {
				t.Errorf("recovered %v", thrown)
			}
		}()
		for range testbed.NewWaiter(t, api, edenwait.Config{}).AsCompleted(context.Background(), ids) {
		}
	})
}

// While the loop's body is busy, results are not piled up in memory.
func TestAsCompletedWaitsForTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Rate: -1})
		ids := api.SubmitAll(1000, edentest.Workload{Durations: edentest.Fixed(0)})
		for range testbed.NewWaiter(t, api, edenwait.Config{Rate: 1000, MaxInFlight: 8}).AsCompleted(context.Background(), slices.Values(ids)) {
			time.Sleep(time.Minute)
			if n := api.Stats().Gets; n > 40 {
				t.Errorf("%d results fetched while the first is looked at", n)
			}
			break
		}
	})
}

// What comes of ids that are read just when the batch ends: each has a Result.
func TestAsCompletedAnswersForEachIDRead(t *testing.T) {
	tests := map[string]func(*edentest.API, context.CancelFunc) edenwait.Config{
		"FailFast": func(*edentest.API, context.CancelFunc) edenwait.Config {
			return edenwait.Config{FailFast: true, Hooks: edenwait.Hooks{OnFail: func(context.Context, *edenwait.Job) error {
				time.Sleep(time.Minute) // while ids go on coming
				return nil
			}}}
		},
		"ctx": func(_ *edentest.API, cancel context.CancelFunc) edenwait.Config {
			time.AfterFunc(30*time.Second, cancel)
			return edenwait.Config{}
		},
	}
	for name, setUp := range tests {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			api := edentest.New(edentest.Options{})
			var reads atomic.Int64
			ids := func(yield func(string) bool) {
				for script := (edentest.Script{Status: "fail"}); ; script = (edentest.Script{After: edentest.Never}) {
					reads.Add(1)
					if !yield(api.Submit(script)) {
						return
					}
					time.Sleep(5 * time.Second)
				}
			}
			results := int64(0)
			for r := range testbed.NewWaiter(t, api, setUp(api, cancel)).AsCompleted(ctx, ids) {
				if r.Err == nil {
					t.Errorf("%s: %s succeeded", name, r.ID)
				}
				results++
			}
			time.Sleep(10 * time.Second)
			// One may be on its way when the call is over already.
			if read := reads.Load(); results < read-1 || results > read {
				t.Errorf("%s: %d ids read, %d results", name, read, results)
			}
		})
	}
}

// A sequence in the middle of reading its next id has come to its end when the
// loop that was broken out of has.
func TestAsCompletedBreakJoinsIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running := false
		ids := func(yield func(string) bool) {
			running = true
			defer func() { running = false }()
			for n := 0; yield(testbed.ID(n)); n++ {
				time.Sleep(20 * time.Millisecond)
			}
		}
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) { return testbed.Succeeded(id) }, edenwait.Config{})
		for range waiter.AsCompleted(context.Background(), ids) {
			break
		}
		if running {
			t.Error("ids still runs after the break")
		}
		// But one that waits for something has not, and is not waited for.
		ids = func(yield func(string) bool) {
			if yield(testbed.ID(0)) {
				time.Sleep(time.Hour)
			}
		}
		broke := time.Now()
		for range waiter.AsCompleted(context.Background(), ids) {
			broke = time.Now()
			break
		}
		if took := time.Since(broke); took > 100*time.Millisecond {
			t.Errorf("the break took %v", took)
		}
		time.Sleep(time.Hour)
	})
}

// What the caller passed in may panic, and the caller may recover.
func TestAsCompletedHandsOnPanicOfBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		var read atomic.Int64
		ids := func(yield func(string) bool) {
			for n := 0; n < 1000 && yield(testbed.ID(n)); n++ {
				read.Add(1)
				time.Sleep(10 * time.Millisecond)
			}
		}
		waiter := testbed.NewWaiter(t, api, edenwait.Config{BackOff: func() backoff.BackOff { panic("no delays today") }})
		defer func() {
			if thrown := recover(); thrown != "no delays today" || read.Load() > 2 {
				t.Errorf("recovered %v, and %d ids are read", thrown, read.Load())
			}
		}()
		for range waiter.AsCompleted(context.Background(), ids) {
		}
	})
}

// A job that comes when nothing has happened for minutes may have ended long ago,
// and does not wait for the list to be due.
func TestNewJobInAQuietStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		var came sync.Map // when, by id
		ids := func(yield func(string) bool) {
			for _, id := range api.SubmitAll(20, edentest.Workload{Durations: edentest.Fixed(time.Hour)}) {
				if !yield(id) {
					return
				}
			}
			for range 10 {
				time.Sleep(3*time.Minute + 700*time.Millisecond)
				id := api.Submit(edentest.Script{})
				came.Store(id, time.Now())
				if !yield(id) {
					return
				}
			}
		}
		for r := range testbed.NewWaiter(t, api, edenwait.Config{}).AsCompleted(context.Background(), ids) {
			if at, ok := came.Load(r.ID); ok && time.Since(at.(time.Time)) > 2*time.Second {
				t.Errorf("found after %v", time.Since(at.(time.Time)))
			}
		}
	})
}

// A result waits for its own hook, not for those of others, even when no job is
// left.
func TestAsCompletedYieldsAsHooksEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		takes := map[string]time.Duration{}
		for n := range 5 {
			takes[api.Submit(edentest.Script{})] = time.Duration(n) * time.Minute
		}
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnSuccess: func(_ context.Context, job *edenwait.Job) error {
			time.Sleep(takes[job.ID])
			return nil
		}}})
		began := time.Now()
		for r := range waiter.AsCompleted(context.Background(), maps.Keys(takes)) {
			if late := time.Since(began) - takes[r.ID]; late > 5*time.Second {
				t.Errorf("yielded %v after its hook", late)
			}
		}
	})
}

// Once the batch is over no more ids are read, though answers are still awaited.
func TestAsCompletedReadsNoIDsAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var over atomic.Bool
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
			time.Sleep(2 * time.Second) // whatever becomes of ctx
			if id == testbed.ID(0) {
				over.Store(true)
				return &edenwait.Job{ID: id, Status: edenwait.StatusFail}, nil
			}
			return testbed.Succeeded(id)
		}, edenwait.Config{FailFast: true})
		var after atomic.Int64
		ids := func(yield func(string) bool) {
			for n := 0; yield(testbed.ID(n)); n++ {
				if over.Load() {
					after.Add(1)
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
		for range waiter.AsCompleted(context.Background(), ids) {
		}
		if n := after.Load(); n > 1 {
			t.Errorf("%d ids read after the end", n)
		}
		time.Sleep(time.Minute) // the last request outlives the call
	})
}

// A loop's body may panic over a result that comes after the call has finished.
func TestAsCompletedBodyPanicsLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Token: "key"})
		id := api.Submit(edentest.Script{After: time.Hour})
		waiter, err := edenwait.New(edenwait.Config{
			Token: "key", HTTPClient: api.Client(), Hooks: edenwait.Hooks{OnProgress: func(edenwait.Progress) {}},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		defer func() {
			if thrown := recover(); thrown != "the body" {
				t.Errorf("thrown: %v", thrown)
			}
		}()
		for range waiter.AsCompleted(ctx, slices.Values([]string{id})) {
			panic("the body")
		}
	})
}
