package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync/atomic"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/bar"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/ledger"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/timeline"
)

// batch is one run of wait.
type batch struct {
	flags   *waitFlags
	config  edenwait.Config
	sink    sink
	console *console
	waiter  *edenwait.Waiter
	roster  *roster
	tally   *report.Tally
	picture *timeline.Recorder
	canvas  *os.File // for the picture
	row     *bar.Row // nil without a bar

	progress atomic.Pointer[edenwait.Progress]
	read     atomic.Pointer[error] // how reading the ids ended; nil while it goes on
	refused  error                 // the answer that concerned every job
	failed   bool                  // with --fail-fast: a job has no success
}

func newBatch(flags *waitFlags) *batch {
	b := &batch{flags: flags, roster: newRoster(), tally: report.NewTally()}
	b.progress.Store(&edenwait.Progress{})
	return b
}

// prepare checks the flags as the library does, before anything is touched.
func (b *batch) prepare() (err error) {
	if b.config, err = b.flags.config(); err != nil {
		return err
	}
	if _, err := edenwait.New(b.config); err != nil {
		return flagError(err)
	}
	_, err = (&console{err: io.Discard}).logger(b.flags.logLevel, b.flags.logFormat)
	return err
}

// open opens what the batch writes to.
func (b *batch) open(stdout, stderr io.Writer) (err error) {
	if b.sink, err = b.flags.openSink(stdout, b.roster.has); err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	if b.flags.timeline != "" {
		// Opened now, to find out whether it can be, but not yet emptied: the
		// picture of an earlier run stays until there is a new one.
		b.picture = timeline.NewRecorder()
		if b.canvas, err = os.OpenFile(b.flags.timeline, os.O_WRONLY|os.O_CREATE, 0o644); err != nil {
			return errors.Join(fmt.Errorf("--timeline: %w", err), b.sink.Close())
		}
	}
	b.console = newConsole(stdout, stderr, !b.flags.quiet)
	if err := b.connect(); err != nil {
		b.console.close()
		return errors.Join(err, b.sink.Close())
	}
	if s, ok := b.sink.(ledger.Stream); ok && s.Writer == stdout {
		b.sink = ledger.Stream{Writer: b.console.out}
	}
	if f, ok := b.sink.(*ledger.File); ok && f.Cut > 0 {
		b.say("%s ended in a torn line: %d bytes cut off", b.flags.output, f.Cut)
	}
	if b.console.screen != nil {
		b.row = b.console.screen.Row("")
	}
	return nil
}

// connect makes the Waiter, whose questions pass by the watch.
func (b *batch) connect() (err error) {
	if b.config.Logger, err = b.console.logger(b.flags.logLevel, b.flags.logFormat); err != nil {
		return err
	}
	poller, err := edenwait.NewPoller(b.config)
	if err != nil {
		return flagError(err)
	}
	b.config.Source = &watch{Poller: poller, roster: b.roster, tally: b.tally, timeline: b.picture}
	b.config.Hooks.OnProgress = func(p edenwait.Progress) {
		b.progress.Store(&p)
		if b.row != nil {
			b.row.Set(p)
		}
	}
	b.waiter, err = edenwait.New(b.config)
	return flagError(err)
}

// run waits for all ids and writes their lines, and judges the whole.
func (b *batch) run(ctx context.Context, source iter.Seq2[string, error], stderr io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var broken error
	for r := range b.waiter.AsCompleted(ctx, b.fresh(source, cancel)) {
		if broken = b.settle(r, ctx.Err() != nil); broken != nil {
			break
		}
	}
	if err := b.sink.Close(); broken == nil {
		broken = err
	}
	b.console.close()
	if err := b.conclude(stderr); err != nil {
		return err
	}
	if broken != nil {
		return unfinished("the results could not be written any further: %w; what was written is kept, the rest can be had for 7 days", broken)
	}
	return b.verdict(ctx)
}

// fresh yields the ids that are to be waited for.
func (b *batch) fresh(source iter.Seq2[string, error], cancel context.CancelCauseFunc) iter.Seq[string] {
	return func(yield func(string) bool) {
		var ended error
		defer func() { b.read.Store(&ended) }()
		for id, err := range source {
			if err != nil {
				ended = err
				return
			}
			if !b.roster.ask(id) {
				if c := b.roster.standing(); b.flags.failFast && c.Failed+c.Errored > 0 {
					cancel(errFailedBefore)
					ended = errStopped
					return
				}
				continue
			}
			if parsed, ok := parseID(id); ok {
				b.picture.Taken(parsed)
			}
			if !yield(id) {
				ended = errStopped
				return
			}
		}
	}
}

// errStopped is the end of reading ids that were no longer wanted.
var errStopped = errors.New("stopped")

// errFailedBefore is the cause of a context that --fail-fast has ended for a job
// whose line is from an earlier run.
var errFailedBefore = errors.New("a job did not succeed, says its line from an earlier run")

// settle writes a result's line, if it has one. The error is the sink's.
func (b *batch) settle(r edenwait.Result, over bool) error {
	switch stands(r, over) {
	case notEnded:
		if errors.Is(r.Err, edenwait.ErrUnauthorized) || errors.Is(r.Err, edenwait.ErrPaymentRequired) {
			b.refused = r.Err
		}
		return nil
	case givenUp:
		b.failed = true
		b.tally.GaveUp(r.Err)
		b.roster.gaveUp()
		if _, kept := b.sink.(*ledger.File); kept {
			return nil
		}
		return b.write(r)
	default:
		if err := b.write(r); err != nil {
			return err
		}
		b.count(r)
		return nil
	}
}

func (b *batch) write(r edenwait.Result) error {
	line := ledger.Line{ID: r.ID, Outcome: outcome(r), Job: r.Job}
	if r.Err != nil {
		line.Error = r.Err.Error()
	}
	text, err := line.Encode()
	if err != nil {
		return err
	}
	return b.sink.Append(text)
}

// count counts a job that has its line now.
func (b *batch) count(r edenwait.Result) {
	o := outcome(r)
	b.roster.ended(o)
	switch o {
	case ledger.OutcomeSuccess:
		b.tally.Succeeded(r.Job)
		return
	case ledger.OutcomeFail:
		b.tally.Failed(r.Job)
	default:
		b.tally.Errored(r.Job, r.Err)
	}
	b.failed = true
}

// say speaks to people, unless they want quiet.
func (b *batch) say(format string, args ...any) {
	if !b.flags.quiet {
		say(b.console.err, format, args...)
	}
}
