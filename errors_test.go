package edenwait_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// Jobs are counted by how they ended, whatever a hook has to say of others.
func TestBatchErrorCountsJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		ids := []string{api.Submit(edentest.Script{}), api.Submit(edentest.Script{Status: "fail"})}
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnSuccess: func(_ context.Context, job *edenwait.Job) error {
			return &edenwait.JobFailedError{Job: job} // of a job that the hook has waited for
		}}})
		_, err := waiter.WaitAll(context.Background(), ids)
		var batch *edenwait.BatchError
		if !errors.As(err, &batch) || batch.Failed != 1 || batch.Errored != 0 || batch.Succeeded != 1 || batch.HookErrors != 1 {
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

// TestGaveUpErrorSaysWhatFailed: a wait that ends while requests fail says what
// they came to, whatever ends it.
func TestGaveUpErrorSaysWhatFailed(t *testing.T) {
	for name, test := range map[string]struct {
		fault edentest.Effect
		words string
		match error // that is none of the API's last words
		api   bool
	}{
		"503":   {edentest.Status(503, `{"detail":"the database is away"}`, nil), `HTTP 503 Service Unavailable: "the database is away"`, nil, true},
		"429":   {edentest.Status(429, `{"detail":"too fast"}`, nil), `HTTP 429 Too Many Requests: "too fast"`, nil, true},
		"404":   {edentest.Status(404, `{"detail":"Job not found"}`, nil), `HTTP 404 Not Found: "Job not found"`, edenwait.ErrNotFound, false},
		"HTML":  {edentest.HTML(), "not a job", nil, false},
		"stall": {edentest.Stall(), "deadline exceeded", context.DeadlineExceeded, false},
	} {
		for bound, end := range map[string]error{"MaxWait": edenwait.ErrMaxWait, "ctx": context.Canceled} {
			synctest.Test(t, func(t *testing.T) {
				config := edenwait.Config{RequestTimeout: time.Second}
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				if bound == "MaxWait" {
					config.MaxWait = 4 * time.Second
				} else {
					time.AfterFunc(4*time.Second, cancel)
				}
				api, waiter := testbed.New(t, edentest.Options{Faults: []edentest.Fault{{On: edentest.Get, Do: test.fault}}}, config)
				_, err := waiter.Wait(ctx, api.Submit(edentest.Script{}))
				if !errors.Is(err, end) || !strings.Contains(err.Error(), "its last request failed: ") || !strings.Contains(err.Error(), test.words) {
					t.Errorf("%s, %s: %v", name, bound, err)
				}
				if test.match != nil && errors.Is(err, test.match) {
					t.Errorf("%s, %s: %v matches %v", name, bound, err, test.match)
				}
				if answer := (*edenwait.APIError)(nil); errors.As(err, &answer) != test.api {
					t.Errorf("%s, %s: the API's answer is in %v: %v", name, bound, err, !test.api)
				}
			})
		}
	}
}

// TestGaveUpErrorForgetsWhatIsOver: a job that was seen running since has no
// failure to tell of.
func TestGaveUpErrorForgetsWhatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, waiter := testbed.New(t, edentest.Options{Faults: []edentest.Fault{{On: edentest.Get, Times: 2, Do: edentest.Status(503, "", nil)}}}, edenwait.Config{MaxWait: time.Minute})
		_, err := waiter.Wait(context.Background(), api.Submit(edentest.Script{After: edentest.Never}))
		if !errors.Is(err, edenwait.ErrMaxWait) || strings.Contains(err.Error(), "503") {
			t.Error(err)
		}
	})
}

// TestErrorsMadeByHand: those that a test of the caller's makes, with nothing in
// them, can be printed too.
func TestErrorsMadeByHand(t *testing.T) {
	for _, err := range []error{
		&edenwait.APIError{}, &edenwait.JobFailedError{}, &edenwait.JobFailedError{Job: &edenwait.Job{}}, &edenwait.UnexpectedStatusError{},
		&edenwait.GaveUpError{}, &edenwait.HookError{}, &edenwait.BatchError{},
	} {
		if err.Error() == "" {
			t.Errorf("%T says nothing", err)
		}
	}
}
