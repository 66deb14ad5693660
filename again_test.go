package edenwait_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// Ids that come again in a stream, after their jobs' ends.

// A job that was given up and comes again has its final response, and its hook.
func TestHookOfAJobThatWasGivenUpBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		slow := api.Submit(edentest.Script{After: 190 * time.Second})
		ids := func(yield func(string) bool) {
			for range 4 { // given up twice, succeeded, succeeded already
				if !yield(slow) {
					return
				}
				time.Sleep(2 * time.Minute)
			}
		}
		record := testbed.NewHookLog()
		var errs []error
		for r := range testbed.NewWaiter(t, api, edenwait.Config{MaxWait: time.Minute, Hooks: record.Hooks()}).AsCompleted(context.Background(), ids) {
			errs = append(errs, r.Err)
		}
		if len(errs) != 4 || !errors.Is(errs[0], edenwait.ErrMaxWait) || !errors.Is(errs[1], edenwait.ErrMaxWait) || errs[2] != nil || errs[3] != nil {
			t.Errorf("results %v", errs)
		}
		if record.Errors[slow] != 1 || record.Success[slow] != 1 {
			t.Errorf("OnError called %d times, OnSuccess %d times, want once each", record.Errors[slow], record.Success[slow])
		}
		for _, p := range record.Progress {
			if p.Total > 1 || p.Succeeded+p.Failed+p.Errored+p.Waiting != p.Total {
				t.Errorf("does not add up to one job: %+v", p)
			}
		}
	})
}

// A job that ended, came again while it ran once more, and was given up then, has
// had its hook.
func TestNoSecondHookForAJobThatWentBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		id := api.Submit(edentest.Script{RevertAfter: 30 * time.Second, RerunFor: 5 * time.Minute})
		ids := func(yield func(string) bool) {
			for _, pause := range []time.Duration{time.Minute, 10 * time.Minute, time.Second} {
				if !yield(id) {
					return
				}
				time.Sleep(pause)
			}
		}
		record := testbed.NewHookLog()
		var errs []error
		for r := range testbed.NewWaiter(t, api, edenwait.Config{MaxWait: time.Minute, Hooks: record.Hooks()}).AsCompleted(context.Background(), ids) {
			errs = append(errs, r.Err)
		}
		if len(errs) != 3 || errs[0] != nil || !errors.Is(errs[1], edenwait.ErrMaxWait) || errs[2] != nil {
			t.Errorf("results %v", errs)
		}
		if record.Success[id] != 1 || record.Errors[id] != 0 {
			t.Errorf("OnSuccess called %d times, OnError %d", record.Success[id], record.Errors[id])
		}
	})
}
