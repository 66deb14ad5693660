package edenwait_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// Refusals of the key, beside which several calls are under way.

// fiftyCalls starts calls of all kinds, two jobs each, and returns their results'
// errors and how long each took.
func fiftyCalls(waiter *edenwait.Waiter, api *edentest.API, durations edentest.Durations) (errs [][]error, took []time.Duration) {
	errs, took = make([][]error, 50), make([]time.Duration, 50)
	began := time.Now()
	var wg sync.WaitGroup
	for i := range errs {
		ids := api.SubmitAll(2, edentest.Workload{Durations: durations})
		wg.Go(func() {
			defer func() { took[i] = time.Since(began) }()
			switch i % 3 {
			case 0:
				_, err := waiter.Wait(context.Background(), ids[0])
				errs[i] = []error{err}
			case 1:
				results, _ := waiter.WaitAll(context.Background(), ids)
				for _, r := range results {
					errs[i] = append(errs[i], r.Err)
				}
			default:
				for r := range waiter.AsCompleted(context.Background(), slices.Values(ids)) {
					errs[i] = append(errs[i], r.Err)
				}
			}
		})
	}
	wg.Wait()
	return errs, took
}

// A key that has worked and is refused ends all calls, after a second, and few
// further requests.
func TestRefusedKeyEndsFiftyCalls(t *testing.T) {
	for status, sentinel := range map[int]error{401: edenwait.ErrUnauthorized, 402: edenwait.ErrPaymentRequired, 403: edenwait.ErrUnauthorized} {
		for _, list := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				on := edentest.Get | edentest.List
				if list {
					on = edentest.Get // the list goes on
				}
				api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, Faults: []edentest.Fault{
					{On: on, From: time.Minute, Do: edentest.Status(status, "", nil)},
				}})
				began := time.Now()
				record := testbed.NewHookLog()
				hooks := record.Hooks()
				hooks.OnProgress = nil
				errs, took := fiftyCalls(testbed.NewWaiter(t, api, edenwait.Config{Hooks: hooks}), api, edentest.Fixed(edentest.Never))
				first, further := time.Duration(0), 0
				for _, r := range api.Requests() {
					switch {
					case first > 0:
						further++
					case r.Kind == edentest.Get && r.Status == status:
						first = r.Time.Sub(began)
					}
				}
				if further > 12 {
					t.Errorf("%d: %d requests after the first that was refused", status, further)
				}
				for i := range errs {
					if took[i] < first+time.Second || took[i] > first+3*time.Second {
						t.Errorf("%d: call %d ended after %v", status, i, took[i])
					}
					for _, err := range errs[i] {
						if !errors.Is(err, sentinel) {
							t.Errorf("%d: call %d: %v", status, i, err)
						}
					}
				}
				if len(record.Errors) > 0 {
					t.Errorf("%d: OnError for %d jobs that have not ended", status, len(record.Errors))
				}
			})
		}
	}
}

// A key that has never worked is believed to be wrong at once.
func TestKeyThatNeverWorkedEndsAllAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, Token: "another"})
		errs, took := fiftyCalls(testbed.NewWaiter(t, api, edenwait.Config{}), api, edentest.Fixed(time.Minute))
		for i := range errs {
			if took[i] > time.Second || !errors.Is(errs[i][0], edenwait.ErrUnauthorized) {
				t.Errorf("call %d after %v: %v", i, took[i], errs[i])
			}
		}
		if n := len(api.Requests()); n > 12 {
			t.Errorf("%d requests", n)
		}
	})
}

// A strange refusal of a gateway, once or of one job forever, ends one job at
// most, and no other call.
func TestOneStrangeRefusal(t *testing.T) {
	for name, fault := range map[string]edentest.Fault{
		"once":            {On: edentest.Get, From: 30 * time.Second, Times: 1},
		"thrice":          {On: edentest.Get, From: 30 * time.Second, Times: 3, Probability: 0.05},
		"one job forever": {On: edentest.Get, From: 30 * time.Second, JobID: "first"},
		"one job always":  {On: edentest.Get, From: time.Second, JobID: "first"},
		"now and then":    {On: edentest.Get, From: time.Second, Probability: 0.02},
	} {
		for _, maxErrors := range []int{1, 0} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
					ids := api.SubmitAll(60, edentest.Workload{Durations: edentest.Fixed(2 * time.Minute)})
					if fault.JobID != "" {
						fault.JobID = ids[0]
					}
					fault.Do = edentest.Status(403, "", nil)
					api.SetFaults([]edentest.Fault{fault})
					waiter := testbed.NewWaiter(t, api, edenwait.Config{MaxErrors: maxErrors})
					ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
					defer cancel()
					var mu sync.Mutex
					lost := map[string]error{}
					var wg sync.WaitGroup
					for _, id := range ids {
						wg.Go(func() {
							if _, err := waiter.Wait(ctx, id); err != nil {
								mu.Lock()
								defer mu.Unlock()
								lost[id] = err
							}
						})
					}
					wg.Wait()
					struck := map[string]bool{}
					for _, r := range api.Requests() {
						if r.Status == 403 {
							struck[r.JobID] = true
						}
					}
					for id, err := range lost {
						if !struck[id] {
							t.Errorf("a job that was not refused: %v", err)
						}
					}
					if most := map[int]int{1: len(struck), 0: min(1, len(struck))}[maxErrors]; len(lost) > most || fault.JobID == "" && maxErrors == 0 && len(lost) > 0 {
						t.Errorf("%d jobs lost, %d were refused", len(lost), len(struck))
					}
				})
			})
		}
	}
}

// A call that began after the refused request was sent is not ended by it.
func TestRefusalEndsCallsOpenWhenItWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		renewed := make(chan struct{})
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, poll int) (*edenwait.Job, error) {
			if poll == 1 {
				time.Sleep(10 * time.Second)
				close(renewed) // the key was renewed meanwhile
				return nil, &edenwait.APIError{StatusCode: 401}
			}
			time.Sleep(10 * time.Second)
			return testbed.Succeeded(id)
		}, edenwait.Config{Burst: 1})
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := waiter.Wait(context.Background(), testbed.ID(1)); !errors.Is(err, edenwait.ErrUnauthorized) {
				t.Error(err)
			}
		})
		time.Sleep(5 * time.Second)
		wg.Go(func() {
			if _, err := waiter.Wait(context.Background(), testbed.ID(2)); err != nil {
				t.Errorf("a call that began after: %v", err)
			}
		})
		wg.Wait()
		<-renewed
		// And the Waiter goes on.
		if _, err := waiter.Wait(context.Background(), testbed.ID(1)); err != nil {
			t.Error(err)
		}
	})
}

// A refused key ends no stream that waits for nothing at that time: no result could
// say why, and ids that were never read would be lost in silence.
func TestRefusalBesideAStreamThatWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Token: "key", Faults: []edentest.Fault{
			{On: edentest.Get, From: 10 * time.Second, Until: 20 * time.Second, Do: edentest.Status(401, "", nil)},
		}})
		first, second, other := api.Submit(edentest.Script{}), api.Submit(edentest.Script{}), api.Submit(edentest.Script{After: time.Minute})
		waiter, err := edenwait.New(edenwait.Config{Token: "key", HTTPClient: api.Client()})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = waiter.Wait(t.Context(), other) }()
		var ids iter.Seq[string] = func(yield func(string) bool) {
			if yield(first) {
				time.Sleep(30 * time.Second)
				yield(second)
			}
		}
		var results int
		for result := range waiter.AsCompleted(t.Context(), ids) {
			if results++; result.Err != nil {
				t.Error(result.Err)
			}
		}
		if results != 2 {
			t.Errorf("%d results, want 2", results)
		}
	})
}

// TestOneBadRefusal: one 401, or one page of HTML with status 403, after hundreds
// of good answers.
func TestOneBadRefusal(t *testing.T) {
	for _, effect := range []edentest.Effect{edentest.Unauthorized(), edentest.Forbidden(), edentest.ForbiddenPage()} {
		for _, times := range []int{1, 3} {
			if times > 1 && effect.String() != edentest.ForbiddenPage().String() {
				continue // these say that the key is refused, and are believed
			}
			synctest.Test(t, func(t *testing.T) {
				api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, Faults: []edentest.Fault{
					{On: edentest.Get, Skip: 200, Times: times, Do: effect},
				}})
				waiter := testbed.NewWaiter(t, api, edenwait.Config{})
				results, err := waiter.WaitAll(context.Background(), api.SubmitAll(300, edentest.Workload{Durations: edentest.Uniform{Max: time.Minute}}))
				lost := 0
				for _, r := range results {
					if r.Job == nil {
						lost++
					}
				}
				t.Logf("%v, %d times: %d of 300 lost", effect, times, lost)
				if lost > 0 {
					t.Errorf("%v, %d times: %d of 300 lost: %.300v", effect, times, lost, err)
				}
			})
		}
	}
}
