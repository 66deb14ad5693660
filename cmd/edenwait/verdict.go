package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
)

// outcome is a result in one word.
func outcome(r edenwait.Result) resultlog.Outcome {
	switch {
	case r.Err == nil:
		return resultlog.OutcomeSuccess
	case r.Job != nil && r.Job.Status == edenwait.StatusFail:
		return resultlog.OutcomeFail
	default:
		return resultlog.OutcomeError
	}
}

// reason is the error of a result in one word, for programs; empty without one.
// docs/command lists the words.
func reason(r edenwait.Result) string {
	if r.Err == nil {
		return ""
	}
	if outcome(r) == resultlog.OutcomeFail {
		return "job_failed"
	}
	var status *edenwait.UnexpectedStatusError
	if errors.As(r.Err, &status) {
		return "unexpected_status"
	}
	// The first that matches: a job that was given up also matches the answer that
	// was the last.
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

// standing is how far a job has come.
type standing int

const (
	hasEnded    standing = iota // there is nothing more to be known
	malformedID                 // there is no such job
	unknownJob                  // there is none, if it is the right account that says so
	givenUp                     // it was waited for long enough, and may still end
	notEnded                    // the batch ended before
)

// stands tells what may have a line. A job that has its line in a results file is
// never polled again, so only what is certain may stand there: a final response,
// and the API's word that it knows no such job or will not tell. That a server
// was away for ten minutes, or that a proxy wants a password, is no such thing.
//
// A request that ran out of time matches context.DeadlineExceeded too: only the
// batch's own context, once it is over, can be what that means.
func stands(r edenwait.Result, over bool) standing {
	var api *edenwait.APIError
	switch err := r.Err; {
	case r.Job != nil:
		return hasEnded
	case errors.Is(err, edenwait.ErrInvalidID):
		return malformedID
	case errors.Is(err, edenwait.ErrMaxWait), errors.Is(err, edenwait.ErrMaxErrors):
		return givenUp
	case over && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)),
		errors.Is(err, edenwait.ErrFailFast), errors.Is(err, edenwait.ErrUnauthorized), errors.Is(err, edenwait.ErrPaymentRequired):
		return notEnded
	case errors.Is(err, edenwait.ErrResponseTooLarge):
		return hasEnded
	case errors.Is(err, edenwait.ErrNotFound):
		return unknownJob
	case !errors.As(err, &api):
		return givenUp
	case api.StatusCode == http.StatusGone, api.StatusCode == http.StatusUnprocessableEntity:
		return hasEnded
	default:
		return givenUp
	}
}

// ending is how a batch has ended.
type ending struct {
	counts
	read      *error // how reading the ids ended; nil if it has not
	cause     error  // of the end of the batch's context
	refused   error  // the answer that concerned every job
	stranger  *unknownError
	failFast  bool
	failed    bool // a job of this run is without success
	kept      bool // results are, in a file
	unwritten []string
}

// verdict is the exit code. It is about all ids that were asked for, those with
// a line from an earlier run included: the same command says the same about the
// same jobs, whether or not it was interrupted on the way.
func (e ending) verdict() error {
	switch {
	case e.refused != nil:
		return &exit{exitUsage, fmt.Errorf("%s%w", left("%s not waited for: ", e.waiting()), rootRefusal(e.refused))}
	case e.stranger != nil:
		return &exit{exitUsage, e.stranger}
	case e.read == nil, *e.read != nil, e.waiting() > 0, e.Unknown > 0, e.Unwritten > 0:
		return e.early()
	case e.Failed+e.Errored+e.GaveUp > 0:
		return &exit{code: exitFailed}
	}
	return nil
}

// early is the verdict on a batch that ended before its jobs.
func (e ending) early() error {
	var known *exit
	switch {
	case errors.As(e.cause, &known):
		return known
	case e.failFast && e.failed:
		return &exit{exitFailed, fmt.Errorf("stopped by --fail-fast%s", left(", %s not waited for", e.waiting()))}
	case e.cause == nil && e.read != nil && *e.read != nil:
		return *e.read
	}
	hint := hintKept
	if e.kept {
		hint = hintAgain
	}
	cause := e.cause
	if cause == nil {
		cause = errBlocked
	}
	return unfinished("%w%s%s; %s", cause, left(", %s not ended", e.waiting()+e.Unknown), lost(e.unwritten), hint)
}

// left says how many jobs are left, if there are any.
func left(format string, jobs int) string {
	if jobs == 0 {
		return ""
	}
	return fmt.Sprintf(format, report.Count(jobs, "job"))
}

// lost says which results nobody has read.
func lost(jobs []string) string {
	if len(jobs) == 0 {
		return ""
	}
	const most = 10
	var shown string
	for _, id := range jobs[:min(most, len(jobs))] {
		shown += " " + report.Plain(id) // a malformed one may be anything
	}
	if len(jobs) > most {
		shown += " …"
	}
	return fmt.Sprintf(", %s not written because nobody reads the output any more:%s", report.Count(len(jobs), "result"), shown)
}

// rootRefusal is the server's word without the job that happened to hear it.
func rootRefusal(err error) error {
	var api *edenwait.APIError
	if !errors.As(err, &api) {
		return err
	}
	sentinel := edenwait.ErrUnauthorized
	if errors.Is(api, edenwait.ErrPaymentRequired) {
		sentinel = edenwait.ErrPaymentRequired
	}
	if api.Detail == "" {
		return fmt.Errorf("%w (HTTP %d)", sentinel, api.StatusCode)
	}
	return fmt.Errorf("%w (HTTP %d: %s)", sentinel, api.StatusCode, report.Plain(api.Detail))
}
