package edenwait_test

import (
	"context"
	"errors"
	"fmt"
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

// TestTextsOfGaveUpErrors: the package and the job are named once, whatever is wrapped.
func TestTextsOfGaveUpErrors(t *testing.T) {
	id := "0f8a6f0e-5d1c-4b1e-9d55-0f7f2d8f9a11"
	notFound := &edenwait.APIError{StatusCode: 404, Op: "GET /v3/universal-ai/async/{job_id}"}
	for want, err := range map[string]*edenwait.GaveUpError{
		"edenwait: job " + id + " is unknown to the API after 1 poll in 50ms: GET /v3/universal-ai/async/{job_id}: HTTP 404 Not Found; check the id, the key's account and the host: results are deleted after 7 days": {
			Polls: 1, Waited: 50 * time.Millisecond, Err: fmt.Errorf("edenwait: job %s: %w", id, notFound)},
		"edenwait: job " + id + ` is gone after 2 polls in 1s, last seen "processing": DELETE: HTTP 410 Gone; results are deleted after 7 days`: {
			Polls: 2, Waited: time.Second, LastStatus: edenwait.StatusProcessing, Err: &edenwait.APIError{StatusCode: 410, Op: "DELETE"}},
		"edenwait: job " + id + " is refused by the API after 0 polls in 0s: x: HTTP 422 Unprocessable Entity; check the id: results are deleted after 7 days": {
			Err: &edenwait.APIError{StatusCode: 422, Op: "x"}},
		"edenwait: gave up on job " + id + " after 60 polls in 9m0s: MaxErrors reached: the database is away; wait for this id again: results are kept for 7 days": {
			Polls: 60, Waited: 9 * time.Minute, Err: fmt.Errorf("%w: edenwait: job %s: the database is away", edenwait.ErrMaxErrors, id)},
		"edenwait: stopped waiting for job " + id + " after 3 polls in 4s: the API refuses the key; fix the key, then wait for this id again: results are kept for 7 days": {
			Polls: 3, Waited: 4 * time.Second, Err: edenwait.ErrUnauthorized},
		"edenwait: job " + id + " is gone after 1 poll in 0s: HTTP 410 Gone; results are deleted after 7 days": { // as a Source makes it
			Polls: 1, Err: &edenwait.APIError{StatusCode: 410}},
		"edenwait: stopped waiting for job " + id + " after 0 polls in 0s; wait for this id again: results are kept for 7 days": {},
	} {
		err.ID = id
		if got := err.Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestErrorsNameTheirJobOnce: of whichever kind, real ones.
func TestErrorsNameTheirJobOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Faults: []edentest.Fault{{On: edentest.Get, From: 20 * time.Second, Do: edentest.Status(503, "", nil)}}})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{MaxErrors: 3, Hooks: edenwait.Hooks{
			OnFail: func(context.Context, *edenwait.Job) error { return errors.New("no space left") },
		}})
		ids := []string{
			"0F8A6F0E-5D1C-4B1E-9D55-0F7F2D8F9A11",                    // unknown
			api.Submit(edentest.Script{Status: "fail"}),               // with a hook that fails
			api.Submit(edentest.Script{Status: "cancelled"}),          // outside the contract
			api.Submit(edentest.Script{After: 19 * time.Second * 10}), // 503
		}
		results, err := waiter.WaitAll(context.Background(), ids)
		for _, r := range append(results, edenwait.Result{ID: "edenwait", Err: err}) {
			text := strings.ToLower(r.Err.Error())
			if n := strings.Count(text, "edenwait: "); n != 1 {
				t.Errorf("the package is named %d times: %s", n, text)
			}
			if n := strings.Count(text, strings.ToLower(r.ID)); n != 1 {
				t.Errorf("the job is named %d times: %s", n, text)
			}
		}
	})
}

// A malformed id that comes twice has no job to name.
func TestTextOfADoubledMalformedID(t *testing.T) {
	_, waiter := testbed.New(t, edentest.Options{}, edenwait.Config{})
	_, err := waiter.WaitAll(context.Background(), []string{"nonsense", "nonsense"})
	const want = `edenwait: 2 of 2 jobs did not succeed: 0 failed, 2 errored, 0 still waiting
	2 jobs: invalid job id: want a UUID of 36 characters: "nonsense"`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestTextOfABatchError: equal errors are one line, what needs a human comes first, and
// jobs that have not ended are counted by themselves, as in Progress.
func TestTextOfABatchError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		ids := []string{}
		for range 4 {
			ids = append(ids, api.Submit(edentest.Script{After: edentest.Never}))
		}
		for range 3 {
			ids = append(ids, api.Submit(edentest.Script{Status: "fail", Error: []byte(`"bad audio"`)}))
		}
		good := api.Submit(edentest.Script{})
		ids = append(ids, "nonsense", good)
		var last edenwait.Progress
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{
			OnSuccess:  func(context.Context, *edenwait.Job) error { return errors.New("no space left") },
			OnProgress: func(p edenwait.Progress) { last = p },
		}})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, err := waiter.WaitAll(ctx, ids)
		var batch *edenwait.BatchError
		if !errors.As(err, &batch) {
			t.Fatal(err)
		}
		if batch.Total != last.Total || batch.Succeeded != last.Succeeded || batch.Failed != last.Failed || batch.Errored != last.Errored || batch.Waiting != last.Waiting {
			t.Errorf("counts %+v, Progress %+v", batch, last)
		}
		want := `edenwait: 8 of 9 jobs did not succeed: 3 failed, 1 errored, 4 still waiting; hooks of 1 job failed; ended early: context deadline exceeded
	invalid job id: want a UUID of 36 characters: "nonsense"
	hook for job ` + good + `: no space left
	3 jobs, such as ` + ids[4] + `: failed at audio/speech_to_text_async/deepgram: "bad audio"
	4 jobs, such as ` + ids[0] + `: context deadline exceeded; wait for this id again: results are kept for 7 days`
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
	})
}
