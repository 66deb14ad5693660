package edenwait_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// A snapshot says what the API saw, and what is under way.
func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, Faults: []edentest.Fault{
			{From: 10 * time.Second, Until: 20 * time.Second, Do: edentest.RefuseConnection()},
		}})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{})
		ids := api.SubmitAll(40, edentest.Workload{Durations: edentest.Fixed(time.Minute)})
		ids = append(ids, api.Submit(edentest.Script{After: time.Minute, Status: "fail"}), "01234567-0000-4000-8000-000000000000")
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = waiter.WaitAll(context.Background(), ids)
		}()
		go func() { _, _ = waiter.Wait(context.Background(), ids[0]) }()
		time.Sleep(15 * time.Second)
		during := waiter.Stats()
		if during.Calls != 2 || during.Jobs != 41 || during.Waits != 42 || during.Stalled == 0 || during.Limit != 10 || during.Errored != 1 {
			t.Errorf("during: %+v", during)
		}
		<-done
		synctest.Wait()
		after, seen := waiter.Stats(), api.Stats()
		if after.Calls != 0 || after.Jobs != 0 || after.Waits != 0 || after.InFlight != 0 || after.Backlog != 0 || after.Stalled != 0 {
			t.Errorf("after: %+v", after)
		}
		if after.Succeeded != 40 || after.Failed != 1 || after.Errored != 1 {
			t.Errorf("after: %+v, want 40 jobs that succeeded, one that failed, one unknown", after)
		}
		// What was refused a connection was sent all the same.
		if after.Gets < seen.Gets || after.Lists < seen.Lists || after.RateLimited != seen.RateLimited {
			t.Errorf("after: %+v; the API saw %+v", after, seen)
		}
	})
}

// Hooks are counted while they run and while they wait, also those that a call gives up.
func TestStatsOfHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		release := make(chan struct{})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnSuccess: func(context.Context, *edenwait.Job) error {
			<-release
			return nil
		}}})
		ids := api.SubmitAll(20, edentest.Workload{Durations: edentest.Fixed(0)})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		other := make(chan struct{})
		go func() {
			defer close(other)
			_, _ = waiter.WaitAll(context.Background(), ids[:2]) // which share their hooks
		}()
		go func() {
			time.Sleep(30 * time.Second)
			// Those that are shared run in the places of either call.
			if s := waiter.Stats(); s.HooksRunning < 16 || s.HooksRunning > 18 || s.HooksRunning+s.HooksWaiting != 20 {
				t.Errorf("%d hooks run, %d wait, want 16 to 18 and the rest of 20", s.HooksRunning, s.HooksWaiting)
			}
		}()
		_, _ = waiter.WaitAll(ctx, ids)
		if s := waiter.Stats(); s.HooksRunning < 16 || s.HooksWaiting != 0 {
			t.Errorf("after the call, %d hooks run, %d wait, want at least 16 and 0", s.HooksRunning, s.HooksWaiting)
		}
		close(release)
		<-other
		synctest.Wait()
		if s := waiter.Stats(); s.HooksRunning != 0 || s.HooksWaiting != 0 {
			t.Errorf("at the end, %d hooks run, %d wait", s.HooksRunning, s.HooksWaiting)
		}
	})
}
