package edenotel_test

import (
	"context"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

const latency = 40 * time.Millisecond

// ends records what a Trace is told of jobs, and when.
type ends struct {
	mu    sync.Mutex
	jobs  []edenwait.JobEndInfo
	known []time.Time
}

func (e *ends) wrap(trace *edenwait.Trace) {
	record := trace.JobEnd
	trace.JobEnd = func(ctx context.Context, info edenwait.JobEndInfo) {
		e.mu.Lock()
		e.jobs, e.known = append(e.jobs, info), append(e.known, time.Now())
		e.mu.Unlock()
		record(ctx, info)
	}
}

// Each count is what the API saw, with jobs of all outcomes, 429s to polls because of
// another program, and own requests.
func TestCountsAreTheAPIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: latency, BackgroundRate: 8})
		ends := new(ends)
		s := start(t, api, edenwait.Config{}, nil, ends.wrap)
		kind := edentest.Script{Feature: "audio", Subfeature: "speech_to_text_async", Provider: "deepgram"}
		ids := api.SubmitAll(150, edentest.Workload{})
		for i := range 50 {
			script := kind
			if script.After = time.Duration(i) * 2 * time.Second; i%5 == 0 {
				script.Status = "fail"
			}
			ids = append(ids, api.Submit(script))
		}
		ids = append(ids, api.Submit(edentest.Script{After: time.Minute, Status: "cancelled"}), uid(1))
		submits := 0
		own := &http.Client{Transport: s.waiter.Transport(api.Client().Transport)}
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = s.waiter.WaitAll(context.Background(), ids) })
		wg.Go(func() { _, _ = s.waiter.Wait(context.Background(), ids[0]) })
		wg.Go(func() {
			for range 20 {
				time.Sleep(time.Second)
				req, _ := http.NewRequest(http.MethodPost, edenwait.DefaultBaseURL+"/v3/universal-ai/async", strings.NewReader(`{}`))
				req.Header.Set("Authorization", "Bearer "+edentest.DefaultToken)
				if resp, err := own.Do(req); err == nil {
					resp.Body.Close()
					submits++
				}
			}
		})
		wg.Wait()
		synctest.Wait()
		got := s.collect()
		polls, owns := 0, 0
		for _, r := range api.Requests() {
			if r.Status == http.StatusTooManyRequests {
				if r.Kind == edentest.Submit {
					owns++
				} else {
					polls++
				}
			}
		}
		seen := api.Stats()
		if polls == 0 || seen.Submits != 20 || submits != 20 {
			t.Fatalf("the run has no 429s to polls (%d), or not 20 submits (%d, %d)", polls, seen.Submits, submits)
		}
		got.want(t, "after", map[string]float64{
			"edenwait.requests get":               float64(seen.Gets),
			"edenwait.requests list":              float64(seen.Lists),
			"edenwait.requests own":               20,
			"edenwait.rate_limited_requests poll": float64(polls),
			"edenwait.rate_limited_requests own":  float64(owns),
			"edenwait.jobs success":               190,
			"edenwait.jobs fail":                  10,
			"edenwait.jobs error":                 2,
			"edenwait.call.active":                0,
			"edenwait.job.active":                 0,
			"edenwait.wait.active":                0,
			"edenwait.job.backlog":                0,
			"edenwait.request.active":             0,
			"edenwait.own_request.waiting":        0,
			"edenwait.backlog.drain_time":         0,
			"edenwait.stall.duration":             0,
			"edenwait.answer.age":                 0,
			"edenwait.request.limit":              10,
			"edenwait.list.status unneeded":       1,
			"edenwait.list.status used":           0,
		})
		if n, _ := got.sum("edenwait.job.waited"); n != 202 {
			t.Errorf("%d jobs in edenwait.job.waited, want 202", n)
		}
		// Each job's lag against the truth, and the histogram against all.
		sum, waited, bounded := 0.0, 0.0, 0
		for i, job := range ends.jobs {
			waited += job.Waited.Seconds()
			if job.LagBounded {
				bounded++
				sum += job.Lag.Seconds()
				checkLag(t, api, job, ends.known[i])
			}
		}
		n, histogram := got.sum("edenwait.job.lag")
		if int(n) != bounded || math.Abs(histogram-sum) > 1e-6 || bounded+int(got.numbers["edenwait.jobs_without_lag"]) != 201 {
			t.Errorf("lag: %d jobs, %v s; %v without; want %d, %v s, of 201", n, histogram, got.numbers["edenwait.jobs_without_lag"], bounded, sum)
		}
		if _, histogram := got.sum("edenwait.job.waited"); math.Abs(histogram-waited) > 1e-6 {
			t.Errorf("waited: %v s, want %v", histogram, waited)
		}
		if stats := s.waiter.Stats(); math.Abs(stats.LagSum.Seconds()-sum) > 1e-6 || stats.LagBounded != bounded {
			t.Errorf("Stats: lag of %d is %v, want %d, %v s", stats.LagBounded, stats.LagSum, bounded, sum)
		}
	})
}

// checkLag: truth ≤ lag ≤ truth + the gap between the two looks around the end.
func checkLag(t *testing.T, api *edentest.API, job edenwait.JobEndInfo, known time.Time) {
	t.Helper()
	end, _ := api.EndedAt(job.ID)
	var before, after time.Time // when the one was sent, and the other arrived
	for _, r := range api.Requests() {
		if r.Status != http.StatusOK || r.Kind == edentest.Get && r.JobID != job.ID || r.Kind == edentest.Submit {
			continue
		}
		if r.Time.Before(end) {
			before = r.Time.Add(-latency / 2)
		} else if after.IsZero() {
			after = r.Time
		}
	}
	truth, gap := known.Sub(end), after.Sub(before)
	if job.Lag < truth || job.Lag > truth+gap {
		t.Errorf("job %s: lag %v, want %v to %v", job.ID, job.Lag, truth, truth+gap)
	}
}

// At moments of one run, Stats matches what the fake API knows.
func TestStateMatchesTheAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: latency})
		release := make(chan struct{})
		s := start(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnFail: func(context.Context, *edenwait.Job) error {
			<-release
			return nil
		}}}, nil, nil)
		ids := api.SubmitAll(300, edentest.Workload{Durations: edentest.Fixed(time.Hour)})
		for range 40 {
			ids = append(ids, api.Submit(edentest.Script{After: time.Minute, Status: "fail"}))
		}
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = s.waiter.WaitAll(context.Background(), ids) })
		wg.Go(func() { _, _ = s.waiter.WaitAll(context.Background(), ids[:10]) })
		time.Sleep(50 * time.Second)
		early := s.collect()
		early.want(t, "at 50 s", map[string]float64{
			"edenwait.call.active": 2, "edenwait.job.active": 340, "edenwait.wait.active": 350, "edenwait.job.backlog": 0,
			"edenwait.list.status used": 1, "edenwait.list.status unneeded": 0, "edenwait.request.rate": 10, "edenwait.pause.remaining": 0,
		})
		if age := early.numbers["edenwait.answer.age"]; age < 0 || age > 11 {
			t.Errorf("the last answer is %v s old", age)
		}
		// All forty are known to have ended once a page shows it, and are fetched at ten a
		// second.
		for range 3000 {
			if s.waiter.Stats().Backlog > 20 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		fetched := 0
		synctest.Wait()
		for _, id := range ids[300:] {
			if _, known := api.FirstSeenEnded(id); known {
				fetched++
			}
		}
		during := s.collect()
		backlog := during.numbers["edenwait.job.backlog"]
		if under := during.numbers["edenwait.request.active"]; backlog+under+float64(fetched) < 39 || backlog > 42 { // one or two may be audited
			t.Errorf("the backlog is %v, with %v under way and %d fetched of 40", backlog, under, fetched)
		}
		if drain := during.numbers["edenwait.backlog.drain_time"]; math.Abs(drain-backlog/10) > 1e-6 {
			t.Errorf("the backlog of %v drains in %v s at 10 a second", backlog, drain)
		}
		// The hooks of the forty block: sixteen run.
		time.Sleep(30 * time.Second)
		blocked := s.collect()
		blocked.want(t, "with hooks that block", map[string]float64{
			"edenwait.hook.active": 16, "edenwait.hook.waiting": 24, "edenwait.jobs fail": 40, "edenwait.job.active": 300,
		})
		close(release)
		// Nothing answers for a while, and then the account is used by another.
		api.SetDown(true)
		time.Sleep(2 * time.Minute)
		down := s.collect()
		down.want(t, "down", map[string]float64{"edenwait.hook.active": 0, "edenwait.hook.waiting": 0, "edenwait.list.status failing": 1})
		if stall, age := down.numbers["edenwait.stall.duration"], down.numbers["edenwait.answer.age"]; stall < 105 || stall > 131 || stall != age {
			t.Errorf("stalled for %v s, the last answer %v s old, want about 120", stall, age)
		}
		api.SetDown(false)
		time.Sleep(5 * time.Minute)
		api.SetFaults([]edentest.Fault{{Do: edentest.RetryAfter("60")}})
		var paused float64
		for range 60 {
			time.Sleep(time.Second)
			refused := s.collect()
			if paused = refused.numbers["edenwait.pause.remaining"]; paused > 0 {
				if paused > 60 || refused.numbers["edenwait.request.rate"] >= 10 {
					t.Errorf("paused for %v s, at %v a second", paused, refused.numbers["edenwait.request.rate"])
				}
				break
			}
		}
		if paused == 0 {
			t.Error("no pause after Retry-After")
		}
		api.SetFaults(nil)
		wg.Wait()
	})
}

// Own requests in line, and how long they stood there.
func TestOwnRequestsInLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		s := start(t, api, edenwait.Config{Rate: 1}, nil, nil)
		own := &http.Client{Transport: s.waiter.Transport(api.Client().Transport)}
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				req, _ := http.NewRequest(http.MethodGet, edenwait.DefaultBaseURL+"/v3/universal-ai/async/"+uid(1), nil)
				if resp, err := own.Do(req); err == nil {
					resp.Body.Close()
				}
			})
		}
		time.Sleep(1500 * time.Millisecond) // two have gone, at 0 and 1 s
		got := s.collect()
		got.want(t, "in line", map[string]float64{"edenwait.own_request.waiting": 3, "edenwait.requests own": 2})
		if waited := got.numbers["edenwait.own_request.wait_time"]; math.Abs(waited-1) > 0.02 {
			t.Errorf("waited %v s, want 1", waited)
		}
		wg.Wait()
		got = s.collect()
		got.want(t, "after", map[string]float64{"edenwait.own_request.waiting": 0, "edenwait.requests own": 5})
		if waited := got.numbers["edenwait.own_request.wait_time"]; math.Abs(waited-(1+2+3+4)) > 0.02 {
			t.Errorf("waited %v s, want 10", waited)
		}
	})
}

// Hints that are true, early and false.
func TestHints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: latency})
		s := start(t, api, edenwait.Config{DisableList: true}, nil, nil)
		long, short := api.Submit(edentest.Script{After: 10 * time.Minute}), api.Submit(edentest.Script{After: time.Minute + 200*time.Millisecond})
		var wg sync.WaitGroup
		for _, id := range []string{long, short} {
			wg.Go(func() { _, _ = s.waiter.Wait(context.Background(), id) })
		}
		time.Sleep(30 * time.Second)
		s.waiter.Notify(long)
		time.Sleep(30*time.Second + 200*time.Millisecond)
		s.waiter.Notify(short)
		time.Sleep(time.Second)
		got := s.collect()
		got.want(t, "one of each", map[string]float64{"edenwait.hint.checked true": 1, "edenwait.hint.checked false": 1})
		wg.Wait()
	})
}

// The states of the list, each from a list that is so.
func TestListStates(t *testing.T) {
	for _, test := range []struct {
		state   edenwait.ListState
		options edentest.Options
		config  edenwait.Config
		jobs    int
	}{
		{edenwait.ListUsed, edentest.Options{}, edenwait.Config{}, 200},
		{edenwait.ListUnneeded, edentest.Options{}, edenwait.Config{}, 1},
		{edenwait.ListDisabled, edentest.Options{}, edenwait.Config{DisableList: true}, 200},
		{edenwait.ListMissing, edentest.Options{ListStatus: http.StatusNotFound}, edenwait.Config{}, 200},
		{edenwait.ListMissing, edentest.Options{ListStatus: http.StatusForbidden}, edenwait.Config{}, 200},
		{edenwait.ListFailing, edentest.Options{ListStatus: http.StatusInternalServerError}, edenwait.Config{}, 200},
		{edenwait.ListFailing, edentest.Options{Faults: []edentest.Fault{{On: edentest.Get, Do: edentest.Reset()}}}, edenwait.Config{}, 200},
		{edenwait.ListBehind, edentest.Options{ListLag: 5 * time.Minute}, edenwait.Config{}, 200},
		{edenwait.ListIncomplete, edentest.Options{Faults: []edentest.Fault{{On: edentest.List, Do: edentest.Edit("empty", func(_ edentest.Request, a *edentest.Answer) {
			a.Body = []byte(`{"items":[],"total":0,"page":1,"limit":1000,"total_pages":1}`)
		})}}}, edenwait.Config{}, 200},
	} {
		t.Run(string(test.state)+"/"+http.StatusText(test.options.ListStatus), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test.options.Latency = latency
				api := edentest.New(test.options)
				s := start(t, api, test.config, nil, nil)
				ids := api.SubmitAll(test.jobs, edentest.Workload{Durations: edentest.Fixed(2 * time.Hour)})
				if test.state == edenwait.ListBehind || len(test.options.Faults) > 0 {
					ids = append(ids, api.SubmitAll(100, edentest.Workload{})...)
				}
				ctx, cancel := context.WithCancel(context.Background())
				done := make(chan struct{})
				go func() {
					defer close(done)
					_, _ = s.waiter.WaitAll(ctx, ids)
				}()
				time.Sleep(7 * time.Minute)
				got := s.collect()
				total := 0.0
				for key, value := range got.numbers {
					if strings.HasPrefix(key, "edenwait.list.status ") {
						total += value
					}
				}
				if total != 1 {
					t.Errorf("%v states at once", total)
				}
				got.want(t, "after a while", map[string]float64{"edenwait.list.status " + string(test.state): 1})
				cancel()
				<-done
			})
		})
	}
}
