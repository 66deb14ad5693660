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
// golang.org/x/time/rate does not fit here. Its burst is in whole requests, and
// one request more is a tenth of a second at 10 requests per second. And it
// counts with the rate of the last call, so what a rate has grown between two
// calls would be lost.
type pacer struct {
	spacing
	slot  time.Duration // of the last request
	saved time.Duration // slots missed within this time are a burst
}

const (
	// slack is more than timers are late on a machine that is not overloaded (0.1
	// to 1.1 ms on Linux). At 5,000 requests per second, it lets ten go at once,
	// as many as a server that counts with a token bucket often admits.
	slack = 1800 * time.Microsecond
	// exact is how exactly the growth of a rate shortens a wait.
	exact = 10 * time.Millisecond
	// longest is a time of 36 years in nanoseconds: sums of a few do not overflow.
	longest = 1 << 60
)

// spacing says how far apart the slots of a rate are. It is a second, with its
// stretch, in nanoseconds.
type spacing float64

func newSpacing(perSecond float64) spacing {
	// A server that counts whole requests per window admits so many in the time
	// that they take, a second or a little less.
	permits := max(1, math.Floor(perSecond))
	return spacing(float64(time.Second) + float64(slack)*perSecond/permits)
}

// interval is rounded up, and one more: ten requests that are to the nanosecond a
// second from the first are eleven, where a server counts both ends of its second.
func (s spacing) interval(perSecond float64) time.Duration {
	return time.Duration(min(math.Ceil(float64(s)/perSecond), longest)) + 1
}

func newPacer(perSecond float64, burst int) pacer {
	s := newSpacing(perSecond)
	p := pacer{spacing: s, slot: never}
	p.saved = slack + time.Duration(min(float64(burst-1)*float64(s.interval(perSecond)), longest))
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

// take spends a slot. It keeps the missed slots of the slack, and with burst also the
// saved ones.
func (p *pacer) take(now, interval time.Duration, burst bool) {
	kept := slack
	if burst {
		kept = p.saved
	}
	p.slot = max(p.slot+interval, now-kept)
}
