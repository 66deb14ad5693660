package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/edenwait/edenwait"
)

// TestReason: one word per error, whatever the last response was. The docs list each.
func TestReason(t *testing.T) {
	t.Parallel()
	gaveUp := func(errs ...error) error { return &edenwait.GaveUpError{ID: jobID, Err: errors.Join(errs...)} }
	api := func(status int) error { return &edenwait.APIError{StatusCode: status} }
	job := &edenwait.Job{ID: jobID, Status: edenwait.StatusFail}
	odd := &edenwait.Job{ID: jobID, Status: "archived"}
	docs, err := os.ReadFile("../../docs/command.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		job  *edenwait.Job
		err  error
		want string
	}{
		{&edenwait.Job{Status: edenwait.StatusSuccess}, nil, ""},
		{job, &edenwait.JobFailedError{Job: job}, "job_failed"},
		{odd, &edenwait.UnexpectedStatusError{Job: odd}, "unexpected_status"},
		{nil, fmt.Errorf("edenwait: %w", edenwait.ErrInvalidID), "invalid_id"},
		{nil, gaveUp(edenwait.ErrMaxWait, api(429)), "max_wait"},
		{nil, gaveUp(edenwait.ErrMaxErrors, api(503)), "max_errors"},
		{nil, gaveUp(api(404)), "not_found"},
		{nil, gaveUp(edenwait.ErrResponseTooLarge), "too_large"},
		{nil, gaveUp(api(401)), "unauthorized"},
		{nil, gaveUp(api(402)), "payment_required"},
		{nil, gaveUp(api(429)), "rate_limited"},
		{nil, gaveUp(api(410)), "gone"},
		{nil, gaveUp(api(422)), "rejected"},
		{nil, gaveUp(api(400)), "rejected"},
		{nil, gaveUp(edenwait.ErrBackOffStopped), "other"},
	} {
		if got := reason(edenwait.Result{ID: jobID, Job: test.job, Err: test.err}); got != test.want {
			t.Errorf("%v: got %s, want %s", test.err, got, test.want)
		}
		if test.want != "" && !strings.Contains(string(docs), "`"+test.want+"`") {
			t.Errorf("docs/command.md does not list %s", test.want)
		}
	}
}

// TestClassify: only what is certain may have a line in a file.
func TestClassify(t *testing.T) {
	t.Parallel()
	gaveUp := func(err error) error { return &edenwait.GaveUpError{ID: jobID, Err: err} }
	api := func(status int) error { return gaveUp(&edenwait.APIError{StatusCode: status}) }
	for _, test := range []struct {
		name string
		err  error
		job  bool
		over bool
		want resultClass
	}{
		{"success", nil, true, false, final},
		{"success as the batch ends", nil, true, true, final},
		{"no id", edenwait.ErrInvalidID, false, false, malformedID},
		{"unknown", api(404), false, false, unknownJob},
		{"a method that is not allowed", api(405), false, false, givenUp},
		{"a proxy that wants a password", api(407), false, false, givenUp},
		{"censored", api(451), false, false, givenUp},
		{"a bad request", api(400), false, false, givenUp},
		{"unprocessable", api(422), false, false, final},
		{"gone", api(410), false, false, final},
		{"too large", gaveUp(edenwait.ErrResponseTooLarge), false, false, final},
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
		if got := classify(r, test.over); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}
