package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"sync/atomic"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/bar"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
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
	canvas  *atomicFile  // for the picture
	row     *bar.Row // nil without a bar
	proof   proof

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
func (b *batch) prepare(ctx context.Context) (err error) {
	if b.config, err = b.flags.config(ctx); err != nil {
		return err
	}
	if _, err := edenwait.New(b.config); err != nil {
		return flagError(err)
	}
	_, err = (&console{err: io.Discard}).logger(b.flags.logLevel, b.flags.logFormat)
	return err
}

// open opens what the batch writes to: the results last, so that nothing is left
// behind if there is anything else to complain about.
func (b *batch) open(ctx context.Context, stdout, stderr io.Writer) (err error) {
	if b.flags.timeline != "" {
		b.picture = timeline.NewRecorder()
		if b.canvas, err = openAtomicFile(ctx, b.flags.timeline); err != nil {
			return cannot("--timeline", err)
		}
	}
	known := 0
	each := func(id string, outcome resultlog.Outcome) {
		known++
		b.roster.has(id, outcome)
	}
	if b.sink, err = b.flags.openSink(ctx, stdout, each); err != nil {
		return cannot("--output", err)
	}
	out := stdout
	d, isDevice := b.sink.(device)
	if isDevice && isTerminal(d.file) {
		out = d.file // on which the bar may be too, as when it is /dev/stdout
	}
	b.console = newConsole(out, stderr, !b.flags.quiet)
	if err := b.connect(); err != nil {
		b.console.close()
		return errors.Join(err, b.sink.Close())
	}
	switch s := b.sink.(type) {
	case resultlog.Stream:
		b.sink = resultlog.Stream{Writer: b.console.out}
	case device:
		if out == s.file {
			b.sink = device{resultlog.Stream{Writer: b.console.out}, s.file}
		}
	case *resultlog.File:
		if s.Cut > 0 {
			b.say("%s ended in a torn line: %d bytes cut off", b.flags.output, s.Cut)
		}
		if known > 0 {
			b.say("%s in %s already", report.Count(known, "result"), b.flags.output)
		}
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
	b.config.Source = &watch{Poller: poller, proof: &b.proof, roster: b.roster, tally: b.tally, timeline: b.picture}
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
	b.conclude(stderr)
	err := b.verdict(ctx)
	if broken != nil {
		err = unfinished("the results could not be written any further: %w; what was written is kept, the rest can be had for 7 days", broken)
	}
	return b.draw(stderr, err)
}

// draw draws the picture. That it cannot be drawn is told, and must not hide how
// the jobs ended.
func (b *batch) draw(stderr io.Writer, verdict error) error {
	if b.canvas == nil {
		return verdict
	}
	err := b.canvas.put(b.picture.Draw)
	if err == nil {
		return verdict
	}
	if verdict == nil {
		return unfinished("--timeline: %w", err)
	}
	say(stderr, "--timeline: %v", err)
	return verdict
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
	switch stands(r, over, b.proof.given.Load()) {
	case notEnded:
		if errors.Is(r.Err, edenwait.ErrUnauthorized) || errors.Is(r.Err, edenwait.ErrPaymentRequired) {
			b.refused = r.Err
		}
		return nil
	case givenUp:
		b.failed = true
		b.tally.GaveUp(r.Err)
		b.roster.gaveUp()
		if _, kept := b.sink.(*resultlog.File); kept {
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
	line := resultlog.Line{ID: r.ID, Outcome: outcome(r), Job: r.Job}
	if r.Err != nil {
		line.Error = strings.Replace(r.Err.Error(), edenwait.ErrResponseTooLarge.Error(), report.TooLarge, 1)
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

// say speaks to people, unless they want quiet.
func (b *batch) say(format string, args ...any) {
	if !b.flags.quiet {
		say(b.console.err, format, args...)
	}
}
