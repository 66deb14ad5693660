package main

import (
	"io"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
)

// conclude says how it went.
func (b *batch) conclude(stderr io.Writer) {
	if b.quiet {
		return
	}
	c := b.roster.standing()
	if c.Asked == 0 {
		if read := b.read.Load(); read != nil && *read == nil { // else they may still have come
			say(stderr, "no ids, nothing to wait for")
		}
		return
	}
	if c.Repeated > 0 {
		say(stderr, "skipped %s", report.Count(c.Repeated, "duplicate id"))
	}
	// A closed stderr must not keep the exit code from telling the truth.
	_ = b.tally.Write(stderr, *b.progress.Load(), report.Rest{
		Waiting: c.waiting(), Unknown: c.Unknown, Unwritten: c.Unwritten,
		EarlierFailed: c.SkippedBad - c.SkippedErrored, EarlierErrored: c.SkippedErrored, Earlier: c.Skipped,
	})
	if c.SkippedErrored > 0 {
		say(stderr, "add --retry-errors to poll the %s again that had no result in an earlier run", report.Count(c.SkippedErrored, "job"))
	}
}
