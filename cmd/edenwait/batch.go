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

// options say where a batch writes to, and how much.
type options struct {
	output, timeline    string
	retryErrors, quiet  bool
	logLevel, logFormat string
}

// batch is one run of wait.
type batch struct {
	options
	config  edenwait.Config
	sink    sink
	console *console
	poller  *edenwait.Poller
	waiter  *edenwait.Waiter
	roster  *roster
	tally   *report.Tally
	picture *timeline.Recorder
	canvas  *atomicFile // for the picture
	row     *bar.Row    // nil without a bar
	check   apiCheck

	progress  atomic.Pointer[edenwait.Progress]
	read      atomic.Pointer[error] // how reading the ids ended; nil while it goes on
	malformed atomic.Int64          // ids
	earlier   string                // a job that has a line from an earlier run

	unknown   []edenwait.Result // that the API does not know, while it has known none
	refused   error             // the answer that concerned every job
	failed    bool              // a job is without success
	unwritten []string          // jobs whose results nobody has read
}

func newBatch(config edenwait.Config, options options) *batch {
	b := &batch{options: options, config: config, roster: newRoster(), tally: report.NewTally()}
	b.progress.Store(&edenwait.Progress{})
	return b
}

// prepare checks the flags as the library does, before anything is touched.
func (b *batch) prepare() error {
	if _, err := edenwait.New(b.config); err != nil {
		return flagError(err)
	}
	_, err := (&console{err: io.Discard}).logger(b.logLevel, b.logFormat)
	return err
}

// open opens what the batch writes to: the results last, so that nothing is left
// behind if there is anything else to complain about.
func (b *batch) open(ctx context.Context, from *source, stdout, stderr io.Writer) (err error) {
	if b.timeline != "" {
		b.picture = timeline.NewRecorder()
		if b.canvas, err = openAtomicFile(ctx, b.timeline); err != nil {
			return cannot("--timeline", err)
		}
	}
	each := func(e resultlog.Entry) {
		b.roster.has(e)
		if e.Outcome != resultlog.OutcomeError {
			b.earlier = e.ID
		}
	}
	if b.sink, err = openSink(ctx, b.output, stdout, b.retry(from), each); err != nil {
		return cannot("--output", err)
	}
	out := stdout
	d, isDevice := b.sink.(device)
	if isDevice && isTerminal(d.file) {
		out = d.file // on which the bar may be too, as when it is /dev/stdout
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
		to := &patientWriter{to: s.file, patience: b.console.patience}
		if b.sink = (device{resultlog.Stream{Writer: to}, s.file}); out == s.file {
			b.sink = device{resultlog.Stream{Writer: b.console.out}, s.file}
		}
	case *resultlog.File:
		b.tellOf(s)
	}
	if b.console.screen != nil {
		b.row = b.console.screen.Row("")
	}
	return nil
}

// tellOf says what was found out as the results file was opened.
func (b *batch) tellOf(file *resultlog.File) {
	if file.Unlocked != nil {
		b.console.say("%s cannot be locked here (%v): make sure that no other edenwait writes to it", b.output, file.Unlocked)
	}
	if file.Cut > 0 {
		b.console.say("%s ended in a torn line: %d bytes cut off", b.output, file.Cut)
	}
	if file.Dropped > 0 {
		b.console.say("removed %s without a result from %s, to poll the jobs again", report.Count(file.Dropped, "line"), b.output)
	}
}

// connect makes the Waiter, whose requests are recorded.
func (b *batch) connect() (err error) {
	if b.config.Logger, err = b.console.logger(b.logLevel, b.logFormat); err != nil {
		return err
	}
	if b.poller, err = edenwait.NewPoller(b.config); err != nil {
		return flagError(err)
	}
	b.config.Source = &recordingSource{Poller: b.poller, check: &b.check, roster: b.roster, tally: b.tally, timeline: b.picture}
	b.config.Hooks.OnProgress = func(p edenwait.Progress) {
		b.progress.Store(&p)
		if b.row != nil {
			b.row.Set(b.whole(p))
		}
	}
	b.waiter, err = edenwait.New(b.config)
	return flagError(err)
}

// whole adds what earlier runs have done.
func (b *batch) whole(p edenwait.Progress) edenwait.Progress {
	c := b.roster.standing()
	p.Total += c.Skipped
	p.Succeeded += c.Skipped - c.SkippedBad
	p.Failed += c.SkippedBad - c.SkippedErrored
	p.Errored += c.SkippedErrored
	return p
}

// run waits for all ids and writes their lines, and judges the whole.
func (b *batch) run(ctx context.Context, from *source, stderr io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	broken := b.failedBefore(from)
	if broken == nil {
		broken = b.wait(ctx, b.fresh(from.all(), cancel))
	}
	if broken == nil {
		broken = b.settleUnknown(ctx)
	}
	if err := b.sink.Close(); broken == nil && err != nil {
		broken = notWritten(err)
	}
	b.console.close()
	b.conclude(stderr)
	if broken == nil {
		broken = b.ending(ctx).verdict()
	}
	return b.draw(stderr, broken)
}

// ending says all that the verdict is about.
func (b *batch) ending(ctx context.Context) ending {
	e := ending{
		counts: b.roster.standing(), read: b.read.Load(), cause: context.Cause(ctx),
		refused: b.refused, failFast: b.config.FailFast, failed: b.failed, unwritten: b.unwritten,
	}
	_, e.kept = b.sink.(*resultlog.File)
	if e.Unknown > 0 && e.cause == nil {
		e.stranger = &unknownError{
			jobs: report.Count(e.Unknown, "job"), absent: b.check.hasNoList(ctx, b.poller),
			url: shownURL(cmp.Or(b.config.BaseURL, edenwait.DefaultBaseURL)),
		}
	}
	return e
}

// draw draws the picture. That it cannot be drawn is told, and must not hide how
// the jobs ended.
func (b *batch) draw(stderr io.Writer, verdict error) error {
	if b.canvas == nil {
		return verdict
	}
	err := errBlocked
	b.console.patience.do(func() { err = b.canvas.put(b.picture.Draw) })
	if err == nil {
		return verdict
	}
	if verdict == nil {
		return unfinished("--timeline: %w", err)
	}
	say(stderr, "--timeline: %v", err)
	return verdict
}

// wait writes the results as they come.
func (b *batch) wait(ctx context.Context, ids iter.Seq[string]) error {
	if b.console.screen == nil && !b.quiet {
		stopped, told := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(told)
			beat(stopped, func(elapsed time.Duration) { b.console.say("%s", standingLine(elapsed, b.whole(*b.progress.Load()))) })
		}()
		defer func() {
			close(stopped)
			b.console.patience.wait(told)
		}()
	}
	doubted := 0 // how many unknown jobs were thought about
	for r := range b.waiter.AsCompleted(ctx, ids) {
		if err := b.settle(r, ctx.Err() != nil); err != nil {
			return err
		}
		if unknown := len(b.unknown); unknown == doubted+manyUnknown {
			if doubted = unknown; !b.doubt(ctx, unknown) {
				break // for the rest there is no hope
			}
		}
	}
	return nil
}

// manyUnknown is after how many ids that are unknown, without one that is known, it
// is looked at where they come from.
const manyUnknown = 100

// doubt says what it may mean that so many jobs are unknown and none is known. It
// reports whether the rest is still to be waited for: unless there is no job list
// either, and none of other ids, taken from anywhere in the batch, is known.
func (b *batch) doubt(ctx context.Context, unknown int) bool {
	switch unknown {
	case manyUnknown:
		if b.check.hasNoList(ctx, b.poller) == nil {
			b.console.say("the first %d jobs that were polled are all unknown to the API: is this the right account?", unknown)
			break
		}
		for _, id := range b.roster.sample(unknown) {
			b.waiter.Notify(id)
		}
	case 3 * manyUnknown:
		return b.check.hasNoList(ctx, b.poller) == nil || b.check.known.Load()
	}
	return true
}
