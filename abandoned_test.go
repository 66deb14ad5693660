package edenwait_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// TestHookThatWasGivenUpChangesItsJob: what a call returns is made without a look at a
// Job that a hook may still be changing. The race detector tells.
func TestHookThatWasGivenUpChangesItsJob(t *testing.T) {
	for _, failFast := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
				if id == testbed.ID(3) {
					return testbed.Running(id)
				}
				return &edenwait.Job{ID: id, Status: edenwait.StatusFail, Error: &edenwait.JobError{Message: "no"}}, nil
			}, edenwait.Config{FailFast: failFast, Hooks: edenwait.Hooks{OnFail: func(ctx context.Context, job *edenwait.Job) error {
				job.Status, job.Provider, job.Error.Message = "changed", "changed", "changed"
				<-ctx.Done()
				job.Status, job.Provider, job.Error.Message = "again", "again", "again"
				<-release
				return nil
			}}})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			ids := []string{testbed.ID(1), testbed.ID(2), testbed.ID(3)}
			stream := testbed.ThrownBy(func() {
				for r := range waiter.AsCompleted(ctx, slices.Values(ids)) {
					_ = r.ID
				}
			})
			results, err := waiter.WaitAll(ctx, ids)
			if len(results) != 3 || err == nil {
				t.Error(results, err)
			}
			<-stream
			close(release)
		})
	}
}
