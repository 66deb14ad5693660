package edenwait_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// Calls that share a Waiter against one call of the same jobs, and beside crowds.

// waitEach has a goroutine for each job that calls Wait, as services have.
func waitEach(h *testbed.Account, ids []string, config edenwait.Config) {
	waiter, err := edenwait.New(config)
	if err != nil {
		h.T.Fatal(err)
	}
	var g errgroup.Group
	for _, id := range ids {
		g.Go(func() error {
			_, err := waiter.Wait(context.Background(), id)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		h.T.Fatal(err)
	}
}

// A goroutine per job, each calling Wait, is as good as one WaitAll.
func TestWaitsAreAsGoodAsWaitAll(t *testing.T) {
	table := testbed.NewTable(t, "jobs\tWaitAll: "+testbed.ScoreHeader+"\t\tWait: "+testbed.ScoreHeader)
	for _, row := range []struct{ jobs, seeds int }{{10, 60}, {100, 16}, {1000, 4}} {
		if testing.Short() && row.jobs != 100 {
			continue
		}
		w := testbed.Scenario{Jobs: row.jobs, Shape: testbed.MinuteLong}
		one := w.Mean(t, row.seeds)
		w.Wait = waitEach
		each := w.Mean(t, row.seeds)
		table.Row("%d\t%v\t\t%v", row.jobs, one, each)
		if each.Lag > one.Lag*115/100 || each.Requests > one.Requests*1.15 || each.Limited > 0 {
			t.Errorf("%d jobs: %v with a Wait each, %v with one WaitAll", row.jobs, each, one)
		}
	}
	table.Print()
}

// Jobs that arrive at two a second, each with a caller of its own.
func TestArrivingJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, DiscardRecords: true, Seed: 1})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{})
		const n = 4800 // forty minutes of them: the last jobs, few at a time, cost more each
		ids := make([]string, n)
		var g errgroup.Group
		for i := range ids {
			id := api.SubmitAll(1, testbed.MinuteLong)[0]
			ids[i] = id
			g.Go(func() error {
				_, err := waiter.Wait(context.Background(), id)
				return err
			})
			time.Sleep(500 * time.Millisecond)
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		var lag time.Duration
		for _, id := range ids {
			end, _ := api.EndedAt(id)
			seen, _ := api.FirstSeenEnded(id)
			lag += seen.Sub(end) / n
		}
		stats := api.Stats()
		requests := float64(stats.Gets+stats.Lists) / n
		t.Logf("lag %v, %.2f requests a job", lag, requests)
		if lag > 1500*time.Millisecond || requests > 1.7 || stats.RateLimited > 0 {
			t.Errorf("lag %v, %.2f requests a job, %d refused; want at most 1.5 s, 1.7, 0", lag, requests, stats.RateLimited)
		}
	})
}

// A job beside ten thousand of another call that are known to have ended is known
// within twelve seconds of its end, whenever it ends.
func TestOneJobBesideTenThousandKnownEnds(t *testing.T) {
	for _, after := range []time.Duration{0, 5 * time.Second, time.Minute, 7 * time.Minute} {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, DiscardRecords: true})
				crowd := api.SubmitAll(10_000, edentest.Workload{Durations: edentest.Fixed(time.Second)})
				waiter := testbed.NewWaiter(t, api, edenwait.Config{})
				ctx, cancel := context.WithCancel(context.Background())
				var g errgroup.Group
				g.Go(func() error { _, _ = waiter.WaitAll(ctx, crowd); return nil })
				time.Sleep(30 * time.Second) // they are known to have ended by now
				single := api.Submit(edentest.Script{After: after})
				if _, err := waiter.Wait(context.Background(), single); err != nil {
					t.Error(err)
				}
				end, _ := api.EndedAt(single)
				if late := time.Since(end); late > 12*time.Second {
					t.Errorf("known %v after its end", late)
				}
				// The crowd is not starved either.
				if n := api.Stats().SeenEnded; time.Since(end)+after > time.Minute && n < 9*int((30*time.Second+after).Seconds()) {
					t.Errorf("%d of the crowd meanwhile", n)
				}
				cancel()
				_ = g.Wait()
			})
		})
	}
}

// Single waits beside one another are served first come, first served.
func TestSingleWaitsAreFIFO(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		ids := api.SubmitAll(40, edentest.Workload{Durations: edentest.Fixed(0)})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Rate: 1, Burst: 1, DisableList: true})
		var g errgroup.Group
		for _, id := range ids {
			g.Go(func() error {
				_, err := waiter.Wait(context.Background(), id)
				return err
			})
			synctest.Wait() // it stands in line before the next comes
		}
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
		for i, r := range api.Requests() {
			if i >= len(ids) || r.JobID != ids[i] {
				t.Errorf("request %d is for another job than the one in its turn", i)
			}
		}
	})
}

// A wait that runs out of time does not stand in line behind three hundred others, whose
// turns take half a minute. Its job has ended long before.
func TestDeadlineInALongLine(t *testing.T) {
	for name, end := range map[string]func(edenwait.Config) (edenwait.Config, time.Duration){
		"a deadline of ctx": func(c edenwait.Config) (edenwait.Config, time.Duration) { return c, 20 * time.Second },
		"MaxWait": func(c edenwait.Config) (edenwait.Config, time.Duration) {
			c.MaxWait = 40 * time.Second
			return c, time.Hour
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
				ids := api.SubmitAll(300, edentest.Workload{Durations: edentest.Fixed(0)})
				config, patience := end(edenwait.Config{DisableList: true})
				waiter := testbed.NewWaiter(t, api, config)
				wait := func(id string, patience time.Duration) func() error {
					return func() error {
						ctx, cancel := context.WithTimeout(context.Background(), patience)
						defer cancel()
						_, err := waiter.Wait(ctx, id)
						return err
					}
				}
				var g errgroup.Group
				id := api.Submit(edentest.Script{After: 30 * time.Second})
				if config.MaxWait > 0 {
					g.Go(wait(id, patience)) // it has waited longer than the others
					time.Sleep(25 * time.Second)
				}
				for _, id := range ids {
					g.Go(wait(id, time.Hour))
				}
				if synctest.Wait(); config.MaxWait == 0 {
					g.Go(wait(api.Submit(edentest.Script{}), patience))
				}
				if err := g.Wait(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
