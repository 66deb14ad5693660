package edenwait_test

import (
	"context"
	"errors"
	"testing"
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
