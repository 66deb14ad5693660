package edenwait_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// A Waiter that has waited for jobs of a kind polls the next ones when they are likely
// to have ended. What requests and delay cost together is then half as much.
func TestWaiterLearnsDurations(t *testing.T) {
	cost := func(seed uint64, learn bool) (product float64) {
		synctest.Test(t, func(t *testing.T) {
			const before, jobs = 150, 50
			api := edentest.New(edentest.Options{Seed: seed, Latency: 40 * time.Millisecond, DiscardRecords: true})
			waiter := testbed.NewWaiter(t, api, edenwait.Config{})
			alike := edentest.Workload{Durations: edentest.Lognormal{Median: time.Minute, Sigma: 0.3, Cap: time.Hour}}
			gets, late := 0, time.Duration(0)
			for i := range before + jobs {
				if i == before {
					gets = api.Stats().Gets
				}
				if i < before && !learn {
					continue
				}
				if !learn {
					waiter = testbed.NewWaiter(t, api, edenwait.Config{})
				}
				id := api.SubmitAll(1, alike)[0]
				if _, err := waiter.Wait(context.Background(), id); err != nil {
					t.Error(err)
				}
				if i >= before {
					end, _ := api.EndedAt(id)
					late += time.Since(end)
				}
			}
			requests := float64(api.Stats().Gets-gets) / jobs
			product = (requests - 1) * late.Seconds() / jobs
		})
		return product
	}
	learned, fresh := 0.0, 0.0
	for seed := range uint64(4) {
		learned += cost(seed+1, true) / 4
		fresh += cost(seed+1, false) / 4
	}
	t.Logf("(requests beyond the first) × (mean delay): %.1f, with a new Waiter each time %.1f", learned, fresh)
	if learned > 36 || learned > 0.65*fresh {
		t.Errorf("(requests beyond the first) × (mean delay): %.1f, want 36 at most; with a new Waiter each time %.1f", learned, fresh)
	}
}

// A clock that is wrong, here or at the server, makes no job late.
func TestWrongClocks(t *testing.T) {
	for _, skew := range []time.Duration{-100 * 24 * time.Hour, -5 * time.Hour, -30 * time.Second, 30 * time.Second, 5 * time.Hour, 100 * 24 * time.Hour} {
		for _, jobs := range []int{10, 100} {
			api := edentest.Options{Faults: []edentest.Fault{{On: edentest.Get | edentest.List, Do: edentest.ClockSkew(skew)}}}
			got := testbed.Scenario{Jobs: jobs, Shape: testbed.MinuteLong, API: api}.Mean(t, 10)
			if got.Lag > 1200*time.Millisecond || got.Requests > 26 {
				t.Errorf("%v, %d jobs: %v", skew, jobs, got)
			}
		}
	}
}
