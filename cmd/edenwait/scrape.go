package main

import (
	"context"
	"net/http"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/metrics"
)

// scraped serves the metrics of --metrics.
type scraped struct {
	endpoint
	page *metrics.Page
}

// scrape opens the address of --metrics. It returns nil without --metrics.
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

// scrapedName is the command's edenwait_waiter_name. Go programs have other names.
const scrapedName = "edenwait"

// jobEnd counts a job that ended.
func (s *scraped) jobEnd(info edenwait.JobEndInfo) {
	if s != nil {
		s.page.JobEnd(info)
	}
}

// reject counts a rejected webhook.
func (s *scraped) reject(err error) {
	if s != nil {
		s.page.Reject(err)
	}
}

// serve serves the Waiter's metrics. It closes the connections of readers that do not
// read.
func (s *scraped) serve(w *edenwait.Waiter, report func(format string, args ...any)) {
	report("serving metrics at http://%s/metrics", s.Addr())
	s.endpoint.serve(&http.Server{
		Handler: s.page.Handler(scrapedName, w.Stats), ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: 5 * time.Minute, // a Prometheus that scrapes each minute keeps its connection
	}, func(err error) { report("--metrics: cannot serve metrics any more, waiting continues: %v", err) })
}

func (s *scraped) close() {
	if s != nil {
		s.endpoint.close()
	}
}
