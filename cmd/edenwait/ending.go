package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
)

// ending has what the exit code depends on.
type ending struct {
	report.Counts
	read       *error // how reading the ids ended; nil if it has not
	cause      error  // of the end of the batch's context
	refused    error  // the answer that concerned every job
	unknownErr *unknownError
	failFast   bool
	failed     bool // a job of this run is without success
	kept       bool // results are kept in a file
	unwritten  []string
}

// exitError returns the error with the exit code, or nil for success. It covers all ids
// of the command, those with a line from an earlier run included, so that the same
// command on the same jobs has the same exit code, whether or not it was interrupted
// on the way.
func (e ending) exitError() error {
	switch {
	case e.refused != nil:
		return &exit{exitUsage, fmt.Errorf("%s%w", countLeft("%s not waited for: ", e.Waiting()), rootRefusal(e.refused))}
	case e.unknownErr != nil:
		return &exit{exitUsage, e.unknownErr}
	case e.read == nil, *e.read != nil, e.Waiting() > 0, e.Unknown > 0, e.Unwritten > 0:
		return e.earlyExit()
	case e.Failed+e.Errored+e.GaveUp > 0:
		return &exit{code: exitFailed}
	}
	return nil
}

// earlyExit is the exitError of a batch that ended before its jobs.
func (e ending) earlyExit() error {
	var known *exit
	switch {
	case errors.As(e.cause, &known):
		return known
	case e.failFast && e.failed:
		return &exit{exitFailed, fmt.Errorf("stopped by --fail-fast%s", countLeft(", %s not waited for", e.Waiting()))}
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
	return unfinished("%w%s%s; %s", cause, countLeft(", %s not ended", e.Waiting()+e.Unknown), unreadResults(e.unwritten), hint)
}

// countLeft formats a number of jobs. The text is empty if there are none.
func countLeft(format string, jobs int) string {
	if jobs == 0 {
		return ""
	}
	return fmt.Sprintf(format, report.Count(jobs, "job"))
}

// unreadResults names the jobs whose lines nobody has read.
func unreadResults(jobs []string) string {
	if len(jobs) == 0 {
		return ""
	}
	const most = 10
	var shown strings.Builder
	for _, id := range jobs[:min(most, len(jobs))] {
		shown.WriteString(" " + report.Plain(id)) // a malformed id can be anything
	}
	if len(jobs) > most {
		shown.WriteString(" …")
	}
	return fmt.Sprintf(", %s not written because the output is not being read:%s", report.Count(len(jobs), "result"), shown.String())
}

// rootRefusal is the server's message without the job whose GET got it.
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
