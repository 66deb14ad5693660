package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
)

const jobID = "0f8a6f0e-5d1c-4b1e-9d55-0f7f2d8f9a11"

func TestRoster(t *testing.T) {
	t.Parallel()
	r := newRoster()
	r.has(resultlog.Entry{ID: jobID, Outcome: resultlog.OutcomeFail, Provider: "p", Cost: "0.25"})
	r.has(resultlog.Entry{ID: "bad", Outcome: resultlog.OutcomeError})
	for _, ask := range []struct {
		id   string
		want bool
	}{
		{strings.ToUpper(jobID), false}, {jobID, false}, {"bad", true}, {"bad", false}, {"BAD", true}, {"BAD", false}, {"", true},
		{"c2b7a9d4-30c1-4c39-8a6e-6b1d7c5e4f22", true}, {"c2b7a9d430c14c398a6e6b1d7c5e4f22", true},
	} {
		got, earlier := r.ask(ask.id)
		if got != ask.want {
			t.Errorf("ask %q: %v, want %v", ask.id, got, ask.want)
		}
		if ask.id == strings.ToUpper(jobID) && (earlier == nil || *earlier != price{"p", "0.25"}) {
			t.Errorf("%q was %v", ask.id, earlier)
		}
	}
	r.ended(resultlog.OutcomeSuccess)
	r.gaveUp()
	r.unwritten()
	r.unknown(1)
	want := counts{Asked: 6, Succeeded: 1, Failed: 1, GaveUp: 1, Unwritten: 1, Unknown: 1, Skipped: 1, SkippedBad: 1, Repeated: 3}
	if got := r.standing(); got != want || got.waiting() != 1 {
		t.Errorf("got %+v, %d waiting, want %+v, 1", got, got.waiting(), want)
	}
}

func TestRosterSightings(t *testing.T) {
	t.Parallel()
	r := newRoster()
	id := uuid.MustParse(jobID)
	r.saw(time.Now(), id) // of the list, but nobody asked for it
	if len(r.jobs) != 0 {
		t.Error("a job of others is kept")
	}
	r.ask(jobID)
	if _, seen := r.lastSeen(id); seen {
		t.Error("seen running before it was")
	}
	r.began = time.Now().Add(-time.Hour)
	r.saw(time.Now().Add(-time.Minute), id)
	r.saw(time.Now().Add(-time.Hour/2), id) // an older answer comes late
	if ago, seen := r.lastSeen(id); !seen || ago < time.Minute || ago > 2*time.Minute {
		t.Errorf("last seen %v ago, %v", ago, seen)
	}
}

// TestStands: only what is certain may have a line in a file.
func TestStands(t *testing.T) {
	t.Parallel()
	gaveUp := func(err error) error { return &edenwait.GaveUpError{ID: jobID, Err: err} }
	api := func(status int) error { return gaveUp(&edenwait.APIError{StatusCode: status}) }
	for _, test := range []struct {
		name string
		err  error
		job  bool
		over bool
		want standing
	}{
		{"success", nil, true, false, hasEnded},
		{"success as the batch ends", nil, true, true, hasEnded},
		{"no id", edenwait.ErrInvalidID, false, false, malformedID},
		{"unknown", api(404), false, false, unknownJob},
		{"a method that is not allowed", api(405), false, false, givenUp},
		{"a proxy that wants a password", api(407), false, false, givenUp},
		{"censored", api(451), false, false, givenUp},
		{"a bad request", api(400), false, false, givenUp},
		{"unprocessable", api(422), false, false, hasEnded},
		{"gone", api(410), false, false, hasEnded},
		{"too large", gaveUp(edenwait.ErrResponseTooLarge), false, false, hasEnded},
		{"a server that is down", api(503), false, false, givenUp},
		{"a server that is slow", api(408), false, false, givenUp},
		{"a server that is early", api(425), false, false, givenUp},
		{"a network that is down", gaveUp(errors.New("no route to host")), false, false, givenUp},
		{"requests that run out of time", gaveUp(fmt.Errorf("60 in a row: %w", context.DeadlineExceeded)), false, false, givenUp},
		{"max wait", gaveUp(edenwait.ErrMaxWait), false, false, givenUp},
		{"unknown, in a source's words", gaveUp(edenwait.ErrNotFound), false, false, unknownJob},
		{"too many errors, whatever the last", gaveUp(fmt.Errorf("%w: %w", edenwait.ErrMaxErrors, &edenwait.APIError{StatusCode: 422})), false, false, givenUp},
		{"max wait, the last answer unknown", gaveUp(fmt.Errorf("%w: %w", edenwait.ErrMaxWait, &edenwait.APIError{StatusCode: 404})), false, false, givenUp},
		{"interrupted", gaveUp(fmt.Errorf("%w: %w", context.Canceled, errInterrupted)), false, true, notEnded},
		{"timeout", gaveUp(fmt.Errorf("%w: %w", context.DeadlineExceeded, errTimeout)), false, true, notEnded},
		{"fail fast", gaveUp(edenwait.ErrFailFast), false, false, notEnded},
		{"key refused", api(401), false, false, notEnded},
		{"no key", api(403), false, false, notEnded},
		{"no credit", api(402), false, false, notEnded},
	} {
		r := edenwait.Result{ID: jobID, Err: test.err}
		if test.job {
			r.Job = &edenwait.Job{ID: jobID, Status: edenwait.StatusSuccess}
		}
		if got := stands(r, test.over); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

// TestSample: of the ids that are waited for, wherever they stood.
func TestSample(t *testing.T) {
	r := newRoster()
	done := "0f8a6f0e-5d1c-4b1e-9d55-0f7f2d8f9a11"
	r.has(resultlog.Entry{ID: done, Outcome: resultlog.OutcomeSuccess})
	r.ask(done)
	r.ask("malformed")
	for i := range 1000 {
		r.ask(fmt.Sprintf("00000000-0000-4000-8000-%012x", i))
	}
	late := 0
	for range 20 {
		sample := r.sample(50)
		if len(sample) != 50 || slices.Contains(sample, done) {
			t.Fatalf("%d: %v", len(sample), sample)
		}
		for _, id := range sample {
			if id >= "00000000-0000-4000-8000-0000000001f4" {
				late++
			}
		}
	}
	if late < 100 || late > 900 {
		t.Errorf("%d of 1000 from the second half", late)
	}
}
