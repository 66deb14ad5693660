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

// TestStrayNotFound: a job that was seen running is unknown once, to a replica that
// is behind.
func TestStrayNotFound(t *testing.T) {
	for _, disable := range []bool{false, true} {
		for name, faults := range map[string][]edentest.Fault{
			"each job once":           {{PerJob: true, Skip: 1, Times: 1, Do: edentest.StrayNotFound()}},
			"each job twice in a row": {{PerJob: true, Skip: 2, Times: 2, Do: edentest.StrayNotFound()}},
			"all, for three seconds":  {{From: 20 * time.Second, Until: 23 * time.Second, Do: edentest.StrayNotFound()}},
			"one answer in twenty":    {{From: 10 * time.Second, Probability: 0.05, Do: edentest.StrayNotFound()}},
		} {
			synctest.Test(t, func(t *testing.T) {
				api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, Faults: faults})
				waiter := testbed.NewWaiter(t, api, edenwait.Config{DisableList: disable})
				results, _ := waiter.WaitAll(context.Background(), api.SubmitAll(50, edentest.Workload{Durations: edentest.Uniform{Min: 15 * time.Second, Max: 3 * time.Minute}}))
				lost := 0
				for _, r := range results {
					if r.Job == nil {
						lost++
					}
				}
				t.Logf("%s, DisableList %v: %d of 50 lost, %d times 404", name, disable, lost, testbed.AnsweredWith(api, 404))
				if lost > 0 {
					t.Errorf("%s, DisableList %v: %d of 50 lost", name, disable, lost)
				}
			})
		}
	}
}

// TestOneBadRefusal: one 401, or one page of HTML with status 403, after hundreds
// of good answers.
func TestOneBadRefusal(t *testing.T) {
	for _, effect := range []edentest.Effect{edentest.Unauthorized(), edentest.Forbidden(), edentest.ForbiddenPage()} {
		for _, times := range []int{1, 3} {
			if times > 1 && effect.String() != edentest.ForbiddenPage().String() {
				continue // these say that the key is refused, and are believed
			}
			synctest.Test(t, func(t *testing.T) {
				api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, Faults: []edentest.Fault{
					{On: edentest.Get, Skip: 200, Times: times, Do: effect},
				}})
				waiter := testbed.NewWaiter(t, api, edenwait.Config{})
				results, err := waiter.WaitAll(context.Background(), api.SubmitAll(300, edentest.Workload{Durations: edentest.Uniform{Max: time.Minute}}))
				lost := 0
				for _, r := range results {
					if r.Job == nil {
						lost++
					}
				}
				t.Logf("%v, %d times: %d of 300 lost", effect, times, lost)
				if lost > 0 {
					t.Errorf("%v, %d times: %d of 300 lost: %.300v", effect, times, lost, err)
				}
			})
		}
	}
}

// TestProcessingSaysWhen: Retry-After on an answer that says processing puts off
// that job's own next GET, and no other's.
func TestProcessingSaysWhen(t *testing.T) {
	for value, pause := range map[string]time.Duration{"45": 45 * time.Second, "7200": 5 * time.Minute} {
		for _, status := range []int{200, 202} {
			synctest.Test(t, func(t *testing.T) {
				api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
				ids := api.SubmitAll(3, edentest.Workload{Durations: edentest.Fixed(12 * time.Minute)})
				api.SetFaults([]edentest.Fault{{On: edentest.Get, JobID: ids[0], Do: edentest.Processing(status, value)}})
				waiter := testbed.NewWaiter(t, api, edenwait.Config{DisableList: true})
				if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
					t.Fatal(err)
				}
				last, polls := map[string]time.Time{}, map[string]int{}
				for _, r := range api.Requests() {
					if before := last[r.JobID]; r.JobID == ids[0] && !before.IsZero() && r.Time.Sub(before) < pause {
						t.Errorf("%d, Retry-After %s: polled again after %v", status, value, r.Time.Sub(before))
					}
					last[r.JobID] = r.Time
					polls[r.JobID]++
				}
				t.Logf("%d, Retry-After %s: %d polls, of another job %d", status, value, polls[ids[0]], polls[ids[1]])
				if polls[ids[1]] <= polls[ids[0]] && pause > time.Minute {
					t.Errorf("%d, Retry-After %s: another job was polled %d times", status, value, polls[ids[1]])
				}
			})
		}
	}
}
