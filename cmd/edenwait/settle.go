package main

import (
	"context"
	"errors"
	"strings"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
)

// settle writes a result's line, if it has one. The error is the sink's.
func (b *batch) settle(r edenwait.Result, over bool) error {
	_, kept := b.sink.(*resultlog.File)
	switch s := stands(r, over); {
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
		b.roster.gaveUp()
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

// finish writes and counts a job about which there is nothing more to be known.
func (b *batch) finish(r edenwait.Result) error {
	unwritten := len(b.unwritten)
	if err := b.write(r); err != nil {
		return err
	}
	if len(b.unwritten) > unwritten {
		b.roster.unwritten()
		return nil
	}
	b.count(r)
	return nil
}

// settleUnknown writes the lines of unknown jobs, if there is proof that others
// are known: now, or from an earlier run that wrote the same file.
func (b *batch) settleUnknown(ctx context.Context) error {
	if len(b.unknown) > 0 && !b.check.known.Load() && b.earlier != "" && ctx.Err() == nil {
		if _, err := b.poller.Get(ctx, b.earlier); err == nil {
			b.check.knows()
		}
	}
	if !b.check.known.Load() {
		b.roster.unknown(len(b.unknown))
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

// write writes a line. The error ends the batch; that nobody reads does not,
// since what is done without being read is to be reported.
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
		b.console.say("job %s: %s that are not Unicode text were replaced in its line", r.ID, report.Count(replaced, "byte"))
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

// notWritten is the end of a batch whose results find no place.
func notWritten(err error) error {
	kept := "what was written is kept"
	if errors.Is(err, resultlog.ErrGone) {
		kept = "what was written is no longer there"
	}
	return unfinished("the results could not be written any further: %w; %s, the rest can be had for 7 days", err, kept)
}

// count counts a job that has its line now.
func (b *batch) count(r edenwait.Result) {
	o := outcome(r)
	b.roster.ended(o)
	switch o {
	case resultlog.OutcomeSuccess:
		b.tally.Succeeded(r.Job)
		return
	case resultlog.OutcomeFail:
		b.tally.Failed(r.Job)
	default:
		b.tally.Errored(r.Job, r.Err)
	}
	b.failed = true
}
