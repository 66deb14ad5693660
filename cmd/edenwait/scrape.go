package main

import (
	"context"
	"net/http"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/metrics"
)

// scraped is what --metrics shows to Prometheus.
type scraped struct {
	endpoint
	page *metrics.Page
}

// scrape opens what --metrics names. It returns nil without it.
func (f *waitFlags) scrape(ctx context.Context) (*scraped, error) {
	if f.metricsAddr == "" {
		return nil, nil
	}
	at, err := openEndpoint(ctx, "--metrics", f.metricsAddr)
	if err != nil {
		return nil, err
	}
	return &scraped{at, metrics.NewPage()}, nil
}

// scrapedName tells the command's Waiter from those of programs.
const scrapedName = "edenwait"

// trace is for the Waiter's Config.
func (s *scraped) trace() *edenwait.Trace {
	if s == nil {
		return nil
	}
	return s.page.Trace()
}

// reject counts a webhook that was rejected.
func (s *scraped) reject(err error) {
	if s != nil {
		s.page.Reject(err)
	}
}

// serve answers scrapes with how the Waiter stands. A reader that does not read is
// dropped.
func (s *scraped) serve(w *edenwait.Waiter, report func(format string, args ...any)) {
	report("metrics are at http://%s/metrics", s.Addr())
	s.endpoint.serve(&http.Server{
		Handler: s.page.Handler(scrapedName, w.Stats), ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: 5 * time.Minute, // a Prometheus that scrapes each minute keeps its connection
	}, func(err error) { report("--metrics: no more metrics, jobs are still waited for: %v", err) })
}

func (s *scraped) close() {
	if s != nil {
		s.endpoint.close()
	}
}
