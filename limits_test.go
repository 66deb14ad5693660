package edenwait_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// Half of the account's limit is spent by others, and nothing announces it.
func TestSharedAccount(t *testing.T) {
	for _, kind := range []edentest.LimitKind{edentest.TokenBucket, edentest.FixedWindow, edentest.SlidingWindow} {
		w := testbed.Scenario{
			Jobs: 3000, Rate: 5,
			Shape: edentest.Workload{Durations: edentest.Fixed(0)},
			API:   edentest.Options{BackgroundRate: 5, Limit: kind},
		}
		got := w.Mean(t, 2)
		t.Logf("%v: makespan %.3f, 429s a request %.4f", kind, got.Makespan, got.Limited/got.Requests)
		if got.Limited/got.Requests > 0.10 {
			t.Errorf("%v: %.1f %% of the requests are 429s", kind, 100*got.Limited/got.Requests)
		}
		if got.Makespan > 1.15 {
			t.Errorf("%v: makespan %.3f of what half of the limit allows", kind, got.Makespan)
		}
	}
}

// What a server says of when to come back binds every call of the Waiter.
func TestRetryAfterPausesEveryone(t *testing.T) {
	for value, pause := range map[string]time.Duration{
		"30":                            30 * time.Second,
		"-5":                            250 * time.Millisecond,
		"9999999":                       5 * time.Minute,
		"Sat, 01 Jan 2000 00:01:00 GMT": time.Minute, // a bubble begins at midnight
	} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{Faults: []edentest.Fault{{From: 10 * time.Second, Times: 1, Do: edentest.RetryAfter(value)}}})
			waiter := testbed.NewWaiter(t, api, edenwait.Config{})
			var g errgroup.Group
			for range 3 {
				ids := api.SubmitAll(20, edentest.Workload{Durations: edentest.Uniform{Min: time.Second, Max: 10 * time.Minute}})
				g.Go(func() error {
					_, err := waiter.WaitAll(context.Background(), ids)
					return err
				})
			}
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			var limited time.Time
			for _, r := range api.Requests() {
				if r.Status == 429 {
					limited = r.Time
					if value[0] == 'S' {
						pause = time.Date(2000, 1, 1, 0, 1, 0, 0, time.UTC).Sub(r.Time)
					}
				} else if after := r.Time.Sub(limited); !limited.IsZero() && after < pause {
					t.Errorf("Retry-After %s: asked again after %v, want %v", value, after, pause)
				}
			}
		})
	}
}

// One job is not starved by ten thousand.
func TestConcurrentCallsShareTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, DiscardRecords: true})
		crowd := api.SubmitAll(10000, edentest.Workload{Durations: edentest.Fixed(0)})
		single := api.Submit(edentest.Script{After: time.Minute})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{})
		var g errgroup.Group
		g.Go(func() error {
			_, err := waiter.WaitAll(context.Background(), crowd)
			return err
		})
		g.Go(func() error {
			began := time.Now()
			_, err := waiter.Wait(context.Background(), single)
			if took := time.Since(began); took > 75*time.Second {
				t.Errorf("one job of a minute took %v beside ten thousand", took)
			}
			return err
		})
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
		if n := api.Stats().RateLimited; n > 0 {
			t.Errorf("%d requests too many", n)
		}
	})
}

// A dead call leaves its place in line to others.
func TestEndedCallsLeaveTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		ids := api.SubmitAll(300, edentest.Workload{Durations: edentest.Fixed(0)})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Rate: 1})
		ctx, cancel := context.WithCancel(context.Background())
		var g errgroup.Group
		for i := range 5 {
			g.Go(func() error {
				_, _ = waiter.WaitAll(ctx, ids[i*50:(i+1)*50])
				return nil
			})
		}
		time.Sleep(3500 * time.Millisecond)
		cancel()
		began := time.Now()
		if _, err := waiter.WaitAll(context.Background(), ids[250:260]); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 12*time.Second {
			t.Errorf("ten jobs took %v", took)
		}
		_ = g.Wait()
	})
}

// Pauses double while nothing but 429s comes, and any other answer is one: a
// server that is in trouble is not one that refuses.
func TestOtherAnswersEndAStreakOf429s(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, poll int) (*edenwait.Job, error) {
			switch {
			case poll > 20:
				return testbed.Succeeded(id)
			case poll%2 == 0:
				return nil, &edenwait.APIError{StatusCode: 500}
			default:
				return nil, &edenwait.APIError{StatusCode: 429}
			}
		}, edenwait.Config{BackOff: func() backoff.BackOff { return &backoff.ZeroBackOff{} }})
		if _, err := waiter.Wait(context.Background(), testbed.SomeID); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("took %v for ten pauses of a quarter of a second", took)
		}
	})
}

// What a server says of when to ask for one job again binds that job, for five
// minutes at most: asked too early, it says so once more.
func TestRetryAfterOfOneJob(t *testing.T) {
	for value, pause := range map[string]time.Duration{"60": time.Minute, "86400": 5 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			api, waiter := testbed.New(t, edentest.Options{Faults: []edentest.Fault{
				{Skip: 2, Times: 1, Do: edentest.Status(503, "", http.Header{"Retry-After": {value}})},
			}}, edenwait.Config{})
			if _, err := waiter.Wait(context.Background(), api.Submit(edentest.Script{After: time.Minute})); err != nil {
				t.Fatal(err)
			}
			requests := api.Requests()
			if gap := requests[3].Time.Sub(requests[2].Time); gap < pause || gap > pause+11*time.Second {
				t.Errorf("Retry-After %s: asked again after %v, want %v", value, gap, pause)
			}
		})
	}
}

// A call that was waiting for its turn and has nothing to ask any more leaves its
// place, and MaxWait ends its jobs to the moment even there.
func TestIdleCallLeavesTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Rate: 0.05, MaxWait: 10 * time.Second})
		quiet := func(yield func(string) bool) {
			if yield(api.Submit(edentest.Script{After: edentest.Never})) {
				time.Sleep(time.Hour) // while another id might come
			}
		}
		began := time.Now()
		var g errgroup.Group
		g.Go(func() error {
			for range waiter.AsCompleted(context.Background(), quiet) {
				if took := time.Since(began); took != 10*time.Second {
					t.Errorf("given up after %v", took)
				}
			}
			return nil
		})
		time.Sleep(15 * time.Second)
		if _, err := waiter.Wait(context.Background(), api.Submit(edentest.Script{})); err != nil {
			t.Errorf("beside a call that asks nothing: %v", err)
		}
		_ = g.Wait()
	})
}

// TestProcessingSaysWhen: Retry-After on an answer that says processing puts off
// that job's own next GET, and no other's.
func TestProcessingSaysWhen(t *testing.T) {
	for value, pause := range map[string]time.Duration{"45": 45 * time.Second, "7200": 5 * time.Minute} {
		for _, status := range []int{200, 202} {
			synctest.Test(t, func(t *testing.T) {
				api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
				ids := api.SubmitAll(3, edentest.Workload{Durations: edentest.Fixed(12 * time.Minute)})
				api.SetFaults([]edentest.Fault{{On: edentest.Get, JobID: ids[0], Do: edentest.Processing(status, value)}})
				waiter := testbed.NewWaiter(t, api, edenwait.Config{DisableList: true})
				if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
					t.Fatal(err)
				}
				last, polls := map[string]time.Time{}, map[string]int{}
				for _, r := range api.Requests() {
					if before := last[r.JobID]; r.JobID == ids[0] && !before.IsZero() && r.Time.Sub(before) < pause {
						t.Errorf("%d, Retry-After %s: polled again after %v", status, value, r.Time.Sub(before))
					}
					last[r.JobID] = r.Time
					polls[r.JobID]++
				}
				t.Logf("%d, Retry-After %s: %d polls, of another job %d", status, value, polls[ids[0]], polls[ids[1]])
				if polls[ids[1]] <= polls[ids[0]] && pause > time.Minute {
					t.Errorf("%d, Retry-After %s: another job was polled %d times", status, value, polls[ids[1]])
				}
			})
		}
	}
}
