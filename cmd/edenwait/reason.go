package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/edenwait/edenwait"
)

// outcome is the outcome in a result's line.
func outcome(r edenwait.Result) edenwait.Outcome {
	switch {
	case r.Err == nil:
		return edenwait.OutcomeSuccess
	case r.Job != nil && r.Job.Status == edenwait.StatusFail:
		return edenwait.OutcomeFail
	default:
		return edenwait.OutcomeError
	}
}

// reason is one word for the error of a result, for programs. It is empty if there is
// no error. docs/command.md lists the words.
func reason(r edenwait.Result) string {
	if r.Err == nil {
		return ""
	}
	if outcome(r) == edenwait.OutcomeFail {
		return "job_failed"
	}
	var status *edenwait.UnexpectedStatusError
	if errors.As(r.Err, &status) {
		return "unexpected_status"
	}
	// The first match counts: the error of a job that was given up also matches its
	// last response.
	for _, known := range []struct {
		err  error
		word string
	}{
		{edenwait.ErrInvalidID, "invalid_id"},
		{edenwait.ErrMaxWait, "max_wait"},
		{edenwait.ErrMaxErrors, "max_errors"},
		{edenwait.ErrNotFound, "not_found"},
		{edenwait.ErrResponseTooLarge, "too_large"},
		{edenwait.ErrUnauthorized, "unauthorized"},
		{edenwait.ErrPaymentRequired, "payment_required"},
		{edenwait.ErrRateLimited, "rate_limited"},
	} {
		if errors.Is(r.Err, known.err) {
			return known.word
		}
	}
	var api *edenwait.APIError
	switch {
	case !errors.As(r.Err, &api):
		return "other"
	case api.StatusCode == http.StatusGone:
		return "gone"
	default:
		return "rejected"
	}
}

// resultClass says what is known of a job when its result comes.
type resultClass int

const (
	final       resultClass = iota // no later poll can change it
	malformedID                    // there is no such job
	unknownJob                     // the API returned 404, which is final if the account is the right one
	givenUp                        // the wait ended for this job, which may still end
	notEnded                       // the batch ended before the job
)

// classify decides which results may have a line. A job that has its line in a
// results file is never polled again, so only what is certain may be there: a final
// response, or the API's refusal to return this job. A server that was down for ten
// minutes, or a proxy that wants a password, proves nothing about the job.
//
// A request that ran out of time matches context.DeadlineExceeded too. Only if the
// batch's own context is over does that error mean that the batch has ended.
func classify(r edenwait.Result, over bool) resultClass {
	var api *edenwait.APIError
	switch err := r.Err; {
	case r.Job != nil:
		return final
	case errors.Is(err, edenwait.ErrInvalidID):
		return malformedID
	case errors.Is(err, edenwait.ErrMaxWait), errors.Is(err, edenwait.ErrMaxErrors):
		return givenUp
	case over && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)),
		errors.Is(err, edenwait.ErrFailFast), errors.Is(err, edenwait.ErrUnauthorized), errors.Is(err, edenwait.ErrPaymentRequired):
		return notEnded
	case errors.Is(err, edenwait.ErrResponseTooLarge):
		return final
	case errors.Is(err, edenwait.ErrNotFound):
		return unknownJob
	case !errors.As(err, &api):
		return givenUp
	case api.StatusCode == http.StatusGone, api.StatusCode == http.StatusUnprocessableEntity:
		return final
	default:
		return givenUp
	}
}
