package edenwait_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// Calls of one Waiter that wait for the same jobs.

// A job is asked about once, whoever waits for it, however they write its id.
func TestFiftyCallersOfOneJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		id := api.Submit(edentest.Script{After: time.Minute})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if job, err := waiter.Wait(context.Background(), id); err != nil || job.ID != id {
					t.Errorf("%v, %v", job, err)
				}
			})
		}
		wg.Wait()
		stats := api.Stats()
		if n := stats.Gets + stats.Lists; n > 72 || stats.RateLimited > 0 {
			t.Errorf("%d requests, want at most 72; %d refused", n, stats.RateLimited)
		}
		if end, _ := api.EndedAt(id); time.Since(end) > 3*time.Second {
			t.Errorf("%v late", time.Since(end))
		}
	})
}

// Each call has a Result of its own: its id as passed in, and the polls and the
// time since it took it in.
func TestPollsAndWaitedAreEachCalls(t *testing.T) {
	const latency = 40 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: latency})
		id := api.Submit(edentest.Script{After: 2 * time.Minute})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{DisableList: true})
		upper := strings.ToUpper(id)
		type call struct {
			began   time.Time
			results []edenwait.Result
		}
		calls := make([]call, 3)
		var wg sync.WaitGroup
		for i := range calls {
			wg.Go(func() {
				time.Sleep(time.Duration(i)*47*time.Second + 20*time.Millisecond)
				calls[i].began = time.Now()
				calls[i].results, _ = waiter.WaitAll(context.Background(), []string{id, upper})
			})
		}
		wg.Wait()
		asked := testbed.Gets(api, id)
		for i, c := range calls {
			polls := 0
			for _, at := range asked {
				if sent := at.Add(-latency / 2); !sent.Before(c.began) {
					polls++
				}
			}
			for n, r := range c.results {
				if r.ID != []string{id, upper}[n] || r.Err != nil || r.Polls != polls || r.Waited != time.Since(c.began) {
					t.Errorf("call %d: %+v, want %d polls, %v", i, r, polls, time.Since(c.began))
				}
			}
		}
		if calls[0].results[0].Polls <= calls[2].results[0].Polls {
			t.Error("the polls are the job's")
		}
	})
}

// A job is due when the first of its waits is, each by a BackOff of its own, and
// one that stops ends its own wait.
func TestBackOffsOfOneJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		id := api.Submit(edentest.Script{After: 20 * time.Minute})
		made := 0
		waiter := testbed.NewWaiter(t, api, edenwait.Config{DisableList: true, BackOff: func() backoff.BackOff {
			made++
			return backoff.NewExponentialBackOff() // which stops after 15 minutes
		}})
		began := time.Now()
		var first error
		var wg sync.WaitGroup
		wg.Go(func() { _, first = waiter.Wait(context.Background(), id) })
		time.Sleep(14 * time.Minute)
		joined := time.Now()
		if _, err := waiter.Wait(context.Background(), id); err != nil {
			t.Errorf("a wait that began later: %v", err)
		}
		wg.Wait()
		if !errors.Is(first, edenwait.ErrBackOffStopped) || made < 2 {
			t.Errorf("the first wait: %v; %d BackOffs", first, made)
		}
		// The second started over: the job is asked for at once, and soon again.
		soon := 0
		for _, at := range testbed.Gets(api, id) {
			if after := at.Sub(joined); after >= 0 && after < 10*time.Second {
				soon++
			}
		}
		if soon < 3 {
			t.Errorf("%d polls in the first ten seconds of a wait that joined after %v", soon, joined.Sub(began))
		}
	})
}

// A wait that joins is not asked for at the pace of those before it, whenever it
// comes between two of their polls.
func TestJoiningBeginsAnew(t *testing.T) {
	for second := range 12 {
		synctest.Test(t, func(t *testing.T) {
			joins := 10*time.Minute + time.Duration(second)*time.Second
			api := edentest.New(edentest.Options{})
			id := api.Submit(edentest.Script{After: joins + 2*time.Second})
			waiter := testbed.NewWaiter(t, api, edenwait.Config{DisableList: true})
			var wg sync.WaitGroup
			wg.Go(func() { _, _ = waiter.Wait(context.Background(), id) })
			time.Sleep(joins)
			if _, err := waiter.Wait(context.Background(), id); err != nil {
				t.Error(err)
			}
			end, _ := api.EndedAt(id)
			if late := time.Since(end); late > 1500*time.Millisecond {
				t.Errorf("joined after %v: %v late, two seconds into its own wait", joins, late)
			}
			wg.Wait()
		})
	}
}

// One call's MaxWait ends its own wait, to the moment, and nobody else's.
func TestMaxWaitIsEachCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		id := api.Submit(edentest.Script{After: 80 * time.Second})
		record := testbed.NewHookLog()
		waiter := testbed.NewWaiter(t, api, edenwait.Config{MaxWait: time.Minute, Hooks: record.Hooks()})
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 15 * time.Second)
				began := time.Now()
				results, _ := waiter.WaitAll(context.Background(), []string{id})
				r, took := results[0], time.Since(began)
				if i < 2 && (!errors.Is(r.Err, edenwait.ErrMaxWait) || took != time.Minute) || i == 2 && r.Err != nil {
					t.Errorf("call %d: %v after %v", i, r.Err, took)
				}
			})
		}
		wg.Wait()
		// OnError is about a wait, the others about the job.
		if record.Errors[id] != 2 || record.Success[id] != 1 {
			t.Errorf("OnError called %d times, OnSuccess %d", record.Errors[id], record.Success[id])
		}
	})
}

// MaxErrors counts the failures that a wait has seen.
func TestMaxErrorsIsEachCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, waiter := testbed.New(t, edentest.Options{Faults: []edentest.Fault{
			{On: edentest.Get, From: 30 * time.Second, Until: 5 * time.Minute, Do: edentest.TruncateBody()},
		}}, edenwait.Config{MaxErrors: 12, DisableList: true})
		id := api.Submit(edentest.Script{After: time.Minute})
		var wg sync.WaitGroup
		began, ended := time.Now(), make([]time.Duration, 2)
		for i := range ended {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 90 * time.Second)
				results, _ := waiter.WaitAll(context.Background(), []string{id})
				ended[i] = time.Since(began)
				if !errors.Is(results[0].Err, edenwait.ErrMaxErrors) || results[0].Polls < 12 {
					t.Errorf("call %d: %v after %d polls", i, results[0].Err, results[0].Polls)
				}
			})
		}
		wg.Wait()
		if ended[0] >= ended[1] {
			t.Errorf("ended after %v", ended)
		}
	})
}

// FailFast ends the calls whose job failed, and no other.
func TestFailFastIsEachCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		bad := api.Submit(edentest.Script{After: 10 * time.Second, Status: "fail"})
		good := api.Submit(edentest.Script{After: time.Minute})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{FailFast: true})
		began := time.Now()
		var wg sync.WaitGroup
		for _, ids := range [][]string{{good, bad}, {bad, good}} {
			wg.Go(func() {
				_, err := waiter.WaitAll(context.Background(), ids)
				if took := time.Since(began); !errors.Is(err, edenwait.ErrFailFast) || took > 20*time.Second {
					t.Errorf("%v after %v", err, took)
				}
			})
		}
		wg.Go(func() {
			if _, err := waiter.WaitAll(context.Background(), []string{good}); err != nil {
				t.Errorf("a call that does not wait for the job that failed: %v", err)
			}
		})
		wg.Wait()
	})
}

// Each call has a copy of the Job that it may change. With -race, this also fails
// when a hook is called before the copies are made, or the text of FailFast.
func TestEachCallHasItsOwnJob(t *testing.T) {
	for _, failFast := range []bool{false, true} {
		for _, status := range []string{"success", "fail"} {
			synctest.Test(t, func(t *testing.T) {
				api := edentest.New(edentest.Options{})
				id := api.Submit(edentest.Script{After: time.Second, Status: status, Provider: "deepgram"})
				change := func(_ context.Context, job *edenwait.Job) error {
					job.Provider, job.Status, job.Error = "changed", "odd", nil
					return nil
				}
				waiter := testbed.NewWaiter(t, api, edenwait.Config{FailFast: failFast, Hooks: edenwait.Hooks{OnSuccess: change, OnFail: change}})
				jobs := make([]*edenwait.Job, 5)
				var wg sync.WaitGroup
				for i := range jobs {
					wg.Go(func() {
						for r := range waiter.AsCompleted(context.Background(), slices.Values([]string{id})) {
							jobs[i] = r.Job
							r.Job.Model = fmt.Sprint(i)
						}
					})
				}
				wg.Wait()
				changed := 0
				for i, job := range jobs {
					if job.Model != fmt.Sprint(i) {
						t.Errorf("call %d shares its Job: %+v", i, job)
					}
					if job.Provider == "changed" {
						changed++
					}
				}
				if changed != 1 {
					t.Errorf("the hook changed %d calls' Jobs", changed)
				}
			})
		}
	}
}
