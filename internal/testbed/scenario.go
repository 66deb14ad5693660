package testbed

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/simulation"
)

// Scenario is the jobs to wait for, and the API.
type Scenario struct {
	Jobs   int
	Shape  edentest.Workload
	API    edentest.Options
	Config edenwait.Config
	Rate   float64                                   // of the ideal client; defaults to 10
	Crowd  func(api *edentest.API)                   // adds what else is in the account
	Wait   func(*Account, []string, edenwait.Config) // defaults to WaitAll
	Never  bool                                      // waits for a job that never ends too, for an hour
}

// Account is the API as those who wait see it.
type Account struct {
	T   *testing.T
	API *edentest.API
}

func waitAll(h *Account, ids []string, config edenwait.Config) {
	waiter, err := edenwait.New(config)
	if err != nil {
		h.T.Fatal(err)
	}
	if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
		h.T.Fatal(err)
	}
}

func waitAnHour(h *Account, ids []string, config edenwait.Config) {
	config.MaxWait = time.Hour
	waiter, err := edenwait.New(config)
	if err != nil {
		h.T.Fatal(err)
	}
	if _, err := waiter.WaitAll(context.Background(), ids); !errors.Is(err, edenwait.ErrMaxWait) {
		h.T.Fatalf("err = %v, want that one job never ended", err)
	}
}

// Run waits for the jobs in a bubble, in virtual time.
func (w Scenario) Run(t *testing.T, seed uint64) (s Score) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		opts := w.API
		opts.Seed, opts.Latency, opts.DiscardRecords = seed, 40*time.Millisecond, true
		api := edentest.New(opts)
		if w.Crowd != nil {
			w.Crowd(api)
		}
		began := time.Now()
		ids := api.SubmitAll(w.Jobs, w.Shape)
		config := w.Config
		config.Token, config.HTTPClient = edentest.DefaultToken, api.Client()
		wait := w.Wait
		if wait == nil {
			wait = waitAll
		}
		asked := ids
		if w.Never {
			asked = append(slices.Clone(ids), api.Submit(edentest.Script{After: edentest.Never}))
			wait = waitAnHour
		}
		wait(&Account{t, api}, asked, config)

		var lag, last time.Duration
		ends := make([]time.Duration, 0, len(ids))
		for _, id := range ids {
			end, _ := api.EndedAt(id)
			seen, ok := api.FirstSeenEnded(id)
			if !ok {
				t.Fatalf("seed %d: no GET has shown the end of job %s", seed, id)
			}
			lag += seen.Sub(end)
			last = max(last, seen.Sub(began))
			ends = append(ends, max(end.Sub(began), 0))
		}
		rate := w.Rate
		if rate == 0 {
			rate = 10
		}
		delay, best := simulation.Ideal(ends, rate)
		stats, jobs := api.Stats(), float64(len(ids))
		s = Score{
			Lag:      lag/time.Duration(len(ids)) - delay,
			Requests: float64(stats.Gets+stats.Lists) / jobs,
			Makespan: 1,
			Limited:  float64(stats.RateLimited) / jobs,
		}
		if best > 0 {
			s.Makespan = last.Seconds() / best.Seconds()
		}
	})
	return s
}

// Mean runs the scenario over several seeds, on all processors.
func (w Scenario) Mean(t *testing.T, seeds int) (mean Score) {
	t.Helper()
	var (
		mu sync.Mutex
		wg errgroup.Group
	)
	wg.SetLimit(2)
	for seed := range seeds {
		wg.Go(func() error {
			s := w.Run(t, uint64(seed)+1)
			mu.Lock()
			defer mu.Unlock()
			mean.Add(s, 1/float64(seeds))
			return nil
		})
	}
	_ = wg.Wait()
	return mean
}

// MinuteLong is the jobs of most scenarios.
var MinuteLong = edentest.Workload{Durations: edentest.Lognormal{Median: time.Minute, Sigma: 1, Cap: 20 * time.Minute}}
