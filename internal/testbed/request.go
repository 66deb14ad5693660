package testbed

import (
	"context"
	"sync"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// Latest is how late, at worst, a GET has shown the end of one of the jobs.
func Latest(api *edentest.API, ids []string) (worst time.Duration) {
	for _, id := range ids {
		end, _ := api.EndedAt(id)
		seen, ok := api.FirstSeenEnded(id)
		if !ok {
			return edentest.Never
		}
		worst = max(worst, seen.Sub(end))
	}
	return worst
}

// AnsweredWith is how many requests got that status.
func AnsweredWith(api *edentest.API, status int) (n int) {
	for _, r := range api.Requests() {
		if r.Status == status {
			n++
		}
	}
	return n
}

// Spend exceeds the limit, as another client of the account may.
func Spend(api *edentest.API) {
	poller, _ := edenwait.NewPoller(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: api.Client()})
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() { _, _ = poller.Get(context.Background(), ID(1)) })
	}
	wg.Wait()
}

// PagesAsked are the numbers of the pages that were asked for, in order.
func PagesAsked(api *edentest.API) (pages []string) {
	for _, r := range api.Requests() {
		if r.Kind == edentest.List {
			pages = append(pages, r.Query.Get("page"))
		}
	}
	return pages
}

// Gets is when the API was asked for the job.
func Gets(api *edentest.API, id string) (at []time.Time) {
	for _, r := range api.Requests() {
		if r.Kind == edentest.Get && r.JobID == id {
			at = append(at, r.Time)
		}
	}
	return at
}
