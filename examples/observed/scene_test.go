package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	edenotel "github.com/edenwait/edenwait/otel"
	"github.com/edenwait/edenwait/webhook"
)

// scene is a Waiter to which everything happens that the dashboard shows, and what
// it really was. At the end of it, nothing moves any more.
type scene struct {
	t       *testing.T
	api     *edentest.API
	metrics *metrics
	service *service
	url     string // of the metrics
	never   []string
	hooks   chan struct{} // holds the hooks up

	mu   sync.Mutex
	ends []edenwait.JobEndInfo
}

const (
	providerA, providerB = "deepgram", "openai"
	oddProvider          = "amazon" // its jobs end with an undocumented status
	neverEnding          = 10
	succeeding           = 20 // four more than the places for hooks
	failing              = 6
	hinted               = 5
	inLine               = 7
)

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, hooks: make(chan struct{}), api: edentest.New(edentest.Options{
		Rate: -1, Latency: 5 * time.Millisecond,
		Faults: []edentest.Fault{{On: edentest.Submit, Skip: 3, Times: 2, Do: edentest.Status(http.StatusTooManyRequests, "", nil)}},
	})}
	t.Cleanup(s.api.Close)
	var err error
	if s.metrics, err = newMetrics(); err != nil {
		t.Fatal(err)
	}
	telemetry, err := edenotel.New(edenotel.Options{Name: "transcripts", MeterProvider: s.metrics.provider})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { telemetry.Unregister() })
	trace := telemetry.Trace()
	record := trace.JobEnd
	trace.JobEnd = func(ctx context.Context, info edenwait.JobEndInfo) {
		s.mu.Lock()
		s.ends = append(s.ends, info)
		s.mu.Unlock()
		record(ctx, info)
	}
	waiter, err := edenwait.New(edenwait.Config{
		Token: edentest.DefaultToken, HTTPClient: s.api.Client(), Rate: 50, Trace: trace,
		BackOff: func() backoff.BackOff { return backoff.NewConstantBackOff(200 * time.Millisecond) }, // the jobs are short
		Hooks: edenwait.Hooks{OnSuccess: func(ctx context.Context, job *edenwait.Job) error {
			if job.Model != "first" {
				<-s.hooks
			}
			return nil
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := telemetry.Observe(waiter); err != nil {
		t.Fatal(err)
	}
	s.service = &service{edentest.DefaultToken, waiter, &http.Client{Transport: waiter.Transport(s.api.Client().Transport)}, telemetry}
	server := httptest.NewServer(s.metrics.handler)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// first has one job end in each way, so that all histograms are there before
// anything is counted. A Prometheus cannot see the first count of a series.
func (s *scene) first() {
	ids := []string{s.odd()}
	for _, provider := range []string{providerA, providerB} {
		for _, status := range []string{"success", "fail"} {
			ids = append(ids, s.api.Submit(edentest.Script{After: 300 * time.Millisecond, Status: status, Provider: provider, Model: "first"}))
		}
	}
	_, _ = s.service.waiter.WaitAll(s.t.Context(), ids)
	s.service.telemetry.CountReject(&http.Request{}, webhook.ErrSignature)
}

func (s *scene) odd() string {
	return s.api.Submit(edentest.Script{After: 300 * time.Millisecond, Status: "archived", Provider: oddProvider})
}

// happen has everything happen, and stops the scene: from then on the API refuses
// everything for a minute.
func (s *scene) happen() {
	t, waiter := s.t, s.service.waiter
	ctx, cancel := context.WithCancel(t.Context())
	var calls sync.WaitGroup
	t.Cleanup(func() { cancel(); close(s.hooks); calls.Wait() })

	for range neverEnding {
		s.never = append(s.never, s.api.Submit(edentest.Script{After: edentest.Never}))
	}
	ids := append([]string{s.odd()}, s.never...)
	for i := range succeeding + failing {
		script := edentest.Script{After: time.Duration(100+80*i) * time.Millisecond, Provider: providerA}
		if i%4 == 0 { // 5 that succeed, and 2 that fail
			script.Provider = providerB
		}
		if i >= succeeding {
			script.Status = "fail"
		}
		ids = append(ids, s.api.Submit(script))
	}
	hint := s.api.Submit(edentest.Script{After: edentest.Never, Model: "first", Status: "fail"})
	calls.Go(func() { _, _ = waiter.WaitAll(ctx, ids) })
	calls.Go(func() { _, _ = waiter.Wait(ctx, s.never[0]) })
	calls.Go(func() { _, _ = waiter.Wait(ctx, hint) })
	for range 8 { // two of which are refused
		_, _ = s.service.submit(ctx, providerA)
	}
	s.until("it waits for the job", func(now edenwait.Stats) bool { return now.Jobs >= neverEnding+1 && now.Own == 8 })
	s.api.Finish(hint)
	waiter.Notify(hint)
	s.until("all ended", func(now edenwait.Stats) bool {
		return now.Jobs == neverEnding && now.HooksWaiting == succeeding-16 && now.HintsTrue == 1
	})

	s.api.SetFaults([]edentest.Fault{{Do: edentest.RetryAfter("60")}})
	_, _ = s.service.submit(ctx, providerA)
	s.until("the polls are paused", func(now edenwait.Stats) bool { return now.Paused > 50*time.Second && now.InFlight == 0 })
	for _, id := range s.never[:hinted] {
		waiter.Notify(id)
	}
	for range inLine {
		calls.Go(func() { _, _ = s.service.submit(ctx, providerA) })
	}
	s.until("nothing moves", func(now edenwait.Stats) bool { return now.OwnWaiting == inLine && now.Backlog == hinted })
}

func (s *scene) until(what string, so func(edenwait.Stats) bool) {
	s.t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for late := time.After(time.Minute); !so(s.service.waiter.Stats()); {
		select {
		case <-ticker.C:
		case <-late:
			s.t.Fatalf("not in a minute: %s; %+v", what, s.service.waiter.Stats())
		}
	}
}

// requests are how many of a kind the API was sent, with this status, or with any if it
// is 0.
func (s *scene) requests(kinds edentest.Kind, status int) float64 {
	return float64(len(slices.DeleteFunc(s.api.Requests(), func(r edentest.Request) bool {
		return r.Kind&kinds == 0 || status != 0 && r.Status != status
	})))
}

// all are the jobs that ended.
func (s *scene) all() []edenwait.JobEndInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ends)
}

// ended are the jobs that ended after first did.
func (s *scene) ended() []edenwait.JobEndInfo {
	return s.all()[5:]
}
