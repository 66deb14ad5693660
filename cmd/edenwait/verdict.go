package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
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

// standing is how far a job has come.
type standing int

const (
	hasEnded standing = iota // there is nothing more to be known
	givenUp                  // it was waited for long enough, and may still end
	notEnded                 // the batch ended before
)

// stands tells what may have a line. What a line in a results file says is never
// asked again, so only what is certain may stand there: a final response, an id
// that is none, and the API's word that it knows no such job or will not tell, if
// there is proof that it is the API's. That a server was away for ten minutes, or
// that a proxy wants a password, is no such thing.
//
// A request that ran out of time matches context.DeadlineExceeded too, so only
// who knows that the batch's own context has ended can take it for that.
func stands(r edenwait.Result, over, proven bool) standing {
	var api *edenwait.APIError
	switch err := r.Err; {
	case r.Job != nil, errors.Is(err, edenwait.ErrInvalidID):
		return hasEnded
	case errors.Is(err, edenwait.ErrMaxWait):
		return givenUp
	case over && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)),
		errors.Is(err, edenwait.ErrFailFast), errors.Is(err, edenwait.ErrUnauthorized), errors.Is(err, edenwait.ErrPaymentRequired):
		return notEnded
	case errors.Is(err, edenwait.ErrResponseTooLarge):
		return hasEnded
	case errors.As(err, &api) && isFinal(api.StatusCode, proven):
		return hasEnded
	default:
		return givenUp
	}
}

// isFinal reports whether a status is the API's last word on a job.
func isFinal(status int, proven bool) bool {
	switch status {
	case http.StatusNotFound:
		return proven
	case http.StatusGone, http.StatusUnprocessableEntity:
		return true
	default:
		return false
	}
}

// conclude says how it went.
func (b *batch) conclude(stderr io.Writer) {
	if b.flags.quiet {
		return
	}
	c := b.roster.standing()
	if c.Skipped > 0 {
		say(stderr, "%s had a line in %s already and %s not asked about again", report.Count(c.Skipped, "id"), b.flags.output, agree(c.Skipped, "was", "were"))
	}
	if c.SkippedBad > 0 {
		say(stderr, "%d of them did not succeed%s", c.SkippedBad, askAgain(c, b.flags.output))
	}
	if c.Repeated > 0 {
		say(stderr, "%s stood there more than once", report.Count(c.Repeated, "id"))
	}
	if c.Asked == 0 {
		if read := b.read.Load(); read != nil && *read == nil { // else they may still have come
			say(stderr, "no ids, nothing to wait for")
		}
		return
	}
	if c.Asked == c.Skipped {
		return
	}
	// A closed stderr must not keep the exit code from telling the truth.
	_ = b.tally.Write(stderr, *b.progress.Load(), c.waiting())
}

// askAgain is how to have the jobs without a final response asked about again, in
// a command that is ready for a shell. The others would only fail again. grep
// says 1 where no line is left, which is no failure, and 2 where it is one; it
// must not take bytes that are no UTF-8 for those of a binary file.
func askAgain(c counts, path string) string {
	if c.SkippedErrored == 0 {
		return ""
	}
	return fmt.Sprintf("; to have the %d without a result asked about again, run\n"+
		`  LC_ALL=C grep -v '^{"id":"[^"]*","outcome":"error"' %s >%s; [ $? -lt 2 ] && mv %[3]s %[2]s`,
		c.SkippedErrored, shellWord(path), shellWord(path+".new"))
}

// shellWord is text as a shell takes it for one word.
func shellWord(text string) string {
	if strings.HasPrefix(text, "-") {
		text = "./" + text
	}
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_./+,:@%", c)
	}
	if text != "" && strings.IndexFunc(text, func(c rune) bool { return !plain(c) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func agree(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// verdict is the exit code. It is about all ids that were asked for, those with
// a line from an earlier run included: the same command says the same about the
// same jobs, whether or not it was interrupted on the way.
func (b *batch) verdict(ctx context.Context) error {
	c := b.roster.standing()
	if b.refused != nil {
		return &exit{exitUsage, fmt.Errorf("%s%w", left("%s not waited for: ", c), rootRefusal(b.refused))}
	}
	if read := b.read.Load(); read == nil || *read != nil || c.waiting() > 0 {
		return b.early(ctx, c, read)
	}
	if c.Failed+c.Errored+c.GaveUp > 0 {
		return &exit{code: exitFailed}
	}
	return nil
}

// early is the verdict on a batch that ended before its jobs.
func (b *batch) early(ctx context.Context, c counts, read *error) error {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errFailedBefore):
		return &exit{exitFailed, fmt.Errorf("stopped by --fail-fast: %w", cause)}
	case b.flags.failFast && b.failed:
		return &exit{exitFailed, fmt.Errorf("stopped by --fail-fast%s", left(", %s not waited for", c))}
	case cause == nil && read != nil && *read != nil:
		return &exit{exitUnfinished, *read}
	}
	hint := hintKept
	if _, kept := b.sink.(*resultlog.File); kept {
		hint = hintAgain
	}
	return unfinished("%w%s; %s", cause, left(", %s not ended", c), hint)
}

// left says how many jobs are left, if there are any.
func left(format string, c counts) string {
	if c.waiting() == 0 {
		return ""
	}
	return fmt.Sprintf(format, report.Count(c.waiting(), "job"))
}

// rootRefusal is the server's word without the job that happened to hear it.
func rootRefusal(err error) error {
	var api *edenwait.APIError
	var wrong *wrongAPI
	if errors.As(err, &wrong) {
		return wrong
	}
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
