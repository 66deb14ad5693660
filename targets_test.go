package edenwait_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"github.com/cenkalti/backoff/v4"
	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// The targets of the engine, measured in virtual time against an API that
// allows ten requests per second and is 40 ms away. To see the tables:
//
//	go test -run 'TestTargets|TestVariants' -v .

// score is what waiting for the jobs of a scenario came to.
type score struct {
	lag      time.Duration // mean, from a job's end to the GET that shows it, over the ideal client's
	requests float64       // per job, lists and refusals included
	makespan float64       // over the ideal client's
	limited  float64       // 429s per job
}

func (s *score) add(o score, share float64) {
	s.lag += time.Duration(float64(o.lag) * share)
	s.requests += o.requests * share
	s.makespan += o.makespan * share
	s.limited += o.limited * share
}

func (s score) String() string {
	return fmt.Sprintf("%.2f s\t%.3f\t%.3f\t%.2f", s.lag.Seconds(), s.requests, s.makespan, s.limited)
}

const scoreHeader = "lag\trequests/job\tmakespan\t429s/job"

// scenario is the jobs to wait for, and the API.
type scenario struct {
	jobs   int
	shape  edentest.Workload
	api    edentest.Options
	config edenwait.Config
	rate   float64                                   // of the ideal client; defaults to 10
	crowd  func(api *edentest.API)                   // adds what else is in the account
	wait   func(*account, []string, edenwait.Config) // defaults to WaitAll
	never  bool                                      // waits for a job that never ends too, for an hour
}

// account is the API as those who wait see it.
type account struct {
	t   *testing.T
	api *edentest.API
}

func waitAll(h *account, ids []string, config edenwait.Config) {
	waiter, err := edenwait.New(config)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
		h.t.Fatal(err)
	}
}

func waitAnHour(h *account, ids []string, config edenwait.Config) {
	config.MaxWait = time.Hour
	waiter, err := edenwait.New(config)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := waiter.WaitAll(context.Background(), ids); !errors.Is(err, edenwait.ErrMaxWait) {
		h.t.Fatalf("err = %v, want that one job never ended", err)
	}
}

// errgroupRetry is what is written without this library: a goroutine per job,
// each with a backoff of its own, which also has to survive the 429s.
func errgroupRetry(h *account, ids []string, config edenwait.Config) {
	poller, err := edenwait.NewPoller(config)
	if err != nil {
		h.t.Fatal(err)
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
		h.t.Fatal(err)
	}
}

// ideal is the schedule of a client that knows when each job ends: one GET per
// job, at its end, at most rate per second. Where only a GET is final, no client can do
// better.
func ideal(ends []time.Duration, rate float64) (meanDelay, makespan time.Duration) {
	ends = slices.Sorted(slices.Values(ends))
	step := time.Duration(float64(time.Second) / rate)
	var free, total time.Duration
	for _, end := range ends {
		makespan = max(end, free)
		total += makespan - end
		free = makespan + step
	}
	return total / time.Duration(len(ends)), makespan
}

func (w scenario) run(t *testing.T, seed uint64) (s score) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		opts := w.api
		opts.Seed, opts.Latency, opts.DiscardRecords = seed, 40*time.Millisecond, true
		api := edentest.New(opts)
		if w.crowd != nil {
			w.crowd(api)
		}
		began := time.Now()
		ids := api.SubmitAll(w.jobs, w.shape)
		config := w.config
		config.Token, config.HTTPClient = edentest.DefaultToken, api.Client()
		wait := w.wait
		if wait == nil {
			wait = waitAll
		}
		asked := ids
		if w.never {
			asked = append(slices.Clone(ids), api.Submit(edentest.Script{After: edentest.Never}))
			wait = waitAnHour
		}
		wait(&account{t, api}, asked, config)

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
		rate := w.rate
		if rate == 0 {
			rate = 10
		}
		delay, best := ideal(ends, rate)
		stats, jobs := api.Stats(), float64(len(ids))
		s = score{
			lag:      lag/time.Duration(len(ids)) - delay,
			requests: float64(stats.Gets+stats.Lists) / jobs,
			makespan: 1,
			limited:  float64(stats.RateLimited) / jobs,
		}
		if best > 0 {
			s.makespan = last.Seconds() / best.Seconds()
		}
	})
	return s
}

// mean runs the scenario over several seeds, on all processors.
func (w scenario) mean(t *testing.T, seeds int) (mean score) {
	t.Helper()
	var (
		mu sync.Mutex
		wg errgroup.Group
	)
	wg.SetLimit(2)
	for seed := range seeds {
		wg.Go(func() error {
			s := w.run(t, uint64(seed)+1)
			mu.Lock()
			defer mu.Unlock()
			mean.add(s, 1/float64(seeds))
			return nil
		})
	}
	_ = wg.Wait()
	return mean
}

var minuteLong = edentest.Workload{Durations: edentest.Lognormal{Median: time.Minute, Sigma: 1, Cap: 20 * time.Minute}}

// The targets are of means: a single scenario may well miss one by a draw of the
// jitter, so each row has as many seeds as keep its mean apart from its target.
func TestTargets(t *testing.T) {
	targets := []struct {
		jobs, seeds int
		most        score
	}{
		{1, 400, score{lag: 1400 * time.Millisecond, requests: 70, makespan: 1.05}},
		{10, 100, score{lag: 1100 * time.Millisecond, requests: 26, makespan: 1.02}},
		{100, 20, score{lag: 800 * time.Millisecond, requests: 9, makespan: 1.02}},
		{1000, 5, score{lag: 1150 * time.Millisecond, requests: 1.85, makespan: 1.01}},
		{10000, 2, score{lag: 5500 * time.Millisecond, requests: 1.04, makespan: 1.01}},
	}
	table := newTable(t, "jobs\t"+scoreHeader+"\t\terrgroup + backoff.Retry: "+scoreHeader)
	for _, target := range targets {
		if testing.Short() && target.jobs != 100 {
			continue // few jobs take many seeds to tell anything, many take long
		}
		w := scenario{jobs: target.jobs, shape: minuteLong}
		got := w.mean(t, target.seeds)
		var loop any = "\t\t\t"
		if !testing.Short() {
			w.wait = errgroupRetry
			loop = w.mean(t, max(1, target.seeds/5))
		}
		table.row("%d\t%v\t\t%v", target.jobs, got, loop)
		if got.lag > target.most.lag || got.requests > target.most.requests || got.makespan > target.most.makespan || got.limited > 0 {
			t.Errorf("%d jobs: %v, want at most %v", target.jobs, got, target.most)
		}
	}
	table.print()
}

// TestVariants has other durations, and lists that are of less use. The bounds
// are what was measured and a margin, so that a change for the worse is seen.
func TestVariants(t *testing.T) {
	lognormal := minuteLong
	foreign := func(n int, d edentest.Durations) func(*edentest.API) {
		return func(api *edentest.API) { api.SubmitAll(n, edentest.Workload{Durations: d, OtherUser: true}) }
	}
	listFault := func(effect edentest.Effect) edentest.Options {
		return edentest.Options{Faults: []edentest.Fault{{On: edentest.List, Do: effect}}}
	}
	variants := []struct {
		name string
		w    scenario
		most score
	}{
		{"as in the targets", scenario{shape: lognormal}, score{lag: 1200 * time.Millisecond, requests: 1.85}},
		{"fixed window", scenario{shape: lognormal, api: edentest.Options{Limit: edentest.FixedWindow}}, score{lag: 1200 * time.Millisecond, requests: 1.85}},
		{"sliding window", scenario{shape: lognormal, api: edentest.Options{Limit: edentest.SlidingWindow}}, score{lag: 1200 * time.Millisecond, requests: 1.85}},
		{"DisableList", scenario{shape: lognormal, config: edenwait.Config{DisableList: true}}, score{lag: 40 * time.Second, requests: 15}},
		{"list 404", scenario{shape: lognormal, api: edentest.Options{ListStatus: 404}}, score{lag: 40 * time.Second, requests: 15}},
		{"list 405", scenario{shape: lognormal, api: edentest.Options{ListStatus: 405}}, score{lag: 40 * time.Second, requests: 15}},
		{"list 403", scenario{shape: lognormal, api: edentest.Options{ListStatus: 403}}, score{lag: 40 * time.Second, requests: 15}},
		{"list 500", scenario{shape: lognormal, api: edentest.Options{ListStatus: 500}}, score{lag: 40 * time.Second, requests: 15}},
		{"list HTML", scenario{shape: lognormal, api: listFault(edentest.HTML())}, score{lag: 40 * time.Second, requests: 15}},
		{"list torn", scenario{shape: lognormal, api: listFault(edentest.TruncateBody())}, score{lag: 40 * time.Second, requests: 15}},
		{"list torn half of the time", scenario{shape: lognormal, api: edentest.Options{Faults: []edentest.Fault{{On: edentest.List, Probability: 0.5, Do: edentest.TruncateBody()}}}}, score{lag: 7 * time.Second, requests: 2.5}},
		{"list 5 s behind", scenario{shape: lognormal, api: edentest.Options{ListLag: 5 * time.Second}}, score{lag: 9 * time.Second, requests: 2}},
		{"list 60 s behind", scenario{shape: lognormal, api: edentest.Options{ListLag: time.Minute}}, score{lag: 40 * time.Second, requests: 10}},
		{"list of a day ago", scenario{shape: lognormal, api: edentest.Options{ListLag: 24 * time.Hour}}, score{lag: 40 * time.Second, requests: 15}},
		{"5,000 foreign jobs running", scenario{shape: lognormal, crowd: foreign(5000, edentest.Fixed(edentest.Never))}, score{lag: 5 * time.Second, requests: 3.5}},
		{"5,000 foreign jobs ended", scenario{shape: lognormal, crowd: foreign(5000, edentest.Fixed(0))}, score{lag: 1200 * time.Millisecond, requests: 1.85}},
		{"all alike", scenario{shape: edentest.Workload{Durations: edentest.Fixed(time.Minute)}}, score{lag: 3 * time.Second, requests: 1.15}},
		{"2 s and 10 min", scenario{shape: edentest.Workload{Durations: edentest.Bimodal{Short: 2 * time.Second, Long: 10 * time.Minute, LongFraction: 0.5}}}, score{lag: 1500 * time.Millisecond, requests: 1.55}},
		{"heavy tail", scenario{shape: edentest.Workload{Durations: edentest.Pareto{Min: 10 * time.Second, Alpha: 1.1, Cap: 2 * time.Hour}}}, score{lag: 2200 * time.Millisecond, requests: 3.6}},
		{"one never ends, an hour", scenario{shape: lognormal, never: true}, score{lag: 1400 * time.Millisecond, requests: 2.4}},
		{"already ended", scenario{shape: edentest.Workload{Durations: edentest.Fixed(0)}}, score{lag: time.Second, requests: 1.01}},
	}
	table := newTable(t, "1,000 jobs\t"+scoreHeader)
	if testing.Short() {
		variants = variants[:4] // all of them take minutes under the race detector
	}
	for _, v := range variants {
		v.w.jobs = 1000
		got := v.w.mean(t, 2)
		table.row("%s\t%v", v.name, got)
		if got.lag > v.most.lag || got.requests > v.most.requests || got.limited > 0 {
			t.Errorf("%s: %v, want at most %v", v.name, got, v.most)
		}
	}
	table.print()
}

// table is shown under -v only.
type table struct {
	t    *testing.T
	text strings.Builder
	*tabwriter.Writer
}

func newTable(t *testing.T, header string) *table {
	table := &table{t: t}
	table.Writer = tabwriter.NewWriter(&table.text, 0, 0, 2, ' ', tabwriter.AlignRight)
	table.row("%s", header)
	return table
}

func (table *table) row(format string, args ...any) { fmt.Fprintf(table, format+"\t\n", args...) }

func (table *table) print() {
	_ = table.Flush()
	if testing.Verbose() {
		fmt.Fprint(os.Stdout, table.text.String())
	}
}
