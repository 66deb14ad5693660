package ratelimit

import "time"

// A lane is the limit for all requests, or for the requests of one class.
type lane struct {
	pacer       pacer
	recovery    recovery
	throughput  throughput
	refusals    refusals
	pausedUntil time.Duration
}

func newLane(perSecond float64, burst int) lane {
	return lane{pacer: newPacer(perSecond, burst), recovery: newRecovery(perSecond)}
}

// due returns when a request may go, at or after now.
func (n *lane) due(now time.Duration) time.Duration {
	return n.pacer.due(max(now, n.pausedUntil), &n.recovery)
}

func (n *lane) take(now time.Duration) {
	interval := n.pacer.interval(n.recovery.rate(now))
	if now > n.pacer.slot+2*interval+maxTurn {
		n.throughput.idle()
	}
	// A burst that was saved up while the rate is cut would be refused.
	n.pacer.take(now, interval, now >= n.recovery.full)
}

func (n *lane) giveBack(now time.Duration) {
	n.pacer.slot -= n.pacer.interval(n.recovery.rate(now))
}

// maxTurn is how long a sender that always has a request may take to send it.
const maxTurn = 100 * time.Millisecond

func (n *lane) pause(until time.Duration) { n.pausedUntil = max(n.pausedUntil, until) }

// reduce halves the rate, which grows again once the pause is over.
func (n *lane) reduce(now, sent time.Duration) {
	n.recovery.reduce(now, sent, &n.throughput)
	n.holdRate(now)
}

// holdRate makes a rate that was cut grow once the pause is over.
func (n *lane) holdRate(now time.Duration) {
	if now < n.recovery.full {
		n.recovery.resume(max(now, n.pausedUntil))
	}
}
