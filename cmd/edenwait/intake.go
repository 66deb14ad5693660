package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/ids"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
)

// retry reports which error lines to remove from the results file: the lines of this run's
// ids. If the ids cannot be read twice, it is every error line.
func (b *batch) retry(from *source) func(id string) bool {
	if !b.retryErrors {
		return nil
	}
	if !from.repeatable() {
		return func(string) bool { return true }
	}
	wanted := map[uuid.UUID]struct{}{}
	for id := range from.all() {
		if parsed, ok := ids.Parse(id.ID); ok {
			wanted[parsed] = struct{}{}
		}
	}
	return func(id string) bool {
		parsed, ok := ids.Parse(id)
		_, is := wanted[parsed]
		return !ok || is
	}
}

// failedBefore returns the error of --fail-fast for a job that failed in an earlier run.
// It is known before the first request.
func (b *batch) failedBefore(from *source) error {
	if _, kept := b.sink.(*resultlog.File); !kept || !b.config.FailFast || !from.repeatable() {
		return nil
	}
	for id := range from.all() {
		if outcome, failed := b.jobTable.failedEarlier(id.ID); failed {
			return b.stoppedBefore(id.ID, outcome)
		}
	}
	return nil
}

// stoppedBefore is the error of --fail-fast for a job that failed in an earlier run. It
// names --retry-errors only if that would poll this job again.
func (b *batch) stoppedBefore(id string, outcome edenwait.Outcome) error {
	retry := ""
	if outcome == edenwait.OutcomeError {
		retry = ", or with --retry-errors to poll the jobs without a result again"
	}
	return &exit{exitFailed, fmt.Errorf("stopped by --fail-fast: job %s did not succeed in an earlier run (its line is in %s). "+
		"Run without --fail-fast to wait for the other jobs%s", id, b.output, retry)}
}

// pending yields the ids to wait for.
func (b *batch) pending(from iter.Seq2[locatedID, error], cancel context.CancelCauseFunc) iter.Seq[string] {
	return func(yield func(string) bool) {
		var ended error
		defer func() { b.read.Store(&ended) }()
		for id, err := range from {
			if err != nil {
				if ended == nil {
					ended = err
				}
				continue // the next file may be good
			}
			wait, earlier := b.jobTable.add(id.ID)
			if earlier != nil {
				b.tally.Earlier(earlier.provider, earlier.cost)
			}
			if !wait {
				if outcome, failed := b.jobTable.failedEarlier(id.ID); failed && b.config.FailFast {
					ended = b.stoppedBefore(id.ID, outcome)
					cancel(ended)
					return
				}
				continue
			}
			if parsed, ok := ids.Parse(id.ID); ok {
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

// errStopped ends the reading of ids that nobody wants any more.
var errStopped = errors.New("stopped")

// mostReported is how many malformed ids are shown.
const mostReported = 10

// report reports a malformed id, even with --quiet, since nothing else would.
func (b *batch) report(id locatedID) {
	switch n := b.malformed.Add(1); {
	case n <= mostReported:
		message(b.console.err, "%s: malformed id %q: want a UUID", id.place, id.ID)
	case n == mostReported+1:
		message(b.console.err, "%s: further malformed ids are not reported", id.place)
	}
}
