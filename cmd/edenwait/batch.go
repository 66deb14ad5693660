package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"sync/atomic"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/bar"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/timeline"
)

// options say what a batch writes, and where.
type options struct {
	output, timeline    string
	retryErrors, quiet  bool
	logLevel, logFormat string
}

// batch is one run of wait.
type batch struct {
	options
	config      edenwait.Config
	sink        sink
	console     *console
	poller      *edenwait.Poller
	waiter      *edenwait.Waiter
	jobTable    *jobTable
	tally       *report.Tally
	picture     *timeline.Recorder
	pictureFile *atomicFile // nil without --timeline
	row         *bar.Row    // nil without a bar
	check       apiCheck

	progress  atomic.Pointer[edenwait.Progress]
	read      atomic.Pointer[error] // the error that ended the reading of ids, nil at their end; a nil pointer while it goes on
	malformed atomic.Int64          // number of malformed ids
	earlier   string                // a known job: it has a line from an earlier run

	unknown   []edenwait.Result // jobs that got a 404, while no job is known
	refused   error             // the response that ended the wait for every job
	failed    bool              // a job of this run is without success
	unwritten []string          // jobs whose lines nobody has read
}

func newBatch(config edenwait.Config, options options) *batch {
	b := &batch{options: options, config: config, jobTable: newJobTable(), tally: report.NewTally()}
	b.progress.Store(&edenwait.Progress{})
	return b
}

// prepare checks the flags as the library does, before any file is opened.
func (b *batch) prepare() error {
	if _, err := edenwait.New(b.config); err != nil {
		return flagError(err)
	}
	_, err := (&console{err: io.Discard}).logger(b.logLevel, b.logFormat)
	return err
}

// open opens the files that the batch writes to. The results file is the last, so that
// another error leaves no empty file behind.
func (b *batch) open(ctx context.Context, from *source, stdout, stderr io.Writer) (err error) {
	if b.timeline != "" {
		b.picture = timeline.NewRecorder()
		if b.pictureFile, err = openAtomicFile(ctx, b.timeline); err != nil {
			return usageError("--timeline", err)
		}
	}
	addEarlier := func(e resultlog.Entry) {
		b.jobTable.addEarlier(e)
		if e.Outcome != edenwait.OutcomeError {
			b.earlier = e.ID
		}
	}
	if b.sink, err = openSink(ctx, b.output, stdout, b.retry(from), addEarlier); err != nil {
		return usageError("--output", err)
	}
	out := stdout
	d, isDevice := b.sink.(device)
	if isDevice && isTerminal(d.file) {
		out = d.file // it may be the terminal of the bar, as /dev/stdout is
	}
	b.console = newConsole(out, stderr, b.quiet)
	if err := b.connect(); err != nil {
		b.console.close()
		return errors.Join(err, b.sink.Close())
	}
	switch s := b.sink.(type) {
	case resultlog.Stream:
		b.sink = resultlog.Stream{Writer: b.console.out}
	case device:
		to := &graceWriter{to: s.file, grace: b.console.grace}
		if b.sink = (device{resultlog.Stream{Writer: to}, s.file}); out == s.file {
			b.sink = device{resultlog.Stream{Writer: b.console.out}, s.file}
		}
	case *resultlog.File:
		b.reportOpened(s)
	}
	if b.console.screen != nil {
		b.row = b.console.screen.Row("")
	}
	return nil
}

// reportOpened reports what was wrong with the results file when it was opened.
func (b *batch) reportOpened(file *resultlog.File) {
	if file.Unlocked != nil {
		b.console.message("cannot lock %s (%v): make sure that no other edenwait writes to it", b.output, file.Unlocked)
	}
	if file.Cut > 0 {
		b.console.message("%s ended in an incomplete line: removed its %d bytes", b.output, file.Cut)
	}
	if file.Dropped > 0 {
		b.console.message("removed %s with outcome \"error\" from %s: their jobs are polled again", report.Count(file.Dropped, "line"), b.output)
	}
}

// connect makes the Waiter and the source that records its requests.
func (b *batch) connect() (err error) {
	if b.config.Logger, err = b.console.logger(b.logLevel, b.logFormat); err != nil {
		return err
	}
	if b.poller, err = edenwait.NewPoller(b.config); err != nil {
		return flagError(err)
	}
	b.config.Source = b.poller
	b.config.Hooks.OnProgress = func(p edenwait.Progress) {
		b.progress.Store(&p)
		if b.row != nil {
			b.row.Set(b.withEarlier(p))
		}
	}
	b.waiter, err = edenwait.New(b.config)
	return flagError(err)
}

// withEarlier adds the jobs of earlier runs to the progress of this one.
func (b *batch) withEarlier(p edenwait.Progress) edenwait.Progress {
	c := b.jobTable.snapshot()
	p.Total += c.Earlier
	p.Succeeded += c.Earlier - c.EarlierFailed - c.EarlierErrored
	p.Failed += c.EarlierFailed
	p.Errored += c.EarlierErrored
	return p
}

// run waits for all ids and writes their lines and the summary. The error has the exit
// code.
func (b *batch) run(ctx context.Context, from *source, stderr io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	broken := b.failedBefore(from)
	if broken == nil {
		broken = b.wait(ctx, b.pending(from.all(), cancel))
	}
	if broken == nil {
		broken = b.writeUnknown(ctx)
	}
	if err := b.sink.Close(); broken == nil && err != nil {
		broken = notWritten(err)
	}
	b.console.close()
	b.writeSummary(stderr)
	if broken == nil {
		broken = b.ending(ctx).exitError()
	}
	return b.draw(stderr, broken)
}

// ending collects what the exit code depends on.
func (b *batch) ending(ctx context.Context) ending {
	e := ending{
		Counts: b.jobTable.snapshot(), read: b.read.Load(), cause: context.Cause(ctx),
		refused: b.refused, failFast: b.config.FailFast, failed: b.failed, unwritten: b.unwritten,
	}
	_, e.kept = b.sink.(*resultlog.File)
	if e.Unknown > 0 && e.cause == nil {
		e.unknownErr = &unknownError{
			jobs: report.Count(e.Unknown, "job"), absent: b.check.hasNoList(ctx, b.poller),
			url: shownURL(cmp.Or(b.config.BaseURL, edenwait.DefaultBaseURL)),
		}
	}
	return e
}

// draw draws the picture. If that fails, it reports it, but an exitError of the jobs is
// more important.
func (b *batch) draw(stderr io.Writer, exitError error) error {
	if b.pictureFile == nil {
		return exitError
	}
	drawn := make(chan error, 1) // the write may go on behind this function
	err := errBlocked
	if b.console.grace.do(func() { drawn <- b.pictureFile.write(b.picture.Draw) }) {
		err = <-drawn
	}
	if err == nil {
		return exitError
	}
	if exitError == nil {
		return unfinished("--timeline: %w", err)
	}
	message(stderr, "--timeline: %v", err)
	return exitError
}

// wait waits for the jobs, and writes each result as it comes.
func (b *batch) wait(ctx context.Context, ids iter.Seq[string]) error {
	if b.console.screen == nil && !b.quiet {
		stopped, finished := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(finished)
			reportRegularly(stopped, func(elapsed time.Duration) {
				b.console.message("%s", progressLine(elapsed, b.withEarlier(*b.progress.Load())))
			})
		}()
		defer func() {
			close(stopped)
			b.console.grace.wait(finished)
		}()
	}
	checked := 0 // unknown jobs, at the last check
	for r := range b.waiter.AsCompleted(ctx, ids) {
		if err := b.handleResult(r, ctx.Err() != nil); err != nil {
			return err
		}
		if unknown := len(b.unknown); unknown == checked+manyUnknown {
			if checked = unknown; !b.checkUnknown(ctx, unknown) {
				break // the other jobs would be unknown too
			}
		}
	}
	return nil
}

// manyUnknown is how many jobs must be unknown, with no job known, to check the server.
const manyUnknown = 100

// checkUnknown looks for an explanation of many unknown jobs, and reports whether to
// wait for the others. A missing job list alone proves nothing: a gateway may pass GETs
// of jobs only, and unknown ids may come first. So jobs from anywhere in the batch are
// polled next, and the batch ends only if these are unknown too.
func (b *batch) checkUnknown(ctx context.Context, unknown int) bool {
	switch unknown {
	case manyUnknown:
		if b.check.hasNoList(ctx, b.poller) == nil {
			b.console.message("the API knows none of the first %d polled jobs: check that the key belongs to the right account", unknown)
			break
		}
		for _, id := range b.jobTable.sample(unknown) {
			b.waiter.Notify(id)
		}
	case 3 * manyUnknown:
		return b.check.hasNoList(ctx, b.poller) == nil || b.check.known.Load()
	}
	return true
}
