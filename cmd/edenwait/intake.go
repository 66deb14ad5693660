package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
)

// retry says which lines of the results file are to be removed: those of the ids
// of this run, as far as these can be known before they are needed.
func (b *batch) retry(from *source) func(id string) bool {
	if !b.retryErrors {
		return nil
	}
	if !from.repeatable() {
		return func(string) bool { return true }
	}
	asked := map[uuid.UUID]struct{}{}
	for id := range from.all() {
		if parsed, ok := parseID(id.ID); ok {
			asked[parsed] = struct{}{}
		}
	}
	return func(id string) bool {
		parsed, ok := parseID(id)
		_, is := asked[parsed]
		return !ok || is
	}
}

// failedBefore finds, before anything is requested, that --fail-fast is to stop
// for a job of an earlier run.
func (b *batch) failedBefore(from *source) error {
	if _, kept := b.sink.(*resultlog.File); !kept || !b.config.FailFast || !from.repeatable() {
		return nil
	}
	for id := range from.all() {
		if b.roster.failed(id.ID) {
			return b.stoppedBefore(id.ID)
		}
	}
	return nil
}

// stoppedBefore is the end by --fail-fast for a job of an earlier run.
func (b *batch) stoppedBefore(id string) error {
	return &exit{exitFailed, fmt.Errorf("stopped by --fail-fast: job %s did not succeed in an earlier run, says its line in %s; "+
		"run without --fail-fast to wait for the others, with --retry-errors to poll jobs without a result again", id, b.output)}
}

// fresh yields the ids that are to be waited for.
func (b *batch) fresh(from iter.Seq2[named, error], cancel context.CancelCauseFunc) iter.Seq[string] {
	return func(yield func(string) bool) {
		var ended error
		defer func() { b.read.Store(&ended) }()
		for id, err := range from {
			if err != nil {
				if ended == nil {
					ended = err
				}
				continue // with the next file
			}
			wait, earlier := b.roster.ask(id.ID)
			if earlier != nil {
				b.tally.Earlier(earlier.provider, earlier.cost)
			}
			if !wait {
				if b.config.FailFast && b.roster.failed(id.ID) {
					ended = b.stoppedBefore(id.ID)
					cancel(ended)
					return
				}
				continue
			}
			if parsed, ok := parseID(id.ID); ok {
				b.picture.Taken(parsed)
			} else {
				b.report(id)
			}
			if !yield(id.ID) {
				ended = errStopped
				return
			}
		}
	}
}

// errStopped is the end of reading ids that were no longer wanted.
var errStopped = errors.New("stopped")

// mostReported is how many malformed ids are shown.
const mostReported = 10

// report shows a malformed id, also where --quiet is wanted: it is the one thing
// that nothing else would tell of.
func (b *batch) report(id named) {
	switch n := b.malformed.Add(1); {
	case n <= mostReported:
		say(b.console.err, "%s: not a job id: %q", id.place, id.ID)
	case n == mostReported+1:
		say(b.console.err, "%s: more malformed ids, which are not shown", id.place)
	}
}
