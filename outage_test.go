package edenwait_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// TestHostIsDown: a host that is down is one failure, however many jobs wait. The
// time after which it ends the waits does not depend on their number.
func TestHostIsDown(t *testing.T) {
	var ends []time.Duration
	for _, jobs := range []int{1, 1000, 5000} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
			waiter := testbed.NewWaiter(t, api, edenwait.Config{})
			ids := api.SubmitAll(jobs, edentest.Workload{Durations: edentest.Fixed(time.Minute)})
			api.SetDown(true)
			began := time.Now()
			results, err := waiter.WaitAll(context.Background(), ids)
			took, sent := time.Since(began), len(api.Requests())
			t.Logf("%d jobs: ended after %v, %d requests: %.300v", jobs, took, sent, err)
			ends = append(ends, took)
			if took < 8*time.Minute || took > 10*time.Minute {
				t.Errorf("%d jobs: ended after %v, want about nine minutes", jobs, took)
			}
			if sent > 400 {
				t.Errorf("%d jobs: %d requests, want at most 400", jobs, sent)
			}
			for _, r := range results {
				if r.Err == nil {
					t.Errorf("%s has no error", r.ID)
				}
			}
		})
	}
	for _, end := range ends {
		if d := end - ends[0]; d.Abs() > 45*time.Second {
			t.Errorf("the ends are %v: they depend on the number of jobs", ends)
		}
	}
}

// TestHostIsDownForFiveMinutes: nothing is lost, and the rest is as fast as the
// limit allows. Progress and the log say that nothing is answered, and why.
func TestHostIsDownForFiveMinutes(t *testing.T) {
	const away, back = 20 * time.Second, 5*time.Minute + 20*time.Second
	for _, jobs := range []int{1, 20, 1000, 5000} {
		for name, shape := range map[string]edentest.Durations{"end meanwhile": edentest.Uniform{Max: 5 * time.Minute}, "end at once": edentest.Fixed(0)} {
			synctest.Test(t, func(t *testing.T) {
				core, lines := observer.New(zap.WarnLevel)
				var mu sync.Mutex
				var last edenwait.Progress // while the host was down
				var after edenwait.Progress
				began := time.Now()
				api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
				waiter := testbed.NewWaiter(t, api, edenwait.Config{Logger: zap.New(core), Hooks: edenwait.Hooks{OnProgress: func(p edenwait.Progress) {
					mu.Lock()
					defer mu.Unlock()
					if after = p; time.Since(began) < back && p.Stalled > 0 {
						last = p
					}
				}}})
				ids := api.SubmitAll(jobs, edentest.Workload{Durations: shape})
				time.AfterFunc(away, func() { api.SetDown(true) })
				time.AfterFunc(back, func() { api.SetDown(false) })
				if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
					t.Fatalf("%d jobs, %s: %v", jobs, name, err)
				}
				meanwhile, rest := 0, 0
				for _, r := range api.Requests() {
					if at := r.Time.Sub(began); at > away && at < back {
						meanwhile++
					} else if at >= back {
						rest++
					}
				}
				if rest == 0 {
					return // nothing was left
				}
				took := time.Since(began)
				t.Logf("%d jobs, %s: %d requests meanwhile, done %v after its return, where %d requests take %v", jobs, name, meanwhile, took-back, rest, time.Duration(rest)*time.Second/10)
				if meanwhile > 150 {
					t.Errorf("%d jobs, %s: %d requests meanwhile, want at most 150", jobs, name, meanwhile)
				}
				if late := took - back - time.Duration(rest)*time.Second/10; late > 40*time.Second {
					t.Errorf("%d jobs, %s: done %v after what the limit allows", jobs, name, late)
				}
				mu.Lock()
				defer mu.Unlock()
				if last.Stalled < time.Minute || last.Trouble == "" {
					t.Errorf("%d jobs, %s: Progress said %v, %q while nothing was answered", jobs, name, last.Stalled, last.Trouble)
				}
				if after.Stalled != 0 || after.Trouble != "" {
					t.Errorf("%d jobs, %s: Progress said %v, %q at the end", jobs, name, after.Stalled, after.Trouble)
				}
				if lines.FilterMessageSnippet("requests fail").Len() == 0 || lines.FilterMessageSnippet("no request has been of use").Len() == 0 {
					t.Errorf("%d jobs, %s: the log says only %v", jobs, name, lines.All())
				}
			})
		}
	}
}

// TestQuotaIsGone: the quota is gone for a day. Few requests are sent, its return
// is noticed, and the log says now and then that nothing moves.
func TestQuotaIsGone(t *testing.T) {
	const gone = 24 * time.Hour
	for _, jobs := range []int{1, 500} {
		synctest.Test(t, func(t *testing.T) {
			core, lines := observer.New(zap.WarnLevel)
			api := edentest.New(edentest.Options{
				Latency: 40 * time.Millisecond,
				Faults:  []edentest.Fault{{From: 10 * time.Second, Until: gone, Do: edentest.RetryAfter("")}},
			})
			waiter := testbed.NewWaiter(t, api, edenwait.Config{Logger: zap.New(core)})
			ids := api.SubmitAll(jobs, edentest.Workload{Durations: edentest.Fixed(time.Minute)})
			began := time.Now()
			if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
				t.Fatal(err)
			}
			refused := testbed.AnsweredWith(api, 429)
			late, told := time.Since(began)-gone, lines.FilterMessageSnippet("no request has been of use").Len()
			t.Logf("%d jobs: %d refusals, done %v after the return, %d lines", jobs, refused, late, told)
			if refused > 500 {
				t.Errorf("%d jobs: %d requests", jobs, refused)
			}
			if late > 6*time.Minute {
				t.Errorf("%d jobs: done %v after the return", jobs, late)
			}
			if told < 10 || told > 100 {
				t.Errorf("%d jobs: %d lines say that nothing moves", jobs, told)
			}
		})
	}
}

// TestBanIsPassed: every refused request restarts the ban.
func TestBanIsPassed(t *testing.T) {
	for _, ban := range []time.Duration{10 * time.Second, 29 * time.Second, 31 * time.Second, time.Minute, 4 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, Ban: ban})
			waiter := testbed.NewWaiter(t, api, edenwait.Config{})
			ids := api.SubmitAll(100, edentest.Workload{Durations: edentest.Fixed(10 * time.Minute)})
			time.AfterFunc(time.Minute, func() { testbed.Spend(api) })
			began := time.Now()
			if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
				t.Fatal(err)
			}
			refused := testbed.AnsweredWith(api, 429)
			t.Logf("ban of %v: done after %v, %d refusals", ban, time.Since(began), refused)
			if took := time.Since(began); took > 25*time.Minute {
				t.Errorf("ban of %v: done after %v", ban, took)
			}
		})
	}
}

// TestOverloadPausesAll: Retry-After applies to all requests, of a 503 and of
// any other 5xx as of a 429.
func TestOverloadPausesAll(t *testing.T) {
	for _, status := range []int{429, 500, 502, 503, 504, 529} {
		synctest.Test(t, func(t *testing.T) {
			const from, pause = 30 * time.Second, 2 * time.Minute
			api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, Faults: []edentest.Fault{
				{From: from, Until: from + pause, Do: edentest.Status(status, "", map[string][]string{"Retry-After": {"120"}})},
			}})
			waiter := testbed.NewWaiter(t, api, edenwait.Config{})
			ids := api.SubmitAll(500, edentest.Workload{Durations: edentest.Uniform{Min: 10 * time.Second, Max: 4 * time.Minute}})
			if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
				t.Fatal(err)
			}
			refused := testbed.AnsweredWith(api, status)
			t.Logf("%d: %d further requests", status, refused-1)
			if refused > 12 { // those that were under way
				t.Errorf("%d: %d requests within the pause", status, refused)
			}
		})
	}
}

// TestUntrustedCertificate: what no retry mends ends the batch soon, with a text
// that says the cause and what to do. One server in four costs nothing.
func TestUntrustedCertificate(t *testing.T) {
	for _, jobs := range []int{1, 20, 1000} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
			bad := &testbed.Certificates{API: api, Every: 1}
			waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: bad.Client()})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			_, err = waiter.WaitAll(context.Background(), api.SubmitAll(jobs, edentest.Workload{}))
			took := time.Since(began)
			t.Logf("%d jobs: ended after %v, %d requests: %.400v", jobs, took, bad.Sent, err)
			if took > 2*time.Minute || bad.Sent > 60 {
				t.Errorf("%d jobs: ended after %v, %d requests", jobs, took, bad.Sent)
			}
			if err == nil || !strings.Contains(err.Error(), "certificate is signed by an unknown authority: ") || !errors.As(err, new(*edenwait.BatchError)) {
				t.Errorf("%d jobs: %v", jobs, err)
			}
		})
	}
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, Seed: seed})
			bad := &testbed.Certificates{API: api, Every: 4}
			waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: bad.Client()})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := waiter.WaitAll(context.Background(), api.SubmitAll(300, testbed.MinuteLong)); err != nil {
				t.Error(err)
			}
		})
	}
}

// An outage that one call has met must not keep the jobs of another, which are
// left to the list, from ever being asked for again.
func TestOutageOfACallThatLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Token: "key", Faults: []edentest.Fault{
			{On: edentest.Get, From: 0, Until: time.Minute, Do: edentest.RefuseConnection()},
		}})
		var early, late []string
		for range 20 {
			early = append(early, api.Submit(edentest.Script{After: 3 * time.Second}))
			late = append(late, api.Submit(edentest.Script{After: 2 * time.Minute}))
		}
		waiter, err := edenwait.New(edenwait.Config{Token: "key", HTTPClient: api.Client()})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			_, _ = waiter.WaitAll(ctx, early)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		if _, err := waiter.WaitAll(ctx, late); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 3*time.Minute {
			t.Errorf("took %v", took)
		}
	})
}

// While a key is suspected, probes that fail must not be so many for one job that
// it is given up within a minute.
func TestOutageWhileTheKeyIsSuspected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Token: "key", Faults: []edentest.Fault{
			{On: edentest.Get, From: 500 * time.Millisecond, Times: 1, Do: edentest.Status(403, "", nil)},
			{On: edentest.Get, From: 500 * time.Millisecond, Until: 4 * time.Minute, Do: edentest.RefuseConnection()},
		}})
		var ids []string
		for range 3 {
			ids = append(ids, api.Submit(edentest.Script{After: 2 * time.Minute}))
		}
		waiter, err := edenwait.New(edenwait.Config{Token: "key", HTTPClient: api.Client(), DisableList: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := waiter.WaitAll(t.Context(), ids); err != nil {
			t.Fatal(err)
		}
	})
}

// Calls that keep coming must not have a job whose GETs fail asked for the faster.
func TestOutageWhileCallsKeepComing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Token: "key", Faults: []edentest.Fault{
			{On: edentest.Get, From: 0, Until: 3 * time.Minute, Do: edentest.RefuseConnection()},
		}})
		id := api.Submit(edentest.Script{After: time.Second})
		waiter, err := edenwait.New(edenwait.Config{Token: "key", HTTPClient: api.Client()})
		if err != nil {
			t.Fatal(err)
		}
		var calls sync.WaitGroup
		for i := range 300 {
			calls.Go(func() {
				time.Sleep(time.Duration(i) * 500 * time.Millisecond)
				if _, err := waiter.Wait(t.Context(), id); err != nil {
					t.Errorf("call %d: %v", i, err)
				}
			})
		}
		calls.Wait()
		if n := len(api.Requests()); n > 40 {
			t.Errorf("%d requests", n)
		}
	})
}
