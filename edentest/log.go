package edentest

import (
	"slices"
	"time"
)

// A log is what an API remembers of its requests.
type log struct {
	discard  bool
	requests []Request
	stats    Stats
	unnamed  [5]uint64       // requests that name no job of the account, by Kind.index
	last     []time.Duration // arrivals within the last second, from head on
	head     int
}

// note records the exchange, whose answer is complete. The job is the one that it
// concerns, or nil.
func (l *log) note(x *exchange, j *job) {
	switch x.req.Kind {
	case Submit:
		l.stats.Submits++
	case Get:
		l.stats.Gets++
		if j != nil && j.is(foreign) {
			l.stats.ForeignGets++
		}
	case List:
		l.stats.Lists++
	case Delete:
		l.stats.Deletes++
	default:
		l.stats.Other++
	}
	if x.over {
		l.stats.RateLimited++
	}
	if x.req.Fault != "" {
		l.stats.Faults++
	}
	if x.named() && (x.ended || x.running) && x.ans.whole() {
		j.set(seen, true)
	}
	if x.ended && x.ans.whole() && j != nil && j.shown == 0 {
		j.shown = x.now + 1
		l.stats.SeenEnded++
	}
	if x.named() {
		j.asked++
	} else {
		l.unnamed[x.req.Kind.index()]++
	}

	for l.head < len(l.last) && l.last[l.head] <= x.now-time.Second {
		l.head++
	}
	if l.head > len(l.last)/2 {
		l.last = slices.Delete(l.last, 0, l.head)
		l.head = 0
	}
	l.last = append(l.last, x.now)
	l.stats.PeakPerSecond = max(l.stats.PeakPerSecond, len(l.last)-l.head)

	if !l.discard {
		l.requests = append(l.requests, x.req)
	}
}
