package edenwait_test

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// What a Waiter runs starts with its first call and ends with its last.

// busyPeriod is all kinds of calls, and of ends, at once.
func busyPeriod(t *testing.T, waiter *edenwait.Waiter, second time.Duration) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+i%4)*second)
			defer cancel()
			ids := []string{testbed.ID(i), testbed.ID(i % 3), testbed.ID(50)}
			switch i % 3 {
			case 0:
				_, _ = waiter.Wait(ctx, ids[0])
			case 1:
				_, _ = waiter.WaitAll(ctx, ids)
			default:
				for range waiter.AsCompleted(ctx, slices.Values(ids)) {
					break
				}
			}
		})
	}
	wg.Wait()
	// The alarm is this period's: it takes several polls.
	if _, err := waiter.Wait(context.Background(), testbed.ID(9)); err != nil {
		t.Error(err)
	}
}

// A Waiter may be used outside a bubble, then in one, then in another, and then
// outside again: nothing of it outlives its last call.
func TestWaiterOutsideAndInBubbles(t *testing.T) {
	source := &testbed.Scripted{Answer: func(ctx context.Context, id string, poll int) (*edenwait.Job, error) {
		switch {
		case id == testbed.ID(0):
			<-ctx.Done()
			return nil, ctx.Err()
		case poll%5 == 4:
			return testbed.Succeeded(id)
		}
		return testbed.Running(id)
	}}
	waiter, err := edenwait.New(edenwait.Config{
		Source: source, Rate: 200, Burst: 10, BackOff: func() backoff.BackOff { return backoff.NewConstantBackOff(10 * time.Millisecond) }, MaxWait: 30 * time.Minute,
		Hooks: edenwait.Hooks{OnSuccess: func(context.Context, *edenwait.Job) error { return nil }, OnProgress: func(edenwait.Progress) {}},
	})
	if err != nil {
		t.Fatal(err)
	}
	busyPeriod(t, waiter, 50*time.Millisecond)
	for range 3 {
		synctest.Test(t, func(t *testing.T) {
			busyPeriod(t, waiter, time.Minute)
			time.Sleep(24 * time.Hour)
			began := time.Now()
			busyPeriod(t, waiter, time.Minute)
			if took := time.Since(began); took > 5*time.Minute {
				t.Errorf("took %v", took)
			}
		})
		busyPeriod(t, waiter, 50*time.Millisecond)
	}
}

// Idle, a Waiter has no goroutine, no timer and no connection. Outside of a
// bubble, since in one, time would not show a timer that is left.
func TestIdleWaiterLeavesNothingOpen(t *testing.T) {
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		server, transport := w.Account(t, edentest.Options{Rate: -1})
		waiter := w.Waiter(t, server, transport, edenwait.Config{Rate: 500, Burst: 20})
		before := runtime.NumGoroutine()
		for range 3 {
			var wg sync.WaitGroup
			for _, id := range server.SubmitAll(30, edentest.Workload{Durations: edentest.Fixed(0)}) {
				wg.Go(func() { _, _ = waiter.Wait(context.Background(), id) })
			}
			wg.Wait()
		}
		// Connections take a moment to end.
		testbed.Eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before })
	})
}

// In a bubble, a timer that is left wakes what it belongs to; a Source tells.
func TestNothingIsAskedBetweenCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{})
		for i := range 3 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			_, _ = waiter.WaitAll(ctx, api.SubmitAll(40, testbed.MinuteLong))
			cancel()
			n := len(api.Requests())
			time.Sleep(time.Hour)
			if more := len(api.Requests()) - n; more > 0 {
				t.Errorf("%d requests after call %d", more, i)
			}
		}
	})
}
