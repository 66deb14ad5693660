package ratelimit

import (
	"math"
	"time"
)

// A 429 halves the rate. The way back follows CUBIC (RFC 9438), for its reasons.
// The rate doubles up to a plateau just below the last limit, since there
// was room until there. Then it grows linearly across it, since the limit may not
// have moved. Then it doubles again, since by now the limit has moved.
//
// How long to stay on the plateau is a trade. Where another client takes half of
// the account, 429s come once per plateau, and each costs about two requests.
// Where the other client stops, each second on the plateau is lost. With 3 s,
// 429s stay below 9 % and the loss below 5 s, however the server counts. The
// plateau ends just past the old limit: if the limit has not moved, one refusal
// says so, however fast the rate grew.
const (
	beta    = 0.5
	plateau = 0.95 // of the limit
	passed  = 1.01 // of the limit
	lowest  = 0.02 // of the configured rate

	regrowth = 300 * time.Millisecond // the rate doubles in this time up to the plateau,
	probing  = 3 * time.Second        // grows linearly in this from plateau to passed,
	discover = 500 * time.Millisecond // and doubles in this afterwards
)

// recovery is a rate over time, reduced by 429s and growing back.
type recovery struct {
	configured float64
	limit      float64       // at the last 429
	start      float64       // the rate after it
	reducedAt  time.Duration // when it came
	resumed    time.Duration // since when the rate grows
	level      time.Duration // when it is on the plateau
	full       time.Duration // when it is as configured at the latest
}

func newRecovery(configured float64) recovery {
	return recovery{configured: configured, reducedAt: never, full: never}
}

// rate returns how many requests per second may go at now. Only reduce and resume
// lower it.
func (r *recovery) rate(now time.Duration) float64 {
	if now >= r.full {
		return r.configured
	}
	return min(r.grown(now), r.configured)
}

func (r *recovery) grown(now time.Duration) float64 {
	switch onPlateau := now - r.level; {
	case now <= r.resumed:
		return r.start
	case onPlateau < 0:
		return r.start * doubled(now-r.resumed, regrowth)
	case onPlateau < probing:
		// Where the limit was measured below half of the rate, start is above it.
		return max(r.start, r.limit*(plateau+(passed-plateau)*float64(onPlateau)/float64(probing)))
	default:
		return max(r.start, r.limit*passed*doubled(onPlateau-probing, discover))
	}
}

func doubled(in, every time.Duration) float64 { return math.Exp2(float64(in) / float64(every)) }

// doubling returns how long a rate that doubles takes from one rate to another.
func doubling(from, to float64, every time.Duration) time.Duration {
	return time.Duration(math.Ceil(max(0, math.Log2(to/from)) * float64(every)))
}

// reduce halves the rate after a 429 at now, to a request that was sent at sent.
func (r *recovery) reduce(now, sent time.Duration, t *throughput) {
	// A rate that doubles is another one by the time the answer comes.
	refused := min(r.rate(sent), r.rate(now))
	lowest := r.configured * lowest
	r.limit = max(refused, lowest)
	r.start = max(refused*beta, lowest)
	if answered, ok := t.perSecond(now); ok {
		r.limit = min(r.limit, max(answered, r.start))
	}
	r.reducedAt = now
	r.resume(now)
}

// resume makes the rate grow from at on.
func (r *recovery) resume(at time.Duration) {
	r.resumed = at
	r.level = at + doubling(r.start, r.limit*plateau, regrowth)
	r.full = r.level + probing + doubling(r.limit*passed, r.configured, discover)
}
