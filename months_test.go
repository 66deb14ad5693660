package edenwait_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// What a call keeps that runs for months, and what one more call costs.

// An AsCompleted that takes ids for months, a thousand at a time, keeps nothing of
// those that have ended but the last.
func TestStreamOfMonths(t *testing.T) {
	n, settled := 1_000_000, 300_000 // what is remembered of the last is full by then
	if testing.Short() {
		n, settled = 300_000, 150_000
	}
	for name, config := range map[string]edenwait.Config{
		"defaults": {},
		"MaxWait":  {MaxWait: time.Hour},
		"hooks": {Hooks: edenwait.Hooks{
			OnSuccess:  func(context.Context, *edenwait.Job) error { return nil },
			OnError:    func(context.Context, string, error) {},
			OnProgress: func(edenwait.Progress) {},
		}},
	} {
		if testing.Short() && name != "defaults" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			places := make(chan struct{}, 1000)
			ids := func(yield func(string) bool) {
				for i := range n {
					places <- struct{}{}
					if !yield(testbed.SpreadID(i)) {
						return
					}
				}
			}
			config.Rate, config.Burst, config.MaxInFlight = 1e6, 1000, 100
			waiter := testbed.NewScripted(t, func(_ context.Context, id string, poll int) (*edenwait.Job, error) {
				if poll%97 == 0 {
					return nil, edenwait.ErrNotFound
				}
				return testbed.Succeeded(id)
			}, config)
			var before uint64
			taken := 0
			for range waiter.AsCompleted(context.Background(), ids) {
				<-places
				if taken++; taken == settled {
					before, _ = testbed.Footprint()
				}
				if taken == n-1000 { // the last are still on their way
					after, _ := testbed.Footprint()
					perID := (float64(after) - float64(before)) / float64(taken-settled)
					t.Logf("%.2f bytes an ended id; %d KB in all", perID, after>>10)
					if perID > 8 && !testing.Short() { // a short run is too short for it
						t.Errorf("%.2f bytes are kept of each id that has ended, want at most 8", perID)
					}
				}
			}
			if taken != n {
				t.Errorf("%d results", taken)
			}
		})
	}
}

// One more concurrent Wait costs at most 4 KB, its goroutine included, and no
// further goroutine.
func TestParkedWaits(t *testing.T) {
	if testing.Short() {
		t.Skip("stacks are larger under the race detector")
	}
	const n = 10_000
	for name, config := range map[string]edenwait.Config{
		"defaults": {},
		"hooks":    {Hooks: edenwait.Hooks{OnSuccess: func(context.Context, *edenwait.Job) error { return nil }}},
		"MaxWait":  {MaxWait: 24 * time.Hour},
		"metrics":  {Trace: &edenwait.Trace{JobEnd: func(context.Context, edenwait.JobEndInfo) {}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ids := make([]string, n)
				for i := range ids {
					ids[i] = testbed.SpreadID(i)
				}
				config.Source = testbed.Endless{}
				waiter, err := edenwait.New(config)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(context.Background())
				var wg sync.WaitGroup
				before, goroutines := testbed.Footprint()
				for _, id := range ids {
					wg.Go(func() { _, _ = waiter.Wait(ctx, id) })
				}
				time.Sleep(30 * time.Minute)
				after, now := testbed.Footprint()
				perWait := float64(after-before) / n
				t.Logf("%.0f bytes a Wait, %d goroutines", perWait, now-goroutines)
				if perWait > 4096 {
					t.Errorf("%.0f bytes for one more Wait, want at most 4,096", perWait)
				}
				if now-goroutines > n+100 {
					t.Errorf("%d goroutines for %d Waits", now-goroutines, n)
				}
				cancel()
				wg.Wait()
				runtime.KeepAlive(ids)
			})
		})
	}
}
