package edenwait

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait/internal/schedule"
)

// The ledger is the engine's side that keeps the jobs: from the ids that come in
// to the results that go out.

// trace is what is known of an id that was taken in: the number of the job that
// is waited for, or when it ended. It is small, since there may be a million.
type trace int32

const (
	// gaveUp is the trace of a job that was given up, and may still run.
	gaveUp trace = math.MinInt32 + iota
	// gaveUpAgain is that of one which had ended before, came again, and was given
	// up then: its hooks have heard of its end.
	gaveUpAgain
)

// endedAt is the trace of a job that ended: negative, and in tenths of a second,
// which suffices for six years.
func endedAt(now time.Duration) trace { return ^trace(now / traceUnit) }

const traceUnit = time.Second / 10

// number is that of the job, if it is waited for.
func (t trace) number() (number schedule.Job, waits bool) { return schedule.Job(t), t >= 0 }

// ended is when the job ended, if it has.
func (t trace) ended() (at time.Duration, has bool) {
	return time.Duration(^t) * traceUnit, t < 0 && t > gaveUpAgain
}

// takeAll takes in the ids of a batch that is known whole, in memory of the
// right size.
func (e *engine) takeAll(ids []string) {
	e.jobs = slices.Grow(e.jobs, len(ids))
	e.traces = make(map[uuid.UUID]trace, len(ids))
	e.schedule.Grow(len(ids))
	for i, id := range ids {
		e.take(id, i)
	}
}

// takeNew takes in the ids that have come since.
func (e *engine) takeNew() {
	if !e.more {
		return
	}
	var ids []string
	ids, e.more = e.in.take()
	for _, id := range ids {
		e.take(id, 0)
	}
}

// takeLast takes in the ids that have come until now, the last of this call.
func (e *engine) takeLast() {
	if !e.more {
		return
	}
	e.more = false
	for _, id := range e.in.close() {
		e.take(id, 0)
	}
}

// take takes in one id.
func (e *engine) take(id string, index int) {
	now := e.now()
	parsed, err := parseID(id)
	if err != nil {
		e.refuse(id, index, fmt.Errorf("edenwait: %w", err))
		return
	}
	found, again := e.traces[parsed]
	if number, waits := found.number(); again && waits {
		e.twins = append(e.twins, twin{id: id, index: int32(index), next: e.jobs[number].twin})
		e.jobs[number].twin = int32(len(e.twins))
		return
	}
	// One that ended before is asked about anew, since its result is not kept.
	j := job{id: id, since: now, index: int32(index)}
	switch {
	case !again:
		e.counts.Total++
	case found == gaveUp:
		j.heard = heardGaveUp
		e.counts.Errored--
	default:
		j.heard = heardEnd
		e.repeats++
	}
	number := e.schedule.Add(now)
	e.traces[parsed] = trace(number)
	if int(number) == len(e.jobs) {
		e.jobs = append(e.jobs, job{})
	}
	e.jobs[number] = j
	e.setBackOff(number)
	if e.config.MaxWait < maxDuration {
		e.deadlines = append(e.deadlines, deadline{number, now})
	}
	e.live++
}

// badID is an id about which nothing can be asked.
type badID struct {
	err    error
	hooked bool  // its hook has been called, and err holds what came of it
	places []int // that wait for the hook
}

// refuse answers a bad id, at every place where it stands.
func (e *engine) refuse(id string, index int, err error) {
	if bad, again := e.badIDs[id]; again && bad.hooked {
		e.settle(index, Result{ID: id, Err: bad.err})
		return
	} else if again {
		bad.places = append(bad.places, index)
		return
	}
	if e.badIDs == nil {
		e.badIDs = map[string]*badID{}
	}
	bad := &badID{places: []int{index}}
	e.badIDs[id] = bad
	e.counts.Total++
	e.counts.Errored++
	e.callHook(id, e.errorHook(id, err), func(hookErr error) {
		bad.err, bad.hooked = joinHookError(err, hookErr), true
		for _, place := range bad.places {
			e.settle(place, Result{ID: id, Err: bad.err})
		}
	})
	e.failFast(err)
}

// giveUp ends a job without a final response, by a decision of ours.
func (e *engine) giveUp(number schedule.Job, why error, now time.Duration) {
	e.schedule.Drop(number)
	e.endWithout(number, why, now)
}

// endWithout ends a job without a final response.
func (e *engine) endWithout(number schedule.Job, why error, now time.Duration) {
	e.endJob(number, nil, e.gaveUp(&e.jobs[number], why, now), now)
}

func (e *engine) gaveUp(j *job, why error, now time.Duration) *GaveUpError {
	g := &GaveUpError{ID: j.id, Polls: int(j.polls), Waited: now - j.since, Err: why}
	if j.seen {
		g.LastStatus = StatusProcessing
	}
	return g
}

// because is why a wait ended before the job did, and what its last request came
// to if that failed: what stood in the way, as far as is known.
func (e *engine) because(number schedule.Job, why error) error {
	last := e.failures[number]
	var api *APIError
	switch {
	case last == nil:
		return why
	case errors.As(last, &api) && !errors.Is(last, ErrNotFound):
		return fmt.Errorf("%w; its last request failed: %w", why, last)
	default:
		// In words only: a 404 that is not believed yet must not be taken for the
		// API's last word, nor a request out of time for a context that is.
		return fmt.Errorf("%w; its last request failed: %v", why, last)
	}
}

// giveUpAll settles the jobs that the end of the batch found waiting. They have
// not ended, so no hook hears of them.
func (e *engine) giveUpAll() {
	e.takeLast()
	if e.live == 0 {
		return
	}
	now := e.now()
	for number := range e.jobs {
		if j := &e.jobs[number]; j.live() {
			e.emitAll(j, Result{Err: e.gaveUp(j, e.because(schedule.Job(number), e.cause), now), Polls: int(j.polls), Waited: now - j.since})
		}
	}
}

// endJob ends a job: its hook is called, then its results are handed out.
func (e *engine) endJob(number schedule.Job, final *Job, err error, now time.Duration) {
	ended := e.jobs[number]
	e.jobs[number] = job{}
	delete(e.failures, number)
	e.live--
	if ended.heard == heardEnd {
		e.repeats--
	}
	if id, parseErr := parseID(ended.id); parseErr == nil {
		switch {
		case final != nil:
			e.traces[id] = endedAt(now)
		case ended.heard == heardEnd:
			e.traces[id] = gaveUpAgain
		default:
			e.traces[id] = gaveUp
		}
	}
	if e.config.BackOff != nil {
		e.paces[number] = pace{}
	}
	e.hookFor(&ended, final, err, func(hookErr error) {
		e.emitAll(&ended, Result{
			Job: final, Err: joinHookError(err, hookErr), Polls: int(ended.polls), Waited: now - ended.since,
		})
	})
	e.failFast(err)
}

// failFast ends the batch with the first error, if that is wanted.
func (e *engine) failFast(err error) {
	if err != nil && e.config.FailFast {
		// Without wrapping: the others did not fail for this one's reason.
		e.end(fmt.Errorf("%w: %v", ErrFailFast, err))
	}
}

// emitAll hands out a job's result at every place where its id stood.
func (e *engine) emitAll(j *job, r Result) {
	r.ID = j.id
	e.settle(int(j.index), r)
	for next := j.twin; next != 0; {
		t := &e.twins[next-1]
		r.ID = t.id
		e.settle(int(t.index), r)
		next, t.id = t.next, ""
	}
}
