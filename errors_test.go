package edenwait_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// Jobs are counted by how they ended, whatever a hook has to say of others.
func TestBatchErrorCountsJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		ids := []string{api.Submit(edentest.Script{}), api.Submit(edentest.Script{Status: "fail"})}
		waiter := newWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnSuccess: func(_ context.Context, job *edenwait.Job) error {
			return &edenwait.JobFailedError{Job: job} // of a job that the hook has waited for
		}}})
		_, err := waiter.WaitAll(context.Background(), ids)
		var batch *edenwait.BatchError
		if !errors.As(err, &batch) || batch.Failed != 1 || batch.Errored != 1 || batch.Succeeded != 0 {
			t.Errorf("%+v", batch)
		}
	})
}

// Of what a BatchError matches, its Cause is one, whatever its Errs are.
func TestBatchErrorMatchesItsCause(t *testing.T) {
	cause, other := errors.New("the operator said so"), errors.New("another")
	for _, errs := range [][]error{nil, {other}} {
		err := error(&edenwait.BatchError{Cause: cause, Errs: errs})
		if !errors.Is(err, cause) || errors.Is(err, other) != (errs != nil) {
			t.Errorf("%v: matches its cause: %v, what its results match: %v", err, errors.Is(err, cause), errors.Is(err, other))
		}
	}
}
