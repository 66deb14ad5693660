package edentemporal

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// TestIndependentProcesses measures what processes that share an account cost
// each other without this package: each has a Waiter of its own, at the account's whole
// rate.
func TestIndependentProcesses(t *testing.T) {
	const jobs, seeds = 600, 1 // docs/temporal.md has the means of five
	for _, kind := range []edentest.LimitKind{edentest.TokenBucket, edentest.SlidingWindow, edentest.FixedWindow} {
		for _, processes := range []int{1, 2, 4} {
			var lag time.Duration
			var requests, refused int
			for seed := range uint64(seeds) {
				synctest.Test(t, func(t *testing.T) {
					api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, Limit: kind, Seed: seed, DiscardRecords: true})
					ids := api.SubmitAll(jobs, edentest.Workload{})
					var all sync.WaitGroup
					for p := range processes {
						waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: api.Client(), Rate: 10})
						if err != nil {
							t.Fatal(err)
						}
						all.Go(func() {
							if _, err := waiter.WaitAll(t.Context(), ids[p*jobs/processes:][:jobs/processes]); err != nil {
								t.Error(err)
							}
						})
					}
					all.Wait()
					_, late := price(api, ids)
					lag += late
					requests += api.Stats().Requests()
					refused += api.Stats().RateLimited
				})
			}
			share := float64(refused) / float64(requests)
			t.Logf("%-14v %d processes: %.2f requests per job, %.1f %% refused, lag %.2f s", kind, processes,
				float64(requests)/jobs/seeds, 100*share, (lag / seeds).Seconds())
			if share > 0.2 {
				t.Errorf("%v, %d processes: %.0f %% refused", kind, processes, 100*share)
			}
		}
	}
}
