package edenwait_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// score is what a run over a world comes to.
type score struct {
	lag      time.Duration // mean, over the clairvoyant schedule
	requests float64       // per job
	makespan float64       // over the clairvoyant's
	limited  int
}

// clairvoyant is the schedule of one that knows when each job ends: one GET a
// job, at its end, rate of them a second, in the order of the ends. No schedule
// whose only final answer is a GET can do better.
func clairvoyant(began time.Time, ends []time.Duration, rate float64) (meanDelay, makespan time.Duration) {
	ends = slices.Sorted(slices.Values(ends))
	step := time.Duration(float64(time.Second) / rate)
	free := time.Duration(0)
	var total time.Duration
	for _, end := range ends {
		at := max(end, free)
		total += at - end
		free = at + step
		makespan = at
	}
	return total / time.Duration(len(ends)), makespan
}

func runWorld(t *testing.T, n int, opts edentest.Options, world edentest.World, config edenwait.Config) (s score) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		opts.DiscardRecords = true
		api := edentest.New(opts)
		began := time.Now()
		ids := api.SubmitAll(n, world)
		config.Token = edentest.DefaultToken
		config.HTTPClient = api.Client()
		waiter, err := edenwait.New(config)
		if err != nil {
			t.Fatal(err)
		}
		results, err := waiter.WaitAll(context.Background(), ids)
		if err != nil {
			t.Fatal(err)
		}
		var lag, last time.Duration
		ends := make([]time.Duration, 0, n)
		for _, r := range results {
			end, _ := api.EndedAt(r.ID)
			seen, ok := api.FirstFinal(r.ID)
			if !ok {
				t.Fatalf("job %s has a result and no final answer", r.ID)
			}
			lag += seen.Sub(end)
			last = max(last, seen.Sub(began))
			ends = append(ends, end.Sub(began))
		}
		delay, best := clairvoyant(began, ends, 10)
		stats := api.Stats()
		s = score{
			lag:      lag/time.Duration(n) - delay,
			requests: float64(stats.Gets+stats.Lists) / float64(n),
			makespan: last.Seconds() / best.Seconds(),
			limited:  stats.RateLimited,
		}
	})
	return s
}

func TestTargets(t *testing.T) {
	for _, n := range []int{1, 10, 100, 1000, 10000} {
		seeds := max(1, min(200, 2000/n))
		var sum score
		for seed := range seeds {
			s := runWorld(t, n, edentest.Options{Seed: uint64(seed + 1), Latency: 40 * time.Millisecond},
				edentest.World{Durations: edentest.Lognormal{Median: time.Minute, Sigma: 1, Cap: 20 * time.Minute}}, edenwait.Config{Rate: 10})
			sum.lag += s.lag / time.Duration(seeds)
			sum.requests += s.requests / float64(seeds)
			sum.makespan += s.makespan / float64(seeds)
			sum.limited += s.limited
		}
		fmt.Println(n, sum.lag.Round(time.Millisecond), math.Round(sum.requests*1000)/1000, math.Round(sum.makespan*1000)/1000, sum.limited)
	}
}
