package edenwait_test

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

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
