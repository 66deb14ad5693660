package edenwait

import (
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait/internal/schedule"
)

// The default delays between two polls of a job: a finished job is known to be
// so within a second and a third of its own duration, and within ten seconds or,
// with jitter, eleven. Full jitter would be of no use: it is made to part clients
// that failed together, and the budget spaces ours anyway.
const (
	firstDelay = time.Second
	delayGrows = 1.3
	lastDelay  = 10 * time.Second
	jitter     = 0.1
)

// newLadder computes the default delays once, so that a job need only keep its
// rung instead of a BackOff of its own.
func newLadder() []time.Duration {
	b := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstDelay),
		backoff.WithMultiplier(delayGrows),
		backoff.WithMaxInterval(lastDelay),
		backoff.WithRandomizationFactor(0), // which exceeds MaxInterval; see step
		backoff.WithMaxElapsedTime(0),
	)
	var ladder []time.Duration
	for {
		delay := b.NextBackOff()
		ladder = append(ladder, delay)
		if delay >= lastDelay {
			return ladder
		}
	}
}

// step is the delay on a rung of the ladder, and takes the job one up.
func (w *Waiter) step(rung *uint8) time.Duration {
	delay := w.ladder[*rung]
	*rung = min(*rung+1, uint8(len(w.ladder)-1))
	return time.Duration(float64(delay) * (1 + jitter*(2*rand.Float64()-1)))
}

// pace is how the delays of one job, or of the list, go on.
type pace struct {
	rung   uint8
	custom backoff.BackOff // instead of the ladder
}

func (w *Waiter) newPace() pace {
	if w.config.BackOff == nil {
		return pace{}
	}
	p := pace{custom: w.config.BackOff()}
	p.reset() // its documentation asks for it before the first use
	return p
}

// reset begins anew with the shortest delay.
func (p *pace) reset() {
	p.rung = 0
	if p.custom != nil {
		p.custom.Reset()
	}
}

// next is the next delay; false if the BackOff has stopped.
func (p *pace) next(w *Waiter) (time.Duration, bool) {
	if p.custom == nil {
		return w.step(&p.rung), true
	}
	delay := p.custom.NextBackOff()
	if delay == backoff.Stop {
		return 0, false
	}
	return min(max(delay, 0), maxDuration), true
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
		return min(e.step(&j.rung), time.Duration(aged*(1+jitter))), true
	}
	return e.paces[number].next(e.Waiter)
}
