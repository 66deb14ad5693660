package edenwait_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

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
