package edenwait_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// Lists that mislead. None may keep a job from ending, nor the Waiter busy.

func TestListAlwaysRateLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, waiter := testbed.New(t, edentest.Options{
			Latency: 40 * time.Millisecond,
			Faults:  []edentest.Fault{{On: edentest.List, Do: edentest.Status(429, "", nil)}},
		}, edenwait.Config{})
		ids := api.SubmitAll(10, edentest.Workload{Durations: edentest.Fixed(30 * time.Second)})
		testbed.WaitUnder(t, waiter, ids)
		if late := testbed.Latest(api, ids); late > 30*time.Second {
			t.Errorf("%v late, %+v", late, api.Stats())
		}
	})
}

func TestOnePageOfTheListFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, waiter := testbed.New(t, edentest.Options{
			Latency: 40 * time.Millisecond,
			Faults: []edentest.Fault{{
				On: edentest.List, Do: edentest.Status(500, "", nil),
				Match: func(r edentest.Request) bool { return r.Query.Get("page") == "2" },
			}},
		}, edenwait.Config{})
		short := api.SubmitAll(10, edentest.Workload{Durations: edentest.Fixed(30 * time.Second)})
		long := api.SubmitAll(10, edentest.Workload{Durations: edentest.Fixed(10 * time.Minute)})
		api.SubmitAll(2500, edentest.Workload{Durations: edentest.Fixed(edentest.Never), OtherUser: true})
		testbed.WaitUnder(t, waiter, append(short, long...))
		if late := testbed.Latest(api, short); late > time.Minute {
			t.Errorf("%v late, %+v", late, api.Stats())
		}
	})
}

// A BackOff shorter than the time between two requests makes a page of the list
// due all the time.
func TestListDoesNotStarveWhatItDoesNotShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hidden := testbed.ID(1)
		api, waiter := testbed.New(t, edentest.Options{
			Latency: 40 * time.Millisecond,
			Faults: []edentest.Fault{{On: edentest.List, Do: edentest.Edit("hides one", func(_ edentest.Request, ans *edentest.Answer) {
				ans.Body = []byte(strings.ReplaceAll(string(ans.Body), hidden, testbed.ID(999)))
			})}},
		}, edenwait.Config{BackOff: func() backoff.BackOff { return backoff.NewConstantBackOff(50 * time.Millisecond) }})
		ids := api.SubmitAll(10, edentest.Workload{Durations: edentest.Fixed(10 * time.Minute)})
		api.Submit(edentest.Script{ID: hidden, After: 30 * time.Second})
		testbed.WaitUnder(t, waiter, append(ids, hidden))
		if late := testbed.Latest(api, []string{hidden}); late > 10*time.Second {
			t.Errorf("%v late, %+v", late, api.Stats())
		}
	})
}

// frozenList shows all jobs running forever; GETs tell that they ended after a
// minute.
type frozenList struct {
	ids   []string
	began time.Time
	lists atomic.Int64
}

func (f *frozenList) Get(_ context.Context, id string) (*edenwait.Job, error) {
	if time.Since(f.began) < time.Minute {
		return testbed.Running(id)
	}
	return testbed.Succeeded(id)
}

func (f *frozenList) List(context.Context, edenwait.ListQuery) (*edenwait.JobPage, error) {
	f.lists.Add(1)
	page := &edenwait.JobPage{Total: len(f.ids), Page: 1, Limit: 1000, TotalPages: 1}
	for _, id := range f.ids {
		page.Items = append(page.Items, edenwait.JobSummary{ID: id, Status: edenwait.StatusProcessing})
	}
	return page, nil
}

// At six requests per minute, the list would always be due before anything else.
func TestFrozenListAtALowRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := &frozenList{began: time.Now()}
		for n := range 10 {
			list.ids = append(list.ids, testbed.ID(n))
		}
		waiter, err := edenwait.New(edenwait.Config{Rate: 0.1, Source: list})
		if err != nil {
			t.Fatal(err)
		}
		testbed.WaitUnder(t, waiter, list.ids)
		if took := time.Since(list.began); took > 10*time.Minute {
			t.Errorf("took %v and %d lists", took, list.lists.Load())
		}
	})
}

// A job that was given up may run on: a list that says so is not behind.
func TestGivenUpJobIsNoSignOfAStaleList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, waiter := testbed.New(t, edentest.Options{Latency: 40 * time.Millisecond}, edenwait.Config{MaxWait: 5 * time.Minute})
		ids := func(yield func(string) bool) {
			if !yield(api.Submit(edentest.Script{After: edentest.Never})) {
				return
			}
			for range 40 {
				time.Sleep(30 * time.Second)
				for _, id := range api.SubmitAll(10, edentest.Workload{Durations: edentest.Fixed(4 * time.Minute)}) {
					if !yield(id) {
						return
					}
				}
			}
		}
		for range waiter.AsCompleted(context.Background(), ids) {
		}
		if gets := api.Stats().Gets; gets > 900 { // the end of each, and an audit
			t.Errorf("%d GETs for 401 jobs", gets)
		}
	})
}

func TestListHonorsRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, waiter := testbed.New(t, edentest.Options{
			Latency: 40 * time.Millisecond,
			Faults:  []edentest.Fault{{On: edentest.List, Do: edentest.Status(503, "", http.Header{"Retry-After": {"120"}})}},
		}, edenwait.Config{})
		testbed.WaitUnder(t, waiter, api.SubmitAll(5, edentest.Workload{Durations: edentest.Fixed(5 * time.Minute)}))
		var last time.Time
		for _, r := range api.Requests() {
			if r.Kind == edentest.List {
				if pause := r.Time.Sub(last); pause < 2*time.Minute {
					t.Errorf("asked again after %v", pause)
				}
				last = r.Time
			}
		}
	})
}

// An item that stands on a page ten times is one poll of its job, not ten.
func TestRepeatedItemsAreOnePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, waiter := testbed.New(t, edentest.Options{
			Latency: 40 * time.Millisecond,
			Faults: []edentest.Fault{{On: edentest.List, Do: edentest.Edit("tenfold", func(_ edentest.Request, ans *edentest.Answer) {
				var page map[string]any
				if json.Unmarshal(ans.Body, &page) != nil {
					return
				}
				items, _ := page["items"].([]any)
				for _, item := range items {
					for range 9 {
						page["items"] = append(page["items"].([]any), item)
					}
				}
				ans.Body, _ = json.Marshal(page)
			})}},
		}, edenwait.Config{BackOff: func() backoff.BackOff {
			return backoff.WithMaxRetries(backoff.NewConstantBackOff(time.Second), 8)
		}})
		testbed.WaitUnder(t, waiter, api.SubmitAll(5, edentest.Workload{Durations: edentest.Fixed(5 * time.Second)}))
	})
}

// countless is a list of more pages than there are atoms in a gram.
type countless struct{}

func (countless) Get(_ context.Context, id string) (*edenwait.Job, error) {
	time.Sleep(300 * time.Millisecond)
	return testbed.Running(id)
}

func (countless) List(context.Context, edenwait.ListQuery) (*edenwait.JobPage, error) {
	time.Sleep(300 * time.Millisecond)
	return &edenwait.JobPage{Total: math.MaxInt, TotalPages: math.MaxInt, Page: 1, Limit: 1000}, nil
}

// A loop that does not sleep keeps virtual time from passing, and this test from
// ending.
func TestCountlessPagesKeepNothingBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiter, err := edenwait.New(edenwait.Config{Source: countless{}, Rate: 1000})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		results, _ := waiter.WaitAll(ctx, []string{testbed.ID(1), testbed.ID(2), testbed.ID(3)})
		for _, r := range results {
			if r.Polls < 5 {
				t.Errorf("%d polls in a minute", r.Polls)
			}
		}
	})
}

// Where a page past the end is refused rather than empty, a list that has shrunk
// since is still a list.
func TestPageThatIsPastTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, waiter := testbed.New(t, edentest.Options{
			Latency: 40 * time.Millisecond,
			Faults: []edentest.Fault{{On: edentest.List, Do: edentest.Edit("past the end", func(_ edentest.Request, ans *edentest.Answer) {
				var page edenwait.JobPage
				if json.Unmarshal(ans.Body, &page) == nil && page.Page > 1 && len(page.Items) == 0 {
					ans.Status, ans.Body = http.StatusNotFound, []byte(`{"detail":"Invalid page"}`)
				}
			})}},
		}, edenwait.Config{})
		testbed.WaitUnder(t, waiter, api.SubmitAll(2500, testbed.MinuteLong))
		if stats := api.Stats(); stats.Gets > 2750 {
			t.Errorf("%+v", stats)
		}
	})
}

// TestListGoodGetBad: the GETs fail for minutes while the list goes on showing which jobs ended.
func TestListGoodGetBad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, waiter := testbed.New(t, edentest.Options{
			Latency: 40 * time.Millisecond,
			Faults:  []edentest.Fault{{On: edentest.Get, Until: 4 * time.Minute, Do: edentest.Status(503, "", nil)}},
		}, edenwait.Config{})
		ids := api.SubmitAll(5, edentest.Workload{Durations: edentest.Fixed(10 * time.Second)})
		_, err := waiter.WaitAll(context.Background(), ids)
		t.Logf("%+v", api.Stats())
		if err != nil {
			t.Error(err)
		}
	})
}

// TestStalledList: the last page asked for does not come, and all jobs have ended.
func TestStalledList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, waiter := testbed.New(t, edentest.Options{
			Latency: 40 * time.Millisecond,
			Faults:  []edentest.Fault{{On: edentest.List, Skip: 2, Do: edentest.Stall()}},
		}, edenwait.Config{})
		ids := api.SubmitAll(10, edentest.Workload{Durations: edentest.Fixed(8 * time.Second)})
		_, err := waiter.WaitAll(context.Background(), ids)
		if err != nil {
			t.Error(err)
		}
		var last time.Time
		for _, id := range ids {
			if at, _ := api.FirstSeenEnded(id); at.After(last) {
				last = at
			}
		}
		if late := time.Since(last); late > 100*time.Millisecond {
			t.Errorf("returned %v after the last result", late)
		}
	})
}

// TestShortPages: a server whose pages hold less than was requested, with and
// without totals, and without saying so.
func TestShortPages(t *testing.T) {
	silent := []edentest.Fault{{On: edentest.List, Do: edentest.Edit("no limit", func(_ edentest.Request, ans *edentest.Answer) {
		ans.Body = bytes.ReplaceAll(ans.Body, []byte(`"limit":100`), []byte(`"limit":1000`))
	})}}
	for name, opts := range map[string]edentest.Options{
		"as requested":          {},
		"100, with totals":      {ListPageSize: 100},
		"100, without totals":   {ListPageSize: 100, ListNoTotals: true},
		"100, and does not say": {ListPageSize: 100, ListNoTotals: true, Faults: silent},
		"1000, without totals":  {ListNoTotals: true},
	} {
		for _, jobs := range []int{50, 1000} {
			synctest.Test(t, func(t *testing.T) {
				opts.Latency = 40 * time.Millisecond
				api := edentest.New(opts)
				waiter := testbed.NewWaiter(t, api, edenwait.Config{})
				ids := api.SubmitAll(jobs, testbed.MinuteLong)
				if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
					t.Fatal(err)
				}
				var lag time.Duration
				for _, id := range ids {
					end, _ := api.EndedAt(id)
					known, _ := api.FirstSeenEnded(id)
					lag += known.Sub(end) / time.Duration(jobs)
				}
				s := api.Stats()
				requests := float64(s.Gets+s.Lists) / float64(jobs)
				t.Logf("%d jobs, %s: %.2f s late, %.2f requests per job, %d pages", jobs, name, lag.Seconds(), requests, s.Lists)
				if jobs == 1000 && (lag > 12*time.Second || requests > 2.2) {
					t.Errorf("%d jobs, %s: %.2f s late, %.2f requests per job", jobs, name, lag.Seconds(), requests)
				}
			})
		}
	}
}

// TestServerWithoutPages: a list without totals that ignores the number of the page
// is not read forever.
func TestServerWithoutPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var first []byte
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, ListPageSize: 100, ListNoTotals: true, Faults: []edentest.Fault{
			{On: edentest.List, Do: edentest.Edit("page 1", func(r edentest.Request, ans *edentest.Answer) {
				if r.Query.Get("page") == "1" {
					first = ans.Body
				}
				ans.Body = first
			})},
		}})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{})
		ids := api.SubmitAll(300, edentest.Workload{Durations: edentest.Fixed(5 * time.Minute)})
		if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
			t.Fatal(err)
		}
		most := 0
		for _, number := range testbed.PagesAsked(api) {
			n, _ := strconv.Atoi(number)
			most = max(most, n)
		}
		t.Logf("up to page %d, %d pages, known %v late", most, api.Stats().Lists, testbed.Latest(api, ids))
		if most > 2 {
			t.Errorf("page %d was asked for", most)
		}
	})
}
