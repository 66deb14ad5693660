package edenwait_test

import (
	"bytes"
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

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
