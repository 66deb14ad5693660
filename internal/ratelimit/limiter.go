// Package ratelimit paces requests: evenly spaced, slowed by a 429 and grown
// back.
//
// It is a pure state machine. The caller passes it the time since an origin of the
// caller's choice. It never reads a clock, sends nothing, starts no goroutine,
// and has no lock: its caller holds one. Times given to it must not go back.
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
	classes
)

// apart is how many good answers since its last 429 show that the other class's
// 429s do not concern a class.
const apart = 20

// never is before any time, and its distance from any time is still a duration.
const never = time.Duration(math.MinInt64 / 2)

// Limiter limits the requests of both classes together to one rate. If only one class is
// refused, that class gets a lower rate. A Limiter uses constant memory. It is not safe for
// concurrent use.
type Limiter struct {
	configured float64
	all        lane
	class      [classes]lane
	clean      [classes]int // good answers since the class's last 429, up to apart
}

// New returns a Limiter of perSecond requests per second, evenly spaced. Up to
// burst requests go at once after a while without any, unless a 429 has cut the
// rate. perSecond must be positive, and burst at least 1.
//
// For each closed window of one second, at most perSecond rounded up, and burst-1,
// requests go. Requests that are sent up to 1.8 ms later than Delay said lose
// nothing: Delay is then 0 for several in a row.
func New(perSecond float64, burst int) *Limiter {
	n := newLane(perSecond, burst)
	return &Limiter{configured: perSecond, all: n, class: [classes]lane{n, n}}
}

// Configured returns the rate that New was given, in requests per second.
func (l *Limiter) Configured() float64 { return l.configured }

// Rate returns how many requests of class c may go per second at now. It is
// between 2 % of the configured rate and that rate.
func (l *Limiter) Rate(now time.Duration, c Class) float64 {
	return min(l.all.recovery.rate(now), l.class[c].recovery.rate(now))
}

// Delay returns how long until a request of class c may go, or 0 if it may go
// now. It spends nothing.
func (l *Limiter) Delay(now time.Duration, c Class) time.Duration {
	return max(l.all.due(now), l.class[c].due(now)) - now
}

// Take spends one request of class c, for which Delay was 0.
func (l *Limiter) Take(now time.Duration, c Class) {
	l.all.take(now)
	l.class[c].take(now)
}

// Return gives back what Take has just spent on a request that was not sent.
func (l *Limiter) Return(now time.Duration, c Class) {
	l.all.giveBack(now)
	l.class[c].giveBack(now)
}

// Limited reports a 429 at now to a request of class c that was sent at sent.
// Requests pause, for retryAfter if the server gave one, and the rate is halved.
// That holds for class c alone if the other class has had 20 good answers since
// its own last 429, and for both classes otherwise.
//
// A request that was sent before the rate was last cut does not cut it again, but
// its retryAfter is honored. Retry-After is limited to five minutes.
//
// Limited returns whether this 429 is the first since the last good answer of
// class c.
func (l *Limiter) Limited(now, sent time.Duration, c Class, retryAfter time.Duration) (began bool) {
	own, concerned := &l.class[c], &l.all
	if l.clean[1-c] >= apart {
		concerned = own
	}
	if retryAfter > 0 {
		concerned.pause(now + min(retryAfter, maxRetryAfter))
	}
	if l.beforeCut(sent, c) {
		if retryAfter > 0 {
			concerned.holdRate(now)
		}
		return false
	}
	l.clean[c] = 0
	// Refusals of one class never keep the other waiting for long once it is
	// answered, but its own pauses grow all the same.
	began = own.refusals.streak == 0
	own.pause(now + own.refusals.next(now))
	if concerned == &l.all {
		l.all.pause(now + l.all.refusals.next(now))
	}
	concerned.reduce(now, sent)
	return began
}

// Answered reports any other answer at now to a request of class c that was sent
// at sent. It returns whether this ended a streak of 429s of class c.
func (l *Limiter) Answered(now, sent time.Duration, c Class) (ended bool) {
	l.all.throughput.answered(now)
	l.class[c].throughput.answered(now)
	if l.beforeCut(sent, c) {
		return false
	}
	l.clean[c] = min(l.clean[c]+1, apart)
	l.all.refusals.end()
	return l.class[c].refusals.end()
}

// beforeCut reports whether a request of class c was sent before the last cut
// that concerned it. Its answer says nothing about the rate since.
func (l *Limiter) beforeCut(sent time.Duration, c Class) bool {
	return sent <= max(l.all.recovery.reducedAt, l.class[c].recovery.reducedAt)
}

// Pause stops the requests of both classes until then. The rate is not cut.
func (l *Limiter) Pause(until time.Duration) { l.all.pause(until) }

// PausedUntil returns the end of the last pause of class c. It is 0 or less if
// there was none.
func (l *Limiter) PausedUntil(c Class) time.Duration {
	return max(l.all.pausedUntil, l.class[c].pausedUntil)
}
