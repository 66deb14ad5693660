package edentemporal

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// workload returns an account with n jobs that end as in the library's own measurements.
func workload(n int) (*edentest.API, []string) {
	api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, DiscardRecords: true})
	return api, api.SubmitAll(n, edentest.Workload{})
}

// price is the requests per job and the mean lag, so far.
func price(api *edentest.API, ids []string) (requests float64, lag time.Duration) {
	for _, id := range ids {
		ended, _ := api.EndedAt(id)
		seen, _ := api.FirstSeenEnded(id)
		lag += seen.Sub(ended)
	}
	return float64(api.Stats().Requests()) / float64(len(ids)), lag / time.Duration(len(ids))
}

// Workflows cost what a single WaitAll of all their jobs costs.
func TestPriceOfMany(t *testing.T) {
	for _, test := range []struct{ workflows, jobs int }{{30, 10}, {1, 1000}, {300, 1}} {
		var single, fleet struct {
			requests float64
			lag      time.Duration
		}
		synctest.Test(t, func(t *testing.T) {
			api, ids := workload(test.workflows * test.jobs)
			waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: api.Client()})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := waiter.WaitAll(t.Context(), ids); err != nil {
				t.Fatal(err)
			}
			single.requests, single.lag = price(api, ids)
		})
		synctest.Test(t, func(t *testing.T) {
			api, ids := workload(test.workflows * test.jobs)
			lead, _ := leading(t, testOptions(t, api))
			var all sync.WaitGroup
			for i := range test.workflows {
				all.Go(func() {
					p := newPlan(ids[i*test.jobs:][:test.jobs])
					for left := p.chunks[0]; len(left) > 0; {
						var r records
						result, err := newAwaiter(lead).await(t.Context(), AwaitInput{IDs: left}, r.attempt())
						if err != nil {
							t.Error(err)
							return
						}
						left = p.take(result.Outcomes, left)
					}
				})
			}
			all.Wait()
			fleet.requests, fleet.lag = price(api, ids)
			if n := api.Stats().RateLimited; n > 0 {
				t.Errorf("%d refused", n)
			}
		})
		if fleet.requests > 1.1*single.requests || fleet.lag > single.lag*13/10 {
			t.Error("more than one WaitAll")
		}
		t.Logf("%d workflows of %d jobs: %.2f requests per job, lag %v; one WaitAll: %.2f, %v",
			test.workflows, test.jobs, fleet.requests, fleet.lag, single.requests, single.lag)
	}
}
