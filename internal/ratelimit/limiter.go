// Package ratelimit paces requests: evenly spaced, slowed by a 429 and grown
// back.
//
// It is a pure state machine. It is told the time since an origin of the
// caller's choice and never reads a clock. It sends nothing, starts no goroutine,
// and has no lock: its caller holds one.
package ratelimit

import (
	"math"
	"time"
)

// Class is the sender of a request.
type Class uint8

// The classes.
const (
	Poll Class = iota // the Waiter's own requests
	Own               // requests of the caller's own client
)

const (
	classes = 2
	// apart is how many good answers in a row show that a class is not concerned
	// by the other's 429s.
	apart = 20
)

// Limiter limits the requests of both classes together to one rate.
type Limiter struct {
	configured float64
	burst      int
	spacing    spacing

	all   lane
	class [classes]lane
}

// A lane is what all requests, or those of one class, are held to.
type lane struct {
	pacer       pacer
	recovery    recovery
	refusals    refusals
	pausedUntil time.Duration
	clean       int // good answers since the last 429
}

// New returns a Limiter of perSecond requests per second. Up to burst of them may
// go at once after a while without requests, unless the rate is cut.
func New(perSecond float64, burst int) *Limiter {
	l := &Limiter{configured: perSecond, burst: burst, spacing: newSpacing(perSecond)}
	for _, lane := range l.lanes() {
		lane.pacer.slot = math.MinInt64 / 2
		lane.recovery = newRecovery(perSecond)
	}
	return l
}

func (l *Limiter) lanes() [3]*lane { return [...]*lane{&l.all, &l.class[Poll], &l.class[Own]} }

// Configured returns the rate that New was given.
func (l *Limiter) Configured() float64 { return l.configured }

// Delay returns how long until a request of class c may go, 0 for now. It spends
// nothing.
func (l *Limiter) Delay(now time.Duration, c Class) time.Duration {
	own := &l.class[c]
	at := max(now, l.all.pausedUntil, own.pausedUntil)
	at = max(
		l.all.pacer.due(at, l.spacing, &l.all.recovery),
		own.pacer.due(at, l.spacing, &own.recovery))
	return at - now
}

// Take spends one request of class c.
func (l *Limiter) Take(now time.Duration, c Class) {
	for _, lane := range [...]*lane{&l.all, &l.class[c]} {
		rate, burst := lane.recovery.rate(now), l.burst
		if rate < l.configured {
			burst = 1 // what a pause saved up would be refused at its end
		}
		lane.pacer.take(now, l.spacing, rate, burst)
	}
}

// Rate returns how many requests of class c per second may go now.
func (l *Limiter) Rate(now time.Duration, c Class) float64 {
	return min(l.all.recovery.rate(now), l.class[c].recovery.rate(now))
}

// Limited reports a 429 to a request of class c that was sent at sent. It
// returns whether this began a streak of 429s.
func (l *Limiter) Limited(now, sent time.Duration, c Class, retryAfter time.Duration) (began bool) {
	own := &l.class[c]
	concerned := &l.all
	if l.class[1-c].clean >= apart {
		concerned = own
	}
	concerned.pause(now + min(retryAfter, maxRetryAfter))
	own.clean = 0
	// Answers to requests sent before the last cut say nothing about the rate
	// since.
	if sent <= max(l.all.recovery.cutAt, own.recovery.cutAt) {
		return false
	}
	began = own.refusals.streak == 0
	own.pause(now + own.refusals.next(now))
	if concerned == &l.all {
		l.all.pause(now + l.all.refusals.next(now))
	}
	concerned.recovery.cut(now)
	concerned.recovery.resume(max(now, concerned.pausedUntil))
	return began
}

// Answered reports any other answer to a request of class c that was sent at
// sent. It returns whether this ended a streak of 429s.
func (l *Limiter) Answered(now, sent time.Duration, c Class) (ended bool) {
	own := &l.class[c]
	if sent <= max(l.all.recovery.cutAt, own.recovery.cutAt) {
		return false
	}
	own.clean = min(own.clean+1, apart)
	l.all.refusals.end(now)
	return own.refusals.end(now)
}

// Pause stops all requests until until. The rate is not cut.
func (l *Limiter) Pause(until time.Duration) { l.all.pause(until) }

// PausedUntil returns when requests of class c may go again.
func (l *Limiter) PausedUntil(c Class) time.Duration {
	return max(l.all.pausedUntil, l.class[c].pausedUntil)
}

func (n *lane) pause(until time.Duration) { n.pausedUntil = max(n.pausedUntil, until) }
