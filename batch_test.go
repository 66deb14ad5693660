package edenwait_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

func TestWaitAllThousandJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		ids := api.SubmitAll(996, edentest.Workload{Durations: edentest.Lognormal{Median: time.Minute, Sigma: 1, Cap: 20 * time.Minute}})
		failing := api.Submit(edentest.Script{After: time.Minute, Status: "fail", Error: json.RawMessage(`{"message":"no speech found","error_code":"E7"}`)})
		odd := api.Submit(edentest.Script{After: time.Minute, Status: "cancelled"})
		unknown := uuid.NewString()
		ids = append(ids, failing, odd, unknown, "not-a-uuid", strings.ToUpper(ids[0]), ids[1], ids[1])

		record := testbed.NewHookLog()
		results, err := testbed.NewWaiter(t, api, edenwait.Config{Hooks: record.Hooks()}).WaitAll(context.Background(), ids)

		if len(results) != len(ids) {
			t.Fatalf("%d results for %d ids", len(results), len(ids))
		}
		for i, r := range results {
			if r.ID != ids[i] {
				t.Fatalf("result %d is of %s, want %s", i, r.ID, ids[i])
			}
		}
		for i, r := range results[:996] {
			if r.Err != nil || r.Job == nil || r.Job.Status != edenwait.StatusSuccess || r.Job.ID != r.ID {
				t.Fatalf("result %d: %+v", i, r)
			}
		}
		for i, first := range map[int]int{1000: 0, 1001: 1, 1002: 1} {
			if results[i].Job == nil || results[i].Job != results[first].Job {
				t.Errorf("the same id, at %d and %d, has two results", first, i)
			}
		}

		var failed *edenwait.JobFailedError
		if r := results[996]; !errors.As(r.Err, &failed) || r.Job == nil || failed.Job != r.Job || r.Job.Error.Message != "no speech found" || r.Job.Error.Code != "E7" {
			t.Errorf("failed job: %+v, %v", r, r.Err)
		}
		var unexpected *edenwait.UnexpectedStatusError
		if r := results[997]; !errors.As(r.Err, &unexpected) || r.Job == nil || r.Job.Status != "cancelled" {
			t.Errorf("unexpected status: %+v", r)
		}
		if r := results[998]; !errors.Is(r.Err, edenwait.ErrNotFound) || r.Job != nil {
			t.Errorf("unknown id: %+v", r)
		}
		if r := results[999]; !errors.Is(r.Err, edenwait.ErrInvalidID) || r.Job != nil || r.Polls != 0 {
			t.Errorf("bad id: %+v", r)
		}

		var batch *edenwait.BatchError
		if !errors.As(err, &batch) {
			t.Fatalf("err is %v, want a *BatchError", err)
		}
		if batch.Total != 1003 || batch.Succeeded != 999 || batch.Failed != 1 || batch.Errored != 3 || len(batch.Errs) != 4 || batch.Cause != nil {
			t.Errorf("batch: %+v", batch)
		}
		for _, target := range []error{edenwait.ErrNotFound, edenwait.ErrInvalidID} {
			if !errors.Is(err, target) {
				t.Errorf("the BatchError does not match %v", target)
			}
		}
		if !errors.As(err, &failed) || !errors.As(err, &unexpected) {
			t.Error("the BatchError hides an error from errors.As")
		}

		want := map[string]int{}
		for _, id := range ids[:996] {
			want[id] = 1
		}
		if !maps.Equal(record.Success, want) {
			t.Errorf("OnSuccess: %d jobs, want each of 996 once", len(record.Success))
		}
		if want := map[string]int{failing: 1}; !maps.Equal(record.Fail, want) {
			t.Errorf("OnFail: %v, want %v", record.Fail, want)
		}
		if want := map[string]int{odd: 1, unknown: 1, "not-a-uuid": 1}; !maps.Equal(record.Errors, want) {
			t.Errorf("OnError: %v, want %v", record.Errors, want)
		}
		checkProgress(t, record.Progress, edenwait.Progress{Total: 1000, Succeeded: 996, Failed: 1, Errored: 3})
		for _, r := range api.Requests() {
			if strings.Contains(r.Path, "not-a-uuid") {
				t.Errorf("a request was spent on a bad id: %s", r.Path)
			}
		}
	})
}

// checkProgress looks at how the reports went, and at the counts of the last.
func checkProgress(t *testing.T, reports []edenwait.Progress, want edenwait.Progress) {
	t.Helper()
	if len(reports) < 2 {
		t.Fatalf("%d reports of progress", len(reports))
	}
	for i, p := range reports {
		if p.Total != p.Succeeded+p.Failed+p.Errored+p.Waiting {
			t.Errorf("report %d does not add up: %+v", i, p)
		}
		if i > 0 && i < len(reports)-1 && p.Elapsed-reports[i-1].Elapsed < 250*time.Millisecond {
			t.Errorf("reports %v apart", p.Elapsed-reports[i-1].Elapsed)
		}
	}
	last := reports[len(reports)-1]
	if last.Requests == 0 || last.Lists == 0 || last.Rate != 10 || last.Elapsed == 0 {
		t.Errorf("last report: %+v", last)
	}
	last.Requests, last.Lists, last.Rate, last.Elapsed, last.TimeLeft = 0, 0, 0, 0, 0
	if last != want {
		t.Errorf("last report: %+v, want %+v", last, want)
	}
}

func TestWaitAllEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		results, err := testbed.NewWaiter(t, api, edenwait.Config{}).WaitAll(context.Background(), nil)
		if len(results) != 0 || results == nil || err != nil {
			t.Errorf("results %v, err %v, want none and nil", results, err)
		}
		if n := len(api.Requests()); n != 0 {
			t.Errorf("%d requests for no job", n)
		}
	})
}

func TestWaitAllContextEndsHalfWay(t *testing.T) {
	cause := errors.New("the operator said so")
	for _, n := range []int{3, 500} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
			ids := api.SubmitAll(n, edentest.Workload{Durations: edentest.Bimodal{Short: 5 * time.Second, Long: time.Hour, LongFraction: 0.5}})
			ctx, cancel := context.WithCancelCause(context.Background())
			stopAt := time.Now().Add(2 * time.Minute)
			stop := time.AfterFunc(2*time.Minute, func() { cancel(cause) })
			defer stop.Stop()
			results, err := testbed.NewWaiter(t, api, edenwait.Config{}).WaitAll(ctx, ids)
			if late := time.Since(stopAt); late > time.Second {
				t.Errorf("returned %v after ctx ended", late)
			}
			if !errors.Is(err, cause) || !errors.Is(err, context.Canceled) {
				t.Errorf("err = %v", err)
			}
			for _, r := range results {
				end, _ := api.EndedAt(r.ID)
				if end.Before(stopAt) {
					if r.Err != nil || r.Job.Status != edenwait.StatusSuccess {
						t.Errorf("a job that ended lost its result: %v", r.Err)
					}
					continue
				}
				var gaveUp *edenwait.GaveUpError
				if !errors.As(r.Err, &gaveUp) || !errors.Is(r.Err, cause) || gaveUp.LastStatus != edenwait.StatusProcessing ||
					gaveUp.ID != r.ID || gaveUp.Polls != r.Polls || gaveUp.Waited != r.Waited || r.Job != nil {
					t.Errorf("%+v: %v", r, r.Err)
				}
			}
		})
	}
}

func TestWaitAllContextEndedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		ids := append(api.SubmitAll(2, edentest.Workload{}), "bad")
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		results, err := testbed.NewWaiter(t, api, edenwait.Config{}).WaitAll(ctx, ids)
		if !errors.Is(results[0].Err, context.Canceled) || !errors.Is(results[2].Err, edenwait.ErrInvalidID) || !errors.Is(err, context.Canceled) {
			t.Errorf("results %+v, err %v", results, err)
		}
		if n := api.Stats().Gets + api.Stats().Lists; n != 0 {
			t.Errorf("%d requests under an ended context", n)
		}
		// Where there is nothing to wait for, the context cuts nothing short.
		_, err = testbed.NewWaiter(t, api, edenwait.Config{}).WaitAll(ctx, []string{"bad"})
		var batch *edenwait.BatchError
		if !errors.As(err, &batch) || batch.Cause != nil {
			t.Errorf("err %v, ended early though no job was waited for", err)
		}
	})
}

func TestRefusedKeyEndsTheBatch(t *testing.T) {
	for status, sentinel := range map[int]error{401: edenwait.ErrUnauthorized, 402: edenwait.ErrPaymentRequired, 403: edenwait.ErrUnauthorized} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{Faults: []edentest.Fault{{From: time.Minute, Do: edentest.Status(status, "", nil)}}})
			ids := api.SubmitAll(50, edentest.Workload{Durations: edentest.Bimodal{Short: time.Second, Long: time.Hour, LongFraction: 0.5}})
			began, record := time.Now(), testbed.NewHookLog()
			results, err := testbed.NewWaiter(t, api, edenwait.Config{Hooks: record.Hooks()}).WaitAll(context.Background(), ids)
			if took := time.Since(began); took > 90*time.Second {
				t.Errorf("%d: took %v", status, took)
			}
			if !errors.Is(err, sentinel) {
				t.Errorf("%d: err = %v", status, err)
			}
			short := 0
			for _, r := range results {
				if r.Err == nil {
					short++
				} else if !errors.Is(r.Err, sentinel) {
					t.Errorf("%d: %v", status, r.Err)
				}
			}
			// Each result quotes the answer, and no other job's.
			for i, r := range results {
				if r.Err != nil && strings.Count(r.Err.Error(), "job ") != 1 {
					t.Errorf("%d, job %d: %v", status, i, r.Err)
				}
			}
			if short == 0 || short == 50 || len(record.Success) != short || len(record.Errors) != 0 {
				t.Errorf("%d: %d results before the end, %d hooks, OnError %v", status, short, len(record.Success), record.Errors)
			}
		})
	}
}

func TestFailFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		ids := []string{
			api.Submit(edentest.Script{After: time.Second}),
			api.Submit(edentest.Script{After: time.Minute, Status: "fail", Error: json.RawMessage(`"boom"`)}),
			api.Submit(edentest.Script{After: time.Hour}),
		}
		results, err := testbed.NewWaiter(t, api, edenwait.Config{FailFast: true}).WaitAll(context.Background(), ids)
		var failed *edenwait.JobFailedError
		if results[0].Err != nil || !errors.As(results[1].Err, &failed) || !errors.Is(results[2].Err, edenwait.ErrFailFast) {
			t.Errorf("results: %v, %v, %v", results[0].Err, results[1].Err, results[2].Err)
		}
		if errors.As(results[2].Err, &failed) {
			t.Error("a job that was stopped matches as one that failed")
		}
		if !errors.Is(err, edenwait.ErrFailFast) || !strings.Contains(err.Error(), "boom") {
			t.Errorf("err = %v", err)
		}
	})
}

// The end of the batch makes no answers: what was cut short with it is no
// failure of its job, and what came all the same is the job's own end.
func TestAnswersAfterTheEndOfTheBatch(t *testing.T) {
	const refused, unknown = 0, 1
	synctest.Test(t, func(t *testing.T) {
		record := testbed.NewHookLog()
		waiter := testbed.NewScripted(t, func(ctx context.Context, id string, _ int) (*edenwait.Job, error) {
			time.Sleep(10 * time.Second)
			switch id {
			case testbed.ID(refused):
				return nil, &edenwait.APIError{StatusCode: 401}
			case testbed.ID(unknown):
				time.Sleep(100 * time.Millisecond)
				return nil, fmt.Errorf("no row: %w", edenwait.ErrNotFound)
			}
			select {
			case <-time.After(time.Minute):
			case <-ctx.Done():
				time.Sleep(time.Duration(id[len(id)-1]) * time.Millisecond) // some are slow to notice
			}
			return nil, &edenwait.APIError{StatusCode: 404} // which is no news of a job that is so new
		}, edenwait.Config{MaxErrors: 1, MaxInFlight: 22, Burst: 22, Hooks: record.Hooks()})
		ids := make([]string, 22)
		for n := range ids {
			ids[n] = testbed.ID(n)
		}
		results, err := waiter.WaitAll(context.Background(), ids)
		if !errors.Is(err, edenwait.ErrUnauthorized) {
			t.Errorf("err = %v", err)
		}
		for n, r := range results {
			if want := map[bool]error{true: edenwait.ErrNotFound, false: edenwait.ErrUnauthorized}[n == unknown]; !errors.Is(r.Err, want) {
				t.Errorf("result %d: %v, want %v", n, r.Err, want)
			}
		}
		if want := map[string]int{testbed.ID(unknown): 1}; !maps.Equal(record.Errors, want) {
			t.Errorf("OnError: %v, want %v", record.Errors, want)
		}
	})
}

// A bad id is a job that does not succeed, too.
func TestFailFastWithABadID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		began := time.Now()
		results, err := testbed.NewWaiter(t, api, edenwait.Config{FailFast: true}).WaitAll(context.Background(),
			[]string{"bad", api.Submit(edentest.Script{After: time.Hour})})
		if took := time.Since(began); took > 0 || len(api.Requests()) > 0 {
			t.Errorf("took %v and %d requests", took, len(api.Requests()))
		}
		if !errors.Is(results[0].Err, edenwait.ErrInvalidID) || !errors.Is(results[1].Err, edenwait.ErrFailFast) || !errors.Is(err, edenwait.ErrFailFast) {
			t.Errorf("results: %v, %v; err %v", results[0].Err, results[1].Err, err)
		}
	})
}

// A BatchError spells out five kinds of errors, and says how many it does not.
func TestBatchErrorSaysHowManyMore(t *testing.T) {
	for n, says := range map[int]string{5: "no more", 6: "and 1 more", 7: "and 2 more"} {
		b := &edenwait.BatchError{Total: n, Errored: n}
		for i := range n {
			b.Errs = append(b.Errs, fmt.Errorf("error %d", i))
		}
		if text := b.Error() + map[bool]string{true: "no more"}[n == 5]; !strings.HasSuffix(text, says) || strings.Contains(text, "error 5") || strings.Count(text, "more") != 1 {
			t.Errorf("of %d errors: %s", n, text)
		}
	}
}
