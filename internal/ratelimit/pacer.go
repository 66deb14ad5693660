package ratelimit

import (
	"math"
	"time"
)

// A pacer spaces requests evenly by virtual scheduling (GCRA, ITU-T I.371): each
// request has a slot, slots are an interval apart, and a request may go once its
// slot has come.
//
// A timer that fires late loses no slot: slots that were missed within the last
// slack are still given. So the requests of a closed window of one second had
// their slots within a second and the slack, and intervals are stretched by as
// much, to keep one too many out of the window. That costs 0.2 % of the rate.
// Without slack, timers that fire 0.6 ms late cost 15 % of 300 requests per
// second, and 70 % of 4,000.
//
// golang.org/x/time/rate cannot serve here. Its burst is in whole requests, and
// one request more is a tenth of a second at 10 requests per second. And it
// counts with the rate of the last call, so what a rate has grown between two
// calls would be lost.
type pacer struct {
	spacing
	slot  time.Duration // of the last request
	saved time.Duration // slots missed within this time are a burst
}

const (
	maxSlack = 2 * time.Millisecond
	// Above 4,000 requests per second, the slack is the time of so many: a server
	// that counts with a token bucket often admits ten at once.
	maxSlackRequests = 8
	// exact is how exactly the growth of a rate shortens a wait.
	exact = 10 * time.Millisecond
)

// spacing says how far apart the slots of a rate are.
type spacing struct {
	stretch float64 // nanoseconds per second
	slack   time.Duration
}

func newSpacing(perSecond float64) spacing {
	slack := min(maxSlack, time.Duration(maxSlackRequests/perSecond*float64(time.Second)))
	// A server that counts whole requests per window admits so many in the time
	// that they take, a second or a little less.
	permits := max(1, math.Floor(perSecond))
	return spacing{float64(time.Second) + float64(slack)*perSecond/permits, slack}
}

// interval is rounded up, and one more: ten requests that are to the nanosecond a
// second from the first are eleven, where a server counts both ends of its second.
func (s spacing) interval(perSecond float64) time.Duration {
	return time.Duration(math.Ceil(s.stretch/perSecond)) + 1
}

func newPacer(s spacing, perSecond float64, burst int) pacer {
	p := pacer{spacing: s, slot: never}
	p.saved = s.slack + time.Duration(burst-1)*s.interval(perSecond)
	return p
}

// due returns the first moment, at or after now, at which a request may go. The
// rate may grow until then.
func (p *pacer) due(now time.Duration, r *recovery) time.Duration {
	latest := p.slot + p.interval(r.rate(now))
	if latest <= now {
		return now
	}
	if now >= r.full {
		return latest
	}
	earliest := max(now, p.slot+p.interval(r.rate(latest)))
	// At latest the request may go, before earliest it may not.
	for latest-earliest > exact {
		middle := earliest + (latest-earliest)/2
		if p.slot+p.interval(r.rate(middle)) <= middle {
			latest = middle
		} else {
			earliest = middle
		}
	}
	return latest
}

// take spends a slot. Of the slots that were missed, it keeps those of the slack,
// or those of a burst too.
func (p *pacer) take(now, interval time.Duration, burst bool) {
	kept := p.slack
	if burst {
		kept = p.saved
	}
	p.slot = max(p.slot+interval, now-kept)
}
