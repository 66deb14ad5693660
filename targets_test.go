package edenwait_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// The targets of the engine, measured in virtual time against an API that
// allows ten requests per second and is 40 ms away. To see the tables:
//
//	go test -run 'TestTargets|TestVariants' -v .

// errgroupRetry is what is written without this library: a goroutine per job,
// each with a backoff of its own, which also has to survive the 429s.
func errgroupRetry(h *testbed.Account, ids []string, config edenwait.Config) {
	poller, err := edenwait.NewPoller(config)
	if err != nil {
		h.T.Fatal(err)
	}
	var g errgroup.Group
	for _, id := range ids {
		g.Go(func() error {
			return backoff.Retry(func() error {
				job, err := poller.Get(context.Background(), id)
				if err == nil && !job.Status.Done() {
					err = errors.New("still processing")
				}
				return err
			}, backoff.NewExponentialBackOff(backoff.WithMaxElapsedTime(0)))
		})
	}
	if err := g.Wait(); err != nil {
		h.T.Fatal(err)
	}
}

// The targets are of means: a single scenario may well miss one by a draw of the
// jitter, so each row has as many seeds as keep its mean apart from its target.
func TestTargets(t *testing.T) {
	targets := []struct {
		jobs, seeds int
		most        testbed.Score
	}{
		{1, 400, testbed.Score{Lag: 1400 * time.Millisecond, Requests: 70, Makespan: 1.05}},
		{10, 100, testbed.Score{Lag: 1100 * time.Millisecond, Requests: 26, Makespan: 1.02}},
		{100, 20, testbed.Score{Lag: 800 * time.Millisecond, Requests: 9, Makespan: 1.02}},
		{1000, 5, testbed.Score{Lag: 1150 * time.Millisecond, Requests: 1.85, Makespan: 1.01}},
		{10000, 2, testbed.Score{Lag: 5500 * time.Millisecond, Requests: 1.04, Makespan: 1.01}},
	}
	table := testbed.NewTable(t, "jobs\t"+testbed.ScoreHeader+"\t\terrgroup + backoff.Retry: "+testbed.ScoreHeader)
	for _, target := range targets {
		if testing.Short() && target.jobs != 100 {
			continue // few jobs take many seeds to tell anything, many take long
		}
		w := testbed.Scenario{Jobs: target.jobs, Shape: testbed.MinuteLong}
		got := w.Mean(t, target.seeds)
		var loop any = "\t\t\t"
		if !testing.Short() {
			w.Wait = errgroupRetry
			loop = w.Mean(t, max(1, target.seeds/5))
		}
		table.Row("%d\t%v\t\t%v", target.jobs, got, loop)
		if got.Lag > target.most.Lag || got.Requests > target.most.Requests || got.Makespan > target.most.Makespan || got.Limited > 0 {
			t.Errorf("%d jobs: %v, want at most %v", target.jobs, got, target.most)
		}
	}
	table.Print()
}

// TestVariants has other durations, and lists that are of less use. The bounds
// are what was measured and a margin, so that a change for the worse is seen.
func TestVariants(t *testing.T) {
	lognormal := testbed.MinuteLong
	foreign := func(n int, d edentest.Durations) func(*edentest.API) {
		return func(api *edentest.API) { api.SubmitAll(n, edentest.Workload{Durations: d, OtherUser: true}) }
	}
	listFault := func(effect edentest.Effect) edentest.Options {
		return edentest.Options{Faults: []edentest.Fault{{On: edentest.List, Do: effect}}}
	}
	variants := []struct {
		name string
		w    testbed.Scenario
		most testbed.Score
	}{
		{"as in the targets", testbed.Scenario{Shape: lognormal}, testbed.Score{Lag: 1200 * time.Millisecond, Requests: 1.85}},
		{"fixed window", testbed.Scenario{Shape: lognormal, API: edentest.Options{Limit: edentest.FixedWindow}}, testbed.Score{Lag: 1200 * time.Millisecond, Requests: 1.85}},
		{"sliding window", testbed.Scenario{Shape: lognormal, API: edentest.Options{Limit: edentest.SlidingWindow}}, testbed.Score{Lag: 1200 * time.Millisecond, Requests: 1.85}},
		{"DisableList", testbed.Scenario{Shape: lognormal, Config: edenwait.Config{DisableList: true}}, testbed.Score{Lag: 40 * time.Second, Requests: 15}},
		{"list 404", testbed.Scenario{Shape: lognormal, API: edentest.Options{ListStatus: 404}}, testbed.Score{Lag: 40 * time.Second, Requests: 15}},
		{"list 405", testbed.Scenario{Shape: lognormal, API: edentest.Options{ListStatus: 405}}, testbed.Score{Lag: 40 * time.Second, Requests: 15}},
		{"list 403", testbed.Scenario{Shape: lognormal, API: edentest.Options{ListStatus: 403}}, testbed.Score{Lag: 40 * time.Second, Requests: 15}},
		{"list 500", testbed.Scenario{Shape: lognormal, API: edentest.Options{ListStatus: 500}}, testbed.Score{Lag: 40 * time.Second, Requests: 15}},
		{"list HTML", testbed.Scenario{Shape: lognormal, API: listFault(edentest.HTML())}, testbed.Score{Lag: 40 * time.Second, Requests: 15}},
		{"list torn", testbed.Scenario{Shape: lognormal, API: listFault(edentest.TruncateBody())}, testbed.Score{Lag: 40 * time.Second, Requests: 15}},
		{"list torn half of the time", testbed.Scenario{Shape: lognormal, API: edentest.Options{Faults: []edentest.Fault{{On: edentest.List, Probability: 0.5, Do: edentest.TruncateBody()}}}}, testbed.Score{Lag: 7 * time.Second, Requests: 2.5}},
		{"list 5 s behind", testbed.Scenario{Shape: lognormal, API: edentest.Options{ListLag: 5 * time.Second}}, testbed.Score{Lag: 9 * time.Second, Requests: 2}},
		{"list 60 s behind", testbed.Scenario{Shape: lognormal, API: edentest.Options{ListLag: time.Minute}}, testbed.Score{Lag: 40 * time.Second, Requests: 10}},
		{"list of a day ago", testbed.Scenario{Shape: lognormal, API: edentest.Options{ListLag: 24 * time.Hour}}, testbed.Score{Lag: 40 * time.Second, Requests: 15}},
		{"5,000 foreign jobs running", testbed.Scenario{Shape: lognormal, Crowd: foreign(5000, edentest.Fixed(edentest.Never))}, testbed.Score{Lag: 5 * time.Second, Requests: 3.5}},
		{"5,000 foreign jobs ended", testbed.Scenario{Shape: lognormal, Crowd: foreign(5000, edentest.Fixed(0))}, testbed.Score{Lag: 1200 * time.Millisecond, Requests: 1.85}},
		{"all alike", testbed.Scenario{Shape: edentest.Workload{Durations: edentest.Fixed(time.Minute)}}, testbed.Score{Lag: 3 * time.Second, Requests: 1.15}},
		{"2 s and 10 min", testbed.Scenario{Shape: edentest.Workload{Durations: edentest.Bimodal{Short: 2 * time.Second, Long: 10 * time.Minute, LongFraction: 0.5}}}, testbed.Score{Lag: 1500 * time.Millisecond, Requests: 1.55}},
		{"heavy tail", testbed.Scenario{Shape: edentest.Workload{Durations: edentest.Pareto{Min: 10 * time.Second, Alpha: 1.1, Cap: 2 * time.Hour}}}, testbed.Score{Lag: 2200 * time.Millisecond, Requests: 3.6}},
		{"one never ends, an hour", testbed.Scenario{Shape: lognormal, Never: true}, testbed.Score{Lag: 1400 * time.Millisecond, Requests: 2.4}},
		{"already ended", testbed.Scenario{Shape: edentest.Workload{Durations: edentest.Fixed(0)}}, testbed.Score{Lag: time.Second, Requests: 1.01}},
	}
	table := testbed.NewTable(t, "1,000 jobs\t"+testbed.ScoreHeader)
	if testing.Short() {
		variants = variants[:4] // all of them take minutes under the race detector
	}
	for _, v := range variants {
		v.w.Jobs = 1000
		got := v.w.Mean(t, 2)
		table.Row("%s\t%v", v.name, got)
		if got.Lag > v.most.Lag || got.Requests > v.most.Requests || got.Limited > 0 {
			t.Errorf("%s: %v, want at most %v", v.name, got, v.most)
		}
	}
	table.Print()
}

// TestTuning turns one knob at a time, and holds what docs/tuning.md says of it:
// which of lag and requests it spends, and which it saves. To see the table:
//
//	go test -run TestTuning -v .
func TestTuning(t *testing.T) {
	if testing.Short() {
		t.Skip("takes dozens of scenarios")
	}
	every := func(d time.Duration) func() backoff.BackOff {
		return func() backoff.BackOff { return backoff.NewConstantBackOff(d) }
	}
	minute := func() backoff.BackOff {
		return backoff.NewExponentialBackOff(backoff.WithInitialInterval(time.Second), backoff.WithMultiplier(1.3),
			backoff.WithRandomizationFactor(0.1), backoff.WithMaxInterval(time.Minute), backoff.WithMaxElapsedTime(0))
	}
	shared := edentest.Options{BackgroundRate: 5}
	raised := edentest.Options{Rate: 100, Burst: 100}
	type rows []struct {
		name string
		w    testbed.Scenario
		// Against the first row of the group: -1 for less, 1 for more, 0 for either.
		lag, requests int
		limited       bool // 429s come of it
	}
	groups := []struct {
		jobs, seeds int
		rows        rows
	}{
		{1, 100, rows{
			{"defaults", testbed.Scenario{}, 0, 0, false},
			{"BackOff: every 2 s", testbed.Scenario{Config: edenwait.Config{BackOff: every(2 * time.Second)}}, 0, -1, false},
			{"BackOff: 1 s × 1.3ⁿ to a minute", testbed.Scenario{Config: edenwait.Config{BackOff: minute}}, 1, -1, false},
		}},
		{100, 20, rows{
			{"defaults", testbed.Scenario{}, 0, 0, false},
			{"Burst: 10", testbed.Scenario{Config: edenwait.Config{Burst: 10}}, 0, 0, false},
			{"BackOff: every 2 s", testbed.Scenario{Config: edenwait.Config{BackOff: every(2 * time.Second)}}, 1, -1, false},
			{"BackOff: 1 s × 1.3ⁿ to a minute", testbed.Scenario{Config: edenwait.Config{BackOff: minute}}, 1, -1, false},
			{"DisableList", testbed.Scenario{Config: edenwait.Config{DisableList: true}}, 1, 1, false},
		}},
		{1000, 3, rows{
			{"defaults", testbed.Scenario{}, 0, 0, false},
			{"DisableList", testbed.Scenario{Config: edenwait.Config{DisableList: true}}, 1, 1, false},
			{"an account of 100 a second, Rate: 10", testbed.Scenario{API: raised, Rate: 100}, 0, 0, false},
			{"an account of 100 a second, Rate: 100", testbed.Scenario{API: raised, Rate: 100, Config: edenwait.Config{Rate: 100}}, -1, 0, false},
			{"others send 5 a second, Rate: 10", testbed.Scenario{API: shared, Rate: 5}, 0, 0, true},
			{"others send 5 a second, Rate: 5", testbed.Scenario{API: shared, Rate: 5, Config: edenwait.Config{Rate: 5}}, 0, 0, false},
		}},
	}
	sign := func(measured, base float64) int {
		switch {
		case measured < base:
			return -1
		case measured > base:
			return 1
		}
		return 0
	}
	table := testbed.NewTable(t, "jobs\tConfig\t"+testbed.ScoreHeader)
	for _, group := range groups {
		var base testbed.Score
		for i, row := range group.rows {
			row.w.Jobs, row.w.Shape = group.jobs, testbed.MinuteLong
			got := row.w.Mean(t, group.seeds)
			table.Row("%d\t%s\t%v", group.jobs, row.name, got)
			if i == 0 {
				base = got
			}
			if row.lag != 0 && sign(got.Lag.Seconds(), base.Lag.Seconds()) != row.lag ||
				row.requests != 0 && sign(got.Requests, base.Requests) != row.requests || (got.Limited > 0) != row.limited {
				t.Errorf("%d jobs, %s: %v; the defaults: %v", group.jobs, row.name, got, base)
			}
		}
	}
	table.Print()
}

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

// TestSlowServer: where each answer takes long, a request under way is knowledge too.
// Lag is over the best schedule: one GET per job as it ends, ten per second.
func TestSlowServer(t *testing.T) {
	for _, answer := range []time.Duration{5 * time.Second, 12 * time.Second, 25 * time.Second} {
		for _, jobs := range []int{30, 300} {
			synctest.Test(t, func(t *testing.T) {
				api := edentest.New(edentest.Options{Latency: answer})
				waiter := testbed.NewWaiter(t, api, edenwait.Config{})
				ids := api.SubmitAll(jobs, testbed.MinuteLong)
				ends, known := []time.Time{}, []time.Time{}
				for r := range waiter.AsCompleted(context.Background(), slices.Values(ids)) {
					if r.Err != nil {
						t.Error(r.Err)
					}
					end, _ := api.EndedAt(r.ID)
					ends, known = append(ends, end), append(known, time.Now())
				}
				slices.SortFunc(ends, time.Time.Compare)
				var lag time.Duration
				free := time.Time{}
				for i, end := range ends {
					if end.After(free) {
						free = end
					}
					lag += known[i].Sub(free.Add(answer)) / time.Duration(jobs)
					free = free.Add(100 * time.Millisecond)
				}
				s := api.Stats()
				requests := float64(s.Gets+s.Lists) / float64(jobs)
				t.Logf("%d jobs, answers of %v: %.1f s late, %.2f requests per job", jobs, answer, lag.Seconds(), requests)
				if lag > answer*3/2 || requests > 10 {
					t.Errorf("%d jobs, answers of %v: %.1f s late, %.2f requests per job", jobs, answer, lag.Seconds(), requests)
				}
			})
		}
	}
}
