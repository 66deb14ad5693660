package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
	"github.com/edenwait/edenwait/edentest"
)

// waitOurs waits with the library.
func waitOurs(ctx context.Context, r *rival) error {
	config := edenwait.Config{
		Token: edentest.DefaultToken, BaseURL: r.server.URL, Rate: demoRate,
		Hooks: edenwait.Hooks{OnProgress: r.report},
	}
	waiter, err := edenwait.New(config)
	if err != nil {
		return err
	}
	for result := range waiter.AsCompleted(ctx, slices.Values(r.ids)) {
		if result.Job != nil {
			r.know(result.Job, time.Now())
		}
	}
	return nil
}

// waitPlain waits as one does at first: a goroutine a job that asks, and asks
// again later. The backoff's own defaults are what such loops run with, but for
// giving up after a quarter of an hour.
func waitPlain(ctx context.Context, r *rival) error {
	poller, err := edenwait.NewPoller(edenwait.Config{
		Token: edentest.DefaultToken, BaseURL: r.server.URL,
		// Connections enough, which a loop might not have, for a fair comparison.
		HTTPClient: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: len(r.ids)}},
	})
	if err != nil {
		return err
	}
	var group errgroup.Group
	for _, id := range r.ids {
		group.Go(func() error {
			job, err := backoff.RetryWithData(func() (*edenwait.Job, error) {
				job, err := poller.Get(ctx, id)
				r.asked(errors.Is(err, edenwait.ErrRateLimited))
				if err == nil && !job.Status.Done() {
					err = errRunning
				}
				return job, err
			}, backoff.WithContext(backoff.NewExponentialBackOff(backoff.WithMaxElapsedTime(0)), ctx))
			if err == nil {
				r.know(job, time.Now())
			}
			return nil // one job's trouble is its own
		})
	}
	return group.Wait()
}

var errRunning = errors.New("the job is still running")

// score is how one of the two does.
type score struct {
	mu    sync.Mutex
	p     edenwait.Progress
	tally *report.Tally
	began time.Time
	last  time.Duration // when the last result came
	lags  []time.Duration
}

func (r *rival) start(began time.Time, jobs int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began, r.tally = began, report.NewTally()
	r.p = edenwait.Progress{Total: jobs, Waiting: jobs}
}

// report takes over what the Waiter says of its requests. Jobs are counted by
// know, so that both are counted alike.
func (r *rival) report(p edenwait.Progress) {
	r.mu.Lock()
	r.p.Requests, r.p.RateLimited = p.Requests, p.RateLimited
	r.mu.Unlock()
	r.draw()
}

// asked counts a request of the plain loop.
func (r *rival) asked(refused bool) {
	r.mu.Lock()
	r.p.Requests++
	if refused {
		r.p.RateLimited++
	}
	r.mu.Unlock()
	r.draw()
}

// know counts a job that is known to have ended. Its lag counts from its end, or
// from the beginning of the wait if it had ended before.
func (r *rival) know(job *edenwait.Job, at time.Time) {
	ended, _ := r.server.EndedAt(job.ID)
	r.mu.Lock()
	if ended.Before(r.began) {
		ended = r.began
	}
	r.lags = append(r.lags, at.Sub(ended))
	r.last = at.Sub(r.began)
	r.p.Waiting--
	if job.Status == edenwait.StatusSuccess {
		r.p.Succeeded++
		r.tally.Succeeded(job)
	} else {
		r.p.Failed++
		r.tally.Failed(job)
	}
	r.mu.Unlock()
	r.draw()
}

// stop has the last state drawn.
func (r *rival) stop() { r.draw() }

func (r *rival) draw() {
	if r.row != nil {
		r.row.Set(r.standing())
	}
}

func (r *rival) standing() edenwait.Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.p
	p.Elapsed = time.Since(r.began)
	p.Rate = float64(p.Requests) / max(p.Elapsed, time.Second).Seconds()
	if ended := p.Total - p.Waiting; ended > 0 {
		p.TimeLeft = time.Duration(float64(p.Elapsed) * float64(p.Waiting) / float64(ended))
	}
	return p
}

func (s *score) ended() int { return s.p.Total - s.p.Waiting }

func (s *score) meanLag() time.Duration {
	var sum time.Duration
	for _, lag := range s.lags {
		sum += lag
	}
	return sum / time.Duration(max(1, len(s.lags)))
}

func (s *score) worstLag() time.Duration {
	if len(s.lags) == 0 {
		return 0
	}
	return slices.Max(s.lags)
}

func (s *score) took() string {
	if s.p.Waiting > 0 {
		return "not in time"
	}
	return report.Seconds(s.last)
}
