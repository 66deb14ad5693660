package edenwait_test

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// When the list is read, and what is made of it.

// Where the list does not say how many pages it has, its total does.
func TestPagesFromTotal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, waiter := testbed.New(t, edentest.Options{
			Latency: 40 * time.Millisecond,
			Faults: []edentest.Fault{{On: edentest.List, Do: edentest.Edit("no total_pages", func(_ edentest.Request, ans *edentest.Answer) {
				ans.Body = bytes.ReplaceAll(ans.Body, []byte(`"total_pages":3`), []byte(`"total_pages":0`))
			})}},
		}, edenwait.Config{})
		ctx, cancel := context.WithTimeout(context.Background(), 700*time.Millisecond)
		defer cancel()
		_, _ = waiter.WaitAll(ctx, api.SubmitAll(2500, edentest.Workload{Durations: edentest.Fixed(time.Hour)}))
		if pages := testbed.PagesAsked(api); len(pages) < 4 || !slices.Equal(pages[:4], []string{"1", "3", "2", "1"}) {
			t.Errorf("pages %v are asked", pages)
		}
	})
}

// A list that takes long to read is read while the last of those that it showed
// to have ended are asked about, so that there is no pause after them.
func TestListIsReadAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, waiter := testbed.New(t, edentest.Options{Latency: 400 * time.Millisecond}, edenwait.Config{})
		api.SubmitAll(2500, edentest.Workload{Durations: edentest.Fixed(edentest.Never), OtherUser: true})
		ids := api.SubmitAll(50, edentest.Workload{Durations: edentest.Fixed(30 * time.Second)})
		crowd := api.SubmitAll(500, edentest.Workload{Durations: edentest.Fixed(edentest.Never)})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, _ = waiter.WaitAll(ctx, slices.Concat(ids, crowd))
		var (
			page time.Time
			ends []time.Time
		)
		for _, id := range ids {
			at, ok := api.FirstSeenEnded(id)
			if !ok {
				t.Fatalf("job %s got no GET after its end", id)
			}
			ends = append(ends, at)
		}
		slices.SortFunc(ends, time.Time.Compare)
		first, last := ends[3], ends[len(ends)-1] // audits may show some ends before the list does
		for _, r := range api.Requests() {
			if r.Kind == edentest.List && page.IsZero() && r.Time.After(first) {
				page = r.Time
			}
		}
		if ahead := last.Sub(page); ahead < 500*time.Millisecond || ahead > 2*time.Second {
			t.Errorf("the list is asked for %v before the last GET of what it showed", ahead)
		}
	})
}

// A list that shows a job often does not have its polls grow rare: when it is
// gone, they come as if the job had been polled alone.
func TestPollsAfterAListThatWasQuick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const gone = 12 * time.Second
		api, waiter := testbed.New(t, edentest.Options{
			Latency: 40 * time.Millisecond,
			Faults:  []edentest.Fault{{On: edentest.List, From: gone, Do: edentest.Status(503, "", http.Header{"Retry-After": {"60"}})}},
		}, edenwait.Config{})
		long := api.SubmitAll(5, edentest.Workload{Durations: edentest.Fixed(time.Minute)})
		ids := slices.Clone(long)
		for n := range 46 { // whose ends keep the list interesting
			ids = append(ids, api.Submit(edentest.Script{After: time.Duration(n) * time.Second / 4}))
		}
		began := time.Now()
		testbed.WaitUnder(t, waiter, ids)
		for _, id := range long {
			var next time.Duration
			for _, r := range api.Requests() {
				if at := r.Time.Sub(began); r.JobID == id && next == 0 && at > gone {
					next = at - gone
				}
			}
			if most := (gone*3/10 + 1500*time.Millisecond) * 11 / 10; next > most {
				t.Errorf("%s is next polled after %v, want %v at most", id, next, most)
			}
		}
	})
}

// resets counts how often a BackOff starts over.
type resets struct {
	backoff.BackOff
	n int
}

func (r *resets) Reset() { r.n++ }

// An own BackOff starts over before its first use, and the list's with each news.
func TestOwnBackOffIsReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var made []*resets // the list's is the first
		api, waiter := testbed.New(t, edentest.Options{Latency: 40 * time.Millisecond}, edenwait.Config{BackOff: func() backoff.BackOff {
			made = append(made, &resets{BackOff: backoff.NewConstantBackOff(5 * time.Second)})
			return made[len(made)-1]
		}})
		var ids []string
		for n := range 8 {
			ids = append(ids, api.Submit(edentest.Script{After: time.Duration(n%4) * time.Minute}))
		}
		testbed.WaitUnder(t, waiter, ids)
		for i, b := range made {
			if want := map[bool]int{true: 4, false: 1}[i == 0]; b.n < want || b.n > want+1 {
				t.Errorf("BackOff %d was reset %d times, want %d", i, b.n, want)
			}
		}
	})
}

// unfiltered lists jobs of every status, whichever is asked for.
type unfiltered struct{ *edenwait.Poller }

func (u unfiltered) List(ctx context.Context, query edenwait.ListQuery) (*edenwait.JobPage, error) {
	query.Status = ""
	return u.Poller.List(ctx, query)
}

// A list that shows what has ended tells of it as well as one that drops it, and
// is not out of date for showing it for long.
func TestListThatShowsWhatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		poller, err := edenwait.NewPoller(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: api.Client()})
		if err != nil {
			t.Fatal(err)
		}
		waiter, err := edenwait.New(edenwait.Config{Source: unfiltered{poller}})
		if err != nil {
			t.Fatal(err)
		}
		ids := api.SubmitAll(100, edentest.Workload{Durations: edentest.Uniform{Min: time.Second, Max: 3 * time.Minute}})
		testbed.WaitUnder(t, waiter, ids)
		if stats, late := api.Stats(), testbed.Latest(api, ids); stats.Gets > 130 || late > 12*time.Second {
			t.Errorf("%d GETs for 100 jobs, the latest %v late", stats.Gets, late)
		}
	})
}

// TestJobStuckInList: the list shows some jobs running forever that have ended, among
// others that run for long. Their ends are known within minutes, at few requests.
func TestJobStuckInList(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector; a plain run has it")
	}
	for _, tt := range []struct {
		jobs, stuck int
		ends        time.Duration // of the stuck ones, at the earliest
		within      time.Duration
		requests    float64 // per job; the pages alone are 8.5 of fifty jobs
	}{
		{50, 1, 5 * time.Second, 4*time.Minute + 20*time.Second, 16},
		{80, 1, 5 * time.Second, 4*time.Minute + 20*time.Second, 12},
		{80, 1, 10 * time.Minute, 10 * time.Minute, 12}, // as long again as it ran
		{80, 1, 25 * time.Minute, 25 * time.Minute, 12},
		{200, 40, 5 * time.Second, 5 * time.Minute, 12},
		{200, 40, 10 * time.Minute, 5 * time.Minute, 12},
	} {
		var worst time.Duration
		var requests float64
		for seed := range uint64(8) {
			synctest.Test(t, func(t *testing.T) {
				api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, Seed: seed})
				waiter := testbed.NewWaiter(t, api, edenwait.Config{})
				ids := api.SubmitAll(tt.jobs-tt.stuck, edentest.Workload{Durations: edentest.Fixed(50 * time.Minute)})
				var stuck []string
				for i := range tt.stuck {
					stuck = append(stuck, api.Submit(edentest.Script{After: tt.ends + time.Duration(i)*time.Second, StuckInList: true}))
				}
				// Each has its own place among the others.
				at := int(seed) * len(ids) / 8
				ids = slices.Insert(ids, at, stuck...)
				if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
					t.Fatal(err)
				}
				for _, id := range stuck {
					end, _ := api.EndedAt(id)
					known, _ := api.FirstSeenEnded(id)
					worst = max(worst, known.Sub(end))
				}
				s := api.Stats()
				requests = max(requests, float64(s.Gets+s.Lists)/float64(tt.jobs))
			})
		}
		t.Logf("%d of %d that end after %v: known within %v, %.1f requests per job", tt.stuck, tt.jobs, tt.ends, worst, requests)
		if worst > tt.within {
			t.Errorf("%d of %d that end after %v: known after %v, want %v", tt.stuck, tt.jobs, tt.ends, worst, tt.within)
		}
		if requests > tt.requests {
			t.Errorf("%d of %d that end after %v: %.1f requests per job, want %v at most", tt.stuck, tt.jobs, tt.ends, requests, tt.requests)
		}
	}
}

// TestBehindAtTheEnd: before MaxWait and before a deadline, a list that is behind
// costs at most one job more than no list.
func TestBehindAtTheEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector; a plain run has it")
	}
	for _, lag := range []time.Duration{3 * time.Second, 30 * time.Second, 5 * time.Minute} {
		for name, w := range map[string]struct {
			limit  time.Duration
			ends   edentest.Durations
			jobs   int
			beside int // that keep running
		}{
			"25 until 12 s before a minute":  {time.Minute, edentest.Uniform{Min: 5 * time.Second, Max: 48 * time.Second}, 25, 25},
			"10 that end 4 s before":         {3 * time.Minute, edentest.Fixed(3*time.Minute - 4*time.Second), 10, 10},
			"100 until 12 s before the end":  {5 * time.Minute, edentest.Uniform{Min: time.Second, Max: 288 * time.Second}, 100, 100},
			"100 in the last minute":         {10 * time.Minute, edentest.Uniform{Min: 9 * time.Minute, Max: 588 * time.Second}, 100, 20},
			"250 that end 40 s before":       {10 * time.Minute, edentest.Fixed(10*time.Minute - 40*time.Second), 250, 10},
			"10 that end 4 s before 20 s":    {20 * time.Second, edentest.Fixed(16 * time.Second), 10, 10},
			"one of 25 that ends 12 s early": {time.Minute, edentest.Fixed(48 * time.Second), 1, 24},
		} {
			for _, bound := range []string{"MaxWait", "ctx"} {
				missed := func(disable bool, seed uint64) (n int) {
					synctest.Test(t, func(t *testing.T) {
						config := edenwait.Config{DisableList: disable}
						ctx := context.Background()
						if bound == "ctx" {
							var cancel context.CancelFunc
							ctx, cancel = context.WithTimeout(ctx, w.limit)
							defer cancel()
						} else {
							config.MaxWait = w.limit
						}
						api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, ListLag: lag, Seed: seed})
						waiter := testbed.NewWaiter(t, api, config)
						ids := api.SubmitAll(w.jobs, edentest.Workload{Durations: w.ends})
						all := append(api.SubmitAll(w.beside, edentest.Workload{Durations: edentest.Fixed(time.Hour)}), ids...)
						results, _ := waiter.WaitAll(ctx, all)
						for _, r := range results[w.beside:] {
							if r.Job == nil {
								n++
							}
						}
					})
					return n
				}
				var with, without int
				for seed := range uint64(4) {
					a, b := missed(false, seed), missed(true, seed)
					with, without = with+a, without+b
				}
				if with > without+4 {
					t.Errorf("%v behind, %s, %s: %d of %d missed, without a list %d", lag, name, bound, with, 4*w.jobs, without)
				}
				t.Logf("%v behind, %s, %s: %d of %d missed, without a list %d", lag, name, bound, with, 4*w.jobs, without)
			}
		}
	}
}
