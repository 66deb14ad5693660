package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/timeline"
	"github.com/edenwait/edenwait/edentest"
)

// newSource records the requests to a fake API.
func newSource(t *testing.T, options edentest.Options) (*recordingSource, *edentest.Server) {
	t.Helper()
	server := edentest.Start(options)
	t.Cleanup(server.Close)
	poller, err := edenwait.NewPoller(edenwait.Config{Token: edentest.DefaultToken, BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return &recordingSource{Poller: poller, check: &apiCheck{}, jobTable: newJobTable(), tally: report.NewTally(), timeline: timeline.NewRecorder()}, server
}

// TestKnownJobs: a job that is answered, or that a page of the list shows, is
// known; another's, or a 404, is not.
func TestKnownJobs(t *testing.T) {
	t.Parallel()
	s, server := newSource(t, edentest.Options{})
	ours, others := server.Submit(edentest.Script{After: edentest.Never}), jobID
	known := func(want bool, what string) {
		t.Helper()
		if got := s.check.known.Load(); got != want {
			t.Errorf("after %s: known is %v", what, got)
		}
		s.check.known.Store(false)
	}
	s.jobTable.add(others)
	if _, err := s.Get(t.Context(), others); !errors.Is(err, edenwait.ErrNotFound) || errors.Is(err, edenwait.ErrUnauthorized) {
		t.Errorf("got %v", err)
	}
	known(false, "a 404")
	if _, err := s.List(t.Context(), edenwait.ListQuery{}); err != nil {
		t.Fatal(err)
	}
	known(false, "a page of other jobs")
	s.jobTable.add(ours)
	if _, err := s.Get(t.Context(), ours); err != nil {
		t.Fatal(err)
	}
	known(true, "a GET")
	if _, err := s.List(t.Context(), edenwait.ListQuery{}); err != nil {
		t.Fatal(err)
	}
	known(true, "a page with a job of this batch")
}

// TestEachRequestIsRecorded: every request is in the picture.
func TestEachRequestIsRecorded(t *testing.T) {
	t.Parallel()
	s, server := newSource(t, edentest.Options{})
	if _, err := s.Get(t.Context(), server.Submit(edentest.Script{})); err != nil {
		t.Fatal(err)
	}
	if page, err := s.List(t.Context(), edenwait.ListQuery{}); err != nil || len(page.Items) != 1 {
		t.Fatal(page, err)
	}
	var svg strings.Builder
	if err := s.timeline.Draw(&svg); err != nil {
		t.Fatal(err)
	}
	if want := "1 of 1 job ended, 0 without success: 1 GET, 1 list page"; !strings.Contains(svg.String(), want) {
		t.Errorf("no %q in the picture", want)
	}
}
