package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/ids"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
)

// handleResult counts a result, and writes its line if it has one. The error is the
// sink's.
func (b *batch) handleResult(r edenwait.Result, over bool) error {
	if r.Job != nil {
		b.noteEnd(r)
	}
	_, kept := b.sink.(*resultlog.File)
	switch s := classify(r, over); {
	case s == notEnded:
		if errors.Is(r.Err, edenwait.ErrUnauthorized) || errors.Is(r.Err, edenwait.ErrPaymentRequired) {
			b.refused = r.Err
		}
		return nil
	case s == unknownJob && !b.check.known.Load():
		b.unknown = append(b.unknown, r)
		return nil
	case s == givenUp:
		b.failed = true
		b.tally.GaveUp(r.Err)
		b.jobTable.count(func(c *report.Counts) { c.GaveUp++ })
		if kept {
			return nil
		}
		return b.write(r)
	case s == malformedID && kept:
		b.count(r)
		return nil
	}
	return b.finish(r)
}

// noteEnd records when a job ended. How long it ran is unknown if it had ended before the
// first poll.
func (b *batch) noteEnd(r edenwait.Result) {
	if id, ok := ids.Parse(r.ID); ok {
		b.picture.Ended(id, r.Job.CreatedAt, r.Job.Status != edenwait.StatusSuccess)
	}
	if !r.Job.CreatedAt.IsZero() && !b.jobTable.early(r.ID) {
		b.tally.Ran(time.Since(r.Job.CreatedAt))
	}
}

// finish writes and counts a final result.
func (b *batch) finish(r edenwait.Result) error {
	unwritten := len(b.unwritten)
	if err := b.write(r); err != nil {
		return err
	}
	if len(b.unwritten) > unwritten {
		b.jobTable.count(func(c *report.Counts) { c.Unwritten++ })
		return nil
	}
	b.count(r)
	return nil
}

// writeUnknown writes the lines of unknown jobs if another job is known: one of this run,
// or one of an earlier run with the same file.
func (b *batch) writeUnknown(ctx context.Context) error {
	if len(b.unknown) > 0 && !b.check.known.Load() && b.earlier != "" && ctx.Err() == nil {
		if _, err := b.poller.Get(ctx, b.earlier); err == nil {
			b.check.setKnown()
		}
	}
	if !b.check.known.Load() {
		b.jobTable.count(func(c *report.Counts) { c.Unknown += len(b.unknown) })
		return nil
	}
	for _, r := range b.unknown {
		if err := b.finish(r); err != nil {
			return err
		}
	}
	b.unknown = nil
	return nil
}

// write writes a line. An error ends the batch. A line that nobody reads does not: the
// job is reported at the end.
func (b *batch) write(r edenwait.Result) error {
	line := resultlog.Line{ID: r.ID, Outcome: outcome(r), Job: r.Job, Reason: reason(r)}
	if r.Err != nil {
		line.Error = strings.Replace(r.Err.Error(), edenwait.ErrResponseTooLarge.Error(), report.TooLarge, 1)
	}
	text, replaced, err := line.Encode()
	if err != nil {
		return notWritten(err)
	}
	if replaced > 0 {
		b.console.message("job %s: replaced %s of invalid Unicode in its line", r.ID, report.Count(replaced, "byte"))
	}
	err = b.sink.Append(text)
	if errors.Is(err, errBlocked) {
		b.unwritten = append(b.unwritten, r.ID)
		return nil
	}
	if err != nil {
		return notWritten(err)
	}
	return nil
}

// notWritten is the error of a batch whose results cannot be written.
func notWritten(err error) error {
	kept := "The lines written so far are kept"
	if errors.Is(err, resultlog.ErrGone) {
		kept = "The lines written so far are gone"
	}
	return unfinished("cannot write the results: %w. %s; the other results are kept for 7 days", err, kept)
}

// count counts a result that has its line.
func (b *batch) count(r edenwait.Result) {
	o := outcome(r)
	b.jobTable.count(func(c *report.Counts) { c.Ended(o) })
	switch o {
	case edenwait.OutcomeSuccess:
		b.tally.Succeeded(r.Job)
		return
	case edenwait.OutcomeFail:
		b.tally.Failed(r.Job)
	default:
		b.tally.Errored(r.Job, r.Err)
	}
	b.failed = true
}
