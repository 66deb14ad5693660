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

// newWatch watches an account in a box.
func newWatch(t *testing.T, options edentest.Options) (*watch, *edentest.Server) {
	t.Helper()
	server := edentest.Start(options)
	t.Cleanup(server.Close)
	poller, err := edenwait.NewPoller(edenwait.Config{Token: edentest.DefaultToken, BaseURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return &watch{Poller: poller, proof: &proof{}, roster: newRoster(), tally: report.NewTally(), timeline: timeline.NewRecorder()}, server
}

// TestWatchTakesProof: who has answered with a job or with a page is the API, and
// its 404 is believed without another question.
func TestWatchTakesProof(t *testing.T) {
	t.Parallel()
	believed := func(w *watch) {
		t.Helper()
		if _, err := w.Get(t.Context(), jobID); !errors.Is(err, edenwait.ErrNotFound) || errors.Is(err, edenwait.ErrUnauthorized) {
			t.Errorf("got %v", err)
		}
	}
	w, server := newWatch(t, edentest.Options{Faults: []edentest.Fault{{On: edentest.List, Do: edentest.Status(404, "", nil)}}})
	if _, err := w.Get(t.Context(), server.Submit(edentest.Script{})); err != nil {
		t.Fatal(err)
	}
	believed(w)

	w, server = newWatch(t, edentest.Options{})
	if _, err := w.List(t.Context(), edenwait.ListQuery{}); err != nil {
		t.Fatal(err)
	}
	believed(w)
	if n := server.Stats().Lists; n != 1 {
		t.Errorf("%d pages were asked for, want 1", n)
	}
}

// TestWatchRecords: every question is in the picture.
func TestWatchRecords(t *testing.T) {
	t.Parallel()
	w, server := newWatch(t, edentest.Options{})
	if _, err := w.Get(t.Context(), server.Submit(edentest.Script{})); err != nil {
		t.Fatal(err)
	}
	if page, err := w.List(t.Context(), edenwait.ListQuery{}); err != nil || len(page.Items) != 1 {
		t.Fatal(page, err)
	}
	var svg strings.Builder
	if err := w.timeline.Draw(&svg); err != nil {
		t.Fatal(err)
	}
	if want := "1 of 1 jobs known to have ended, 0 without success: 1 GETs, 1 list pages"; !strings.Contains(svg.String(), want) {
		t.Errorf("no %q in the picture", want)
	}
}
