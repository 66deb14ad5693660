package ratelimit

import (
	"math"
	"time"
)

// A pacer spaces requests evenly by virtual scheduling (GCRA, ITU-T I.371): each
// request has a slot, slots are an interval apart, and a request may go once its
// slot has come.
//
// A timer that fires late misses no slot: the pacer remembers slots of the last
// slack, and gives them out as soon as it is asked. So requests that go within
// one closed window of w had their slots within w+slack, and intervals must be
// stretched by slack per second to keep them from being one too many. That costs
// 0.2 % of the rate. Without slack, timers that fire 0.6 ms late cost 15 % of 300
// requests per second and 70 % of 4,000.
//
// golang.org/x/time/rate has no place for it: its burst is in whole requests, so
// the smallest credit, a second request, is a tenth of a second at 10 requests
// per second. And it counts with the rate of the last call, where a rate that
// grows while nobody calls would be lost.
type pacer struct {
	slot time.Duration // of the last request
}

// spacing is how a rate becomes slots.
type spacing struct {
	stretch float64       // of intervals, in nanoseconds times requests per second
	slack   time.Duration // for how long a slot that was missed is kept
}

const (
	maxSlack = 2 * time.Millisecond
	// Above 4,000 requests per second the slack is what this many take: servers
	// that refill by the request often admit ten at once.
	maxSlackRequests = 8
)

func newSpacing(perSecond float64) spacing {
	slack := min(maxSlack, time.Duration(maxSlackRequests/perSecond*float64(time.Second)))
	// A server that counts whole requests per window admits permits of them in the
	// time that as many take, a second or a little less.
	permits := max(1, math.Floor(perSecond))
	return spacing{float64(time.Second) + float64(slack)*perSecond/permits, slack}
}

// interval is the time between two slots, rounded up, and one more: ten requests
// that are to the nanosecond a second from the first are eleven, where a server
// counts both ends of its second.
func (s spacing) interval(perSecond float64) time.Duration {
	return time.Duration(math.Ceil(s.stretch/perSecond)) + 1
}

// due returns the first moment at or after now at which a request may go. The
// rate may grow meanwhile, but must not fall.
func (p *pacer) due(now time.Duration, s spacing, r *recovery) time.Duration {
	latest := p.slot + s.interval(r.rate(now))
	if latest <= now {
		return now
	}
	earliest := max(now, p.slot+s.interval(r.rate(latest)))
	// At latest it may go, before earliest it may not.
	for latest-earliest > exact {
		middle := earliest + (latest-earliest)/2
		if p.slot+s.interval(r.rate(middle)) <= middle {
			latest = middle
		} else {
			earliest = middle
		}
	}
	return latest
}

// exact is how exactly the growth of a rate shortens a wait that has begun.
const exact = 10 * time.Millisecond

// take spends a slot. Of those missed, the last burst-1 requests' are kept, and
// the slack's.
func (p *pacer) take(now time.Duration, s spacing, perSecond float64, burst int) {
	interval := s.interval(perSecond)
	p.slot = max(p.slot+interval, now-s.slack-time.Duration(burst-1)*interval)
}
