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
func waitOurs(ctx context.Context, r *client) error {
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
			r.recordEnd(result.Job, time.Now())
		}
	}
	return nil
}

// waitPlain is the usual loop: a goroutine per job that polls with the default
// exponential backoff, except that it does not give up after 15 minutes.
func waitPlain(ctx context.Context, r *client) error {
	poller, err := edenwait.NewPoller(edenwait.Config{
		Token: edentest.DefaultToken, BaseURL: r.server.URL,
		// Enough idle connections, which many loops lack, for a fair comparison.
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
				r.countRequest(errors.Is(err, edenwait.ErrRateLimited))
				if err == nil && !job.Status.Done() {
					err = errRunning
				}
				return job, err
			}, backoff.WithContext(backoff.NewExponentialBackOff(backoff.WithMaxElapsedTime(0)), ctx))
			if err == nil {
				r.recordEnd(job, time.Now())
			}
			return nil // an error of one job must not end the others
		})
	}
	return group.Wait()
}

var errRunning = errors.New("the job is still running")

// score has the figures of one client.
type score struct {
	mu    sync.Mutex
	p     edenwait.Progress
	tally *report.Tally
	began time.Time
	last  time.Duration // time of the last result
	lags  []time.Duration
}

func (r *client) start(began time.Time, jobs int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began, r.tally = began, report.NewTally()
	r.p = edenwait.Progress{Total: jobs, Waiting: jobs}
}

// report takes the request counts from the Waiter. Jobs are counted by recordEnd for both
// clients.
func (r *client) report(p edenwait.Progress) {
	r.mu.Lock()
	r.p.Requests, r.p.RateLimited = p.Requests, p.RateLimited
	r.mu.Unlock()
	r.draw()
}

// countRequest counts a request of the usual loop.
func (r *client) countRequest(refused bool) {
	r.mu.Lock()
	r.p.Requests++
	if refused {
		r.p.RateLimited++
	}
	r.mu.Unlock()
	r.draw()
}

// recordEnd counts a job's result. Its lag is the time since the job's end, or since the
// start of the wait if the job had ended before.
func (r *client) recordEnd(job *edenwait.Job, at time.Time) {
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

// stop draws the last state.
func (r *client) stop() { r.draw() }

func (r *client) draw() {
	if r.row != nil {
		r.row.Set(r.snapshot())
	}
}

func (r *client) snapshot() edenwait.Progress {
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
