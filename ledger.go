package edenwait

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/edenwait/edenwait/internal/schedule"
)

// The ledger is the engine's side that keeps the jobs: from the ids that come in
// to the results that go out.

// lastLook is how long before MaxWait a job is looked at once more, so that one
// that has ended by then is not given up: time for the list and the GETs that
// follow from it.
const lastLook = 2 * time.Second

// takeAll takes in the ids of a batch that is known whole, in memory of the
// right size.
func (e *engine) takeAll(ids []string) {
	e.jobs = slices.Grow(e.jobs, len(ids))
	e.known = make(map[uuid.UUID]int32, len(ids))
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
	number, again := e.known[parsed]
	if again && number >= 0 {
		e.twins = append(e.twins, twin{id: id, index: int32(index), next: e.jobs[number].twin})
		e.jobs[number].twin = int32(len(e.twins))
		return
	}
	// One that ended before is asked about anew, since its result is not kept. Its
	// hooks were called if there was one; if it was given up, they still may be.
	j := job{id: id, since: now, index: int32(index), mute: again && number != gaveUpMark, told: again}
	switch {
	case j.mute:
		e.repeats++
	case again:
		e.counts.Errored--
	default:
		e.counts.Total++
	}
	number = e.schedule.Add(now)
	e.known[parsed] = number
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
		e.emit(index, Result{ID: id, Err: bad.err})
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
			e.emit(place, Result{ID: id, Err: bad.err})
		}
	})
	e.failFast(err)
}

// setBackOff gives the job a BackOff of its own, if there are to be any.
func (e *engine) setBackOff(number schedule.Job) {
	if e.config.BackOff == nil {
		return
	}
	for int(number) >= len(e.paces) {
		e.paces = append(e.paces, pace{})
	}
	e.paces[number] = e.newPace()
}

// delay is how long until the job's next poll; false if its BackOff has stopped.
func (e *engine) delay(number schedule.Job) (time.Duration, bool) {
	if e.config.BackOff == nil {
		// The list shows a job more often than it would be polled; its age keeps
		// the delay to what polls alone would have made of it.
		j := &e.jobs[number]
		aged := float64(firstDelay) + (delayGrows-1)*float64(e.now()-j.since)
		return min(e.Waiter.delay(&j.rung), time.Duration(aged*(1+jitter))), true
	}
	return e.paces[number].next(e.Waiter)
}

// due is when a job is polled after a delay, which may not leap over its last
// look.
func (e *engine) due(j *job, now, delay time.Duration) time.Duration {
	last := j.since + e.config.MaxWait - lastLook
	if last <= now {
		return now + delay
	}
	return min(now+delay, last)
}

// untilLastLook is how long until the list is worth asking because of MaxWait:
// until the first last look that is still to come.
func (e *engine) untilLastLook(now time.Duration) time.Duration {
	look := func(d deadline) time.Duration { return d.since + e.config.MaxWait - lastLook }
	next, _ := slices.BinarySearchFunc(e.deadlines, now, func(d deadline, now time.Duration) int {
		if look(d) <= now {
			return -1
		}
		return 1
	})
	for _, d := range e.deadlines[next:] {
		if j := &e.jobs[d.number]; j.id != "" && j.since == d.since {
			// Jobs that came one after another share a look, rather than one each.
			return max(look(d)-now, lastLook/2)
		}
	}
	return maxDuration
}

// nextDeadline is how long until MaxWait ends the next job.
func (e *engine) nextDeadline(now time.Duration) time.Duration {
	if len(e.deadlines) == 0 {
		return maxDuration
	}
	return e.deadlines[0].since + e.config.MaxWait - now
}

// expire gives up the jobs whose MaxWait has passed. A job whose GET is under
// way has until that is answered, which is no later than its MaxWait either.
func (e *engine) expire(now time.Duration) {
	for len(e.deadlines) > 0 && e.nextDeadline(now) <= 0 {
		due := e.deadlines[0]
		e.deadlines = e.deadlines[1:]
		// The job may have ended, and its number be another's by now.
		if j := &e.jobs[due.number]; j.id != "" && j.since == due.since && !e.schedule.Asked(due.number) {
			e.giveUp(due.number, e.maxWaitPassed(), now)
		}
	}
}

// expireAsked gives up a job whose MaxWait passed while its GET was under way.
func (e *engine) expireAsked(number schedule.Job, now time.Duration) {
	if j := &e.jobs[number]; j.id != "" && now-j.since >= e.config.MaxWait && e.cause == nil {
		e.giveUp(number, e.maxWaitPassed(), now)
	}
}

func (e *engine) maxWaitPassed() error {
	return fmt.Errorf("%w (%v)", ErrMaxWait, e.config.MaxWait)
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

// giveUpAll settles the jobs that the end of the batch found waiting. They have
// not ended, so no hook hears of them.
func (e *engine) giveUpAll() {
	e.takeLast()
	if e.live == 0 {
		return
	}
	now := e.now()
	for number := range e.jobs {
		if j := &e.jobs[number]; j.id != "" {
			e.emitAll(j, Result{Err: e.gaveUp(j, e.cause, now), Polls: int(j.polls), Waited: now - j.since})
		}
	}
}

// endJob ends a job: its hook is called, then its results are handed out.
func (e *engine) endJob(number schedule.Job, final *Job, err error, now time.Duration) {
	ended := e.jobs[number]
	e.jobs[number] = job{}
	e.live--
	if ended.mute {
		e.repeats--
	}
	if id, parseErr := parseID(ended.id); parseErr == nil {
		e.known[id] = gaveUpMark
		if final != nil {
			e.known[id] = endMark(now)
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

// endMark and endedAt keep when a job ended in place of its number: negative,
// and in tenths of a second, which suffices for six years.
func endMark(ended time.Duration) int32 { return ^int32(ended / (time.Second / 10)) }

// gaveUpMark stands for a job that was given up, and may still run: endedAt makes
// a time of it at which nothing that is listed can be out of date.
const gaveUpMark = math.MinInt32

func endedAt(mark int32) time.Duration { return time.Duration(^mark) * (time.Second / 10) }

// failFast ends the batch with the first error, if that is wanted.
func (e *engine) failFast(err error) {
	if err != nil && e.config.FailFast {
		// Without wrapping: the others did not fail for this one's reason.
		e.end(fmt.Errorf("%w: %v", ErrFailFast, err))
	}
}

// hookFor counts how a job ended and calls its hook, if it has one.
func (e *engine) hookFor(j *job, final *Job, err error, then func(error)) {
	hooks := &e.config.Hooks
	var count *int
	var call func() error
	switch {
	case err == nil:
		count = &e.counts.Succeeded
		if hooks.OnSuccess != nil {
			call = func() error { return hooks.OnSuccess(e.ctx, final) }
		}
	case final != nil && final.Status == StatusFail:
		count = &e.counts.Failed
		if hooks.OnFail != nil {
			call = func() error { return hooks.OnFail(e.ctx, final) }
		}
	default:
		count = &e.counts.Errored
		if !j.told {
			call = e.errorHook(j.id, err)
		}
	}
	if j.mute {
		call = nil
	} else {
		*count++
	}
	e.callHook(j.id, call, then)
}

func (e *engine) errorHook(id string, err error) func() error {
	hook := e.config.Hooks.OnError
	if hook == nil {
		return nil
	}
	return func() error {
		hook(e.ctx, id, err)
		return nil
	}
}

// callHook has then called after the hook, at once if there is none.
func (e *engine) callHook(id string, call func() error, then func(error)) {
	if call == nil {
		then(nil)
		return
	}
	e.hooks.add(&hookCall{id: id, call: call, then: then})
}

// joinHookError puts a hook's error beside the job's own.
func joinHookError(err, hookErr error) error {
	switch {
	case hookErr == nil:
		return err
	case err == nil:
		return hookErr
	default:
		return fmt.Errorf("%w; %w", err, hookErr)
	}
}

// emitAll hands out a job's result at every place where its id stood.
func (e *engine) emitAll(j *job, r Result) {
	r.ID = j.id
	e.emit(int(j.index), r)
	for next := j.twin; next != 0; {
		t := &e.twins[next-1]
		r.ID = t.id
		e.emit(int(t.index), r)
		next, t.id = t.next, ""
	}
}

func (e *engine) emit(index int, r Result) {
	if e.out != nil {
		e.out.add(r)
		return
	}
	e.settle(index, r)
}

func (e *engine) logStart() {
	e.log.Info("batch started", zap.Int("jobs", e.counts.Total), zap.Bool("list", e.lister != nil))
}

func (e *engine) logEnd() {
	p := e.standing()
	e.log.Info("batch ended", zap.Int("jobs", p.Total), zap.Int("succeeded", p.Succeeded), zap.Int("failed", p.Failed),
		zap.Int("errored", p.Errored), zap.Int("waiting", p.Waiting), zap.Int("requests", p.Requests), zap.Int("lists", p.Lists),
		zap.Int("rate_limited", p.RateLimited), zap.Duration("took", p.Elapsed), zap.NamedError("ended_early", e.cause))
}
