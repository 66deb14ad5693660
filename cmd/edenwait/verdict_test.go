package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/edenwait/edenwait"
)

// TestReason: one word per error, whatever the last answer was.
func TestReason(t *testing.T) {
	t.Parallel()
	gaveUp := func(errs ...error) error { return &edenwait.GaveUpError{ID: jobID, Err: errors.Join(errs...)} }
	api := func(status int) error { return &edenwait.APIError{StatusCode: status} }
	job := &edenwait.Job{ID: jobID, Status: edenwait.StatusFail}
	odd := &edenwait.Job{ID: jobID, Status: "archived"}
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
		{nil, gaveUp(edenwait.ErrBackOffStopped), "other"},
	} {
		if got := reason(edenwait.Result{ID: jobID, Job: test.job, Err: test.err}); got != test.want {
			t.Errorf("%v: got %s, want %s", test.err, got, test.want)
		}
	}
}

// TestRootRefusal: the server's word, fit for a terminal, without the job that
// happened to hear it.
func TestRootRefusal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		answer edenwait.APIError
		want   string
	}{
		{edenwait.APIError{StatusCode: 401, Detail: "Invalid token"}, "the API refuses the key (HTTP 401: Invalid token)"},
		{edenwait.APIError{StatusCode: 403}, "the API refuses the key (HTTP 403)"},
		{edenwait.APIError{StatusCode: 402, Detail: "no\n\x1b[2Jcredit"}, "the account has no credit (HTTP 402: no \uFFFD[2Jcredit)"},
	} {
		if got := rootRefusal(fmt.Errorf("edenwait: job %s: %w", jobID, &test.answer)).Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
