package edenwait

import (
	"fmt"
	"slices"
	"time"

	"github.com/edenwait/edenwait/internal/schedule"
)

// lastLook is how long before MaxWait, or the deadline of the context, a job is
// looked at once more, so that one that has ended by then is not given up: time
// for the list and the GETs that follow from it.
const lastLook = 2 * time.Second

// lookAt is when a job is looked at for the last time.
func (e *engine) lookAt(since time.Duration) time.Duration {
	return min(since+e.config.MaxWait, e.deadline) - lastLook
}

// due is when a job is polled after a delay, which may not leap over its last
// look.
func (e *engine) due(j *job, now, delay time.Duration) time.Duration {
	last := e.lookAt(j.since)
	if last <= now {
		return now + delay
	}
	return min(now+delay, last)
}

// untilLastLook is how long until the list is worth asking because time runs
// out: until the first last look that is still to come.
func (e *engine) untilLastLook(now time.Duration) time.Duration {
	until := maxDuration
	if look := e.deadline - lastLook; look > now {
		until = look - now
	}
	next, _ := slices.BinarySearchFunc(e.deadlines, now, func(d deadline, now time.Duration) int {
		if e.lookAt(d.since) <= now {
			return -1
		}
		return 1
	})
	for _, d := range e.deadlines[next:] {
		if j := &e.jobs[d.number]; j.live() && j.since == d.since {
			// Jobs that came one after another share a look, rather than one each.
			return min(until, max(e.lookAt(d.since)-now, lastLook/2))
		}
	}
	return until
}

// nextDeadline is how long until MaxWait ends the next job.
func (e *engine) nextDeadline(now time.Duration) time.Duration {
	if len(e.deadlines) == 0 {
		return maxDuration
	}
	return e.deadlines[0].since + e.config.MaxWait - now
}

// hurry tells the schedule when a job has no more time than its last look needs,
// and returns how long until that, or the job's end, changes anything.
func (e *engine) hurry(now time.Duration) time.Duration {
	next := e.nextDeadline(now)
	first := min(next, e.deadline-now)
	e.schedule.Hurry(first <= lastLook)
	if first <= lastLook {
		return next // and the end of the context tells of itself
	}
	return first - lastLook
}

// expire gives up the jobs whose MaxWait has passed. A job whose GET is under
// way has until that ends, which its context sees to.
func (e *engine) expire(now time.Duration) {
	for len(e.deadlines) > 0 && e.nextDeadline(now) <= 0 {
		due := e.deadlines[0]
		e.deadlines = e.deadlines[1:]
		// The job may have ended, and its number be another's by now.
		if j := &e.jobs[due.number]; j.live() && j.since == due.since && !e.schedule.Asked(due.number) {
			e.giveUp(due.number, e.because(due.number, e.maxWaitPassed()), now)
		}
	}
}

// expireAsked gives up a job whose MaxWait passed while its GET was under way.
func (e *engine) expireAsked(number schedule.Job, now time.Duration) {
	if j := &e.jobs[number]; j.live() && now-j.since >= e.config.MaxWait && e.cause == nil {
		e.giveUp(number, e.because(number, e.maxWaitPassed()), now)
	}
}

func (e *engine) maxWaitPassed() error {
	return fmt.Errorf("%w (%v)", ErrMaxWait, e.config.MaxWait)
}
