package edenwait_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// Loops over AsCompleted that are slow, or that call the Waiter themselves, while
// other calls go on.

// A loop whose body is busy slows its own jobs, and nobody else's.
func TestSlowLoopSlowsItselfAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		slow := api.SubmitAll(200, edentest.Workload{Durations: edentest.Fixed(time.Second)})
		shared := slow[190]
		others := append(api.SubmitAll(50, testbed.MinuteLong), shared)
		waiter := testbed.NewWaiter(t, api, edenwait.Config{MaxInFlight: 8})
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		taken, left := 0, make(chan struct{})
		go func() {
			defer close(left)
			for range waiter.AsCompleted(ctx, slices.Values(slow)) {
				if taken++; taken == 1 {
					time.Sleep(time.Hour)
				}
			}
		}()
		time.Sleep(5 * time.Second) // the loop has taken one result by now
		began := time.Now()
		if _, err := waiter.WaitAll(context.Background(), others); err != nil {
			t.Error(err)
		}
		for _, id := range others {
			end, _ := api.EndedAt(id)
			if seen, _ := api.FirstSeenEnded(id); seen.Sub(later(end, began)) > 12*time.Second {
				t.Errorf("known %v late beside a loop that is busy", seen.Sub(end))
			}
		}
		time.Sleep(10 * time.Minute)
		known := 0
		for _, id := range slow {
			if _, ok := api.FirstSeenEnded(id); ok {
				known++
			}
		}
		if known > 30 {
			t.Errorf("%d jobs of a loop that has taken one result were polled", known)
		}
		<-left
		if taken != len(slow) {
			t.Errorf("%d results of %d", taken, len(slow))
		}
	})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// More jobs end at one moment than the loop is ready to take.
func TestManyEndsAtOnceBesideASlowLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
			return testbed.Running(id)
		}, edenwait.Config{MaxInFlight: 4, MaxWait: time.Minute})
		ids := make([]string, 5000)
		for n := range ids {
			ids[n] = testbed.ID(n)
		}
		results := 0
		for r := range waiter.AsCompleted(context.Background(), slices.Values(ids)) {
			if results++; !errors.Is(r.Err, edenwait.ErrMaxWait) {
				t.Fatal(r.Err)
			}
		}
		if results != len(ids) {
			t.Errorf("%d results of %d", results, len(ids))
		}
	})
}

// A loop that takes results as fast as they come is never left paused. Outside of
// a bubble, since it takes goroutines that run at once.
func TestFastLoopIsNeverLeftPaused(t *testing.T) {
	waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
		return testbed.Succeeded(id)
	}, edenwait.Config{MaxInFlight: 2, Rate: 1e6, Burst: 1e6, DisableList: true})
	ids := make([]string, 20_000)
	for n := range ids {
		ids[n] = testbed.ID(n)
	}
	var taken atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range waiter.AsCompleted(context.Background(), slices.Values(ids)) {
			taken.Add(1)
		}
	}()
	for last := int64(-1); ; {
		select {
		case <-done:
			if taken.Load() != int64(len(ids)) {
				t.Errorf("%d results of %d", taken.Load(), len(ids))
			}
			return
		case <-time.After(20 * time.Second):
			if n := taken.Load(); n == last {
				t.Fatalf("stuck after %d results of %d", n, len(ids))
			} else {
				last = n
			}
		}
	}
}

// A loop's body, and the sequence that feeds it, may call Wait on the same Waiter,
// also for the very job of the result.
func TestLoopsAndSequencesThatWait(t *testing.T) {
	for _, inFlight := range []int{1, 2, 16} {
		t.Run(fmt.Sprint(inFlight), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := edentest.New(edentest.Options{Rate: -1})
				waiter := testbed.NewWaiter(t, api, edenwait.Config{Rate: 100, MaxInFlight: inFlight})
				ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
				defer cancel()
				ids := api.SubmitAll(60, edentest.Workload{Durations: edentest.Uniform{Min: 0, Max: time.Minute}})
				feed := func(yield func(string) bool) {
					for i, id := range ids {
						if i%7 == 3 { // one step of a pipeline waits for another
							if _, err := waiter.Wait(ctx, ids[i-1]); err != nil {
								t.Errorf("in the sequence: %v", err)
							}
						}
						if !yield(id) {
							return
						}
					}
				}
				results := 0
				for r := range waiter.AsCompleted(ctx, feed) {
					results++
					if r.Err != nil {
						t.Fatal(r.Err)
					}
					if results%5 == 0 {
						if _, err := waiter.Wait(ctx, r.ID); err != nil {
							t.Errorf("in the loop: %v", err)
						}
						if _, err := waiter.Wait(ctx, ids[(results+20)%len(ids)]); err != nil {
							t.Errorf("in the loop: %v", err)
						}
					}
				}
				if results != len(ids) {
					t.Errorf("%d results", results)
				}
			})
		})
	}
}
