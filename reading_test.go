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
