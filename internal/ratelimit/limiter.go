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

	"golang.org/x/time/rate"
)

// A 429 halves the rate.
const (
	cut    = 0.5
	regain = time.Second
	nearly = 0.95   // of the rate at which the limit was met
	probe  = 0.0003 // of the configured rate, times the square of the seconds since regain
	lowest = 0.02   // of the configured rate

	minPause      = 250 * time.Millisecond
	maxPause      = 30 * time.Second
	maxRetryAfter = 5 * time.Minute
)

// Class is the sender of a request.
type Class uint8

// The classes.
const (
	Poll Class = iota // the Waiter's own requests
	Own               // requests of the caller's own client
)

var origin = time.Unix(0, 0)

// Limiter limits the requests of both classes together to one rate.
type Limiter struct {
	bucket     *rate.Limiter
	configured float64
	burst      int

	met         float64       // the rate at which the last 429 came; 0 if none did
	cutAt       time.Duration // when it came
	pausedUntil time.Duration
	streak      int // 429s since the last other answer
}

// New returns a Limiter of perSecond requests per second. Up to burst of them may
// go at once after a while without requests, unless the rate is cut.
func New(perSecond float64, burst int) *Limiter {
	return &Limiter{
		bucket: rate.NewLimiter(rate.Limit(perSecond), burst), configured: perSecond, burst: burst,
		cutAt: math.MinInt64, pausedUntil: math.MinInt64,
	}
}

// Configured returns the rate that New was given.
func (l *Limiter) Configured() float64 { return l.configured }

// Delay returns how long until a request of class c may go, 0 for now. It spends
// nothing.
func (l *Limiter) Delay(now time.Duration, c Class) time.Duration {
	if pause := l.pausedUntil - now; l.pausedUntil > now {
		return pause
	}
	current, burst := l.Rate(now, c), l.burst
	if current < l.configured {
		burst = 1 // what a pause saved up would be refused at its end
	}
	at := origin.Add(now)
	l.bucket.SetLimitAt(at, rate.Limit(current))
	l.bucket.SetBurstAt(at, burst)
	missing := 1 - l.bucket.TokensAt(at)
	if missing <= 0 {
		return 0
	}
	// Rounded up, and one more: ten requests that are to the nanosecond a second
	// from the first are eleven, where a server counts both ends of its second.
	return time.Duration(math.Ceil(missing/current*float64(time.Second))) + 1
}

// Take spends one request of class c.
func (l *Limiter) Take(now time.Duration, _ Class) {
	l.bucket.AllowN(origin.Add(now), 1)
}

// Rate returns how many requests of class c per second may go now.
func (l *Limiter) Rate(now time.Duration, _ Class) float64 {
	if l.met == 0 {
		return l.configured
	}
	clean := now - l.pausedUntil
	var current float64
	if clean < regain {
		done := max(clean.Seconds(), 0) / regain.Seconds()
		current = l.met * (cut + (nearly-cut)*done)
	} else {
		beyond := (clean - regain).Seconds()
		current = l.met*nearly + l.configured*probe*beyond*beyond
	}
	return min(max(current, l.configured*lowest), l.configured)
}

// Limited reports a 429 to a request of class c that was sent at sent. It
// returns whether this began a streak of 429s.
func (l *Limiter) Limited(now, sent time.Duration, c Class, retryAfter time.Duration) (began bool) {
	pause := min(retryAfter, maxRetryAfter)
	// Answers to requests sent before the last cut say nothing about the rate
	// since, but a server that names a time means it.
	if sent > l.cutAt {
		began = l.streak == 0
		l.met = l.Rate(now, c)
		l.cutAt = now
		pause = max(pause, min(minPause<<min(l.streak, 16), maxPause))
		l.streak++
	}
	l.pausedUntil = max(l.pausedUntil, now+pause)
	return began
}

// Answered reports any other answer to a request of class c that was sent at
// sent. It returns whether this ended a streak of 429s.
func (l *Limiter) Answered(_, sent time.Duration, _ Class) (ended bool) {
	if l.streak == 0 || sent <= l.cutAt {
		return false
	}
	l.streak = 0
	return true
}

// Pause stops all requests until until. The rate is not cut.
func (l *Limiter) Pause(until time.Duration) {
	l.pausedUntil = max(l.pausedUntil, until)
}

// PausedUntil returns when requests of class c may go again.
func (l *Limiter) PausedUntil(_ Class) time.Duration { return l.pausedUntil }
