package main

import (
	"io"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
)

// writeSummary writes the summary of the batch.
func (b *batch) writeSummary(stderr io.Writer) {
	if b.quiet {
		return
	}
	c := b.jobTable.snapshot()
	if c.Total == 0 {
		if read := b.read.Load(); read != nil && *read == nil { // else more ids may have come
			message(stderr, "no ids: nothing to wait for")
		}
		return
	}
	if c.Repeated > 0 {
		message(stderr, "skipped %s", report.Count(c.Repeated, "duplicate id"))
	}
	// A closed stderr must not change the exit code.
	_ = b.tally.Write(stderr, *b.progress.Load(), c)
	if c.EarlierErrored > 0 {
		message(stderr, "add --retry-errors to poll again the %s that got no result in an earlier run", report.Count(c.EarlierErrored, "job"))
	}
}
