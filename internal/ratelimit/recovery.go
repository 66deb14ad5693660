package ratelimit

import (
	"math"
	"time"
)

const (
	beta    = 0.5  // of the rate at which a 429 came: what is left of it
	plateau = 0.95 // of the rate at which a 429 came: doubled up to there
	beyond  = 1.15 // of the rate at which a 429 came: doubled again from there
	lowest  = 0.02 // of the configured rate

	doubling = time.Second
	probing  = 5 * time.Second // from plateau to beyond
)

// recovery is the rate over time, after 429s have cut it.
type recovery struct {
	configured  float64
	rateAtLimit float64       // at which the last 429 came
	floor       float64       // from which it grows
	resumed     time.Duration // when
	cutAt       time.Duration // when the last 429 came
	full        time.Duration // when it is as configured
}

func newRecovery(configured float64) recovery {
	return recovery{configured: configured, cutAt: math.MinInt64, full: math.MinInt64}
}

// rate is how many requests per second may go at now.
func (r *recovery) rate(now time.Duration) float64 {
	if now >= r.full {
		return r.configured
	}
	return min(r.uncapped(now), r.configured)
}

func (r *recovery) uncapped(now time.Duration) float64 {
	t := max(0, now-r.resumed)
	if rate := r.floor * math.Exp2(float64(t)/float64(doubling)); rate < r.rateAtLimit*plateau {
		return rate
	}
	t -= r.ramp()
	if t < probing {
		return r.rateAtLimit * (plateau + (beyond-plateau)*float64(t)/float64(probing))
	}
	return r.rateAtLimit * beyond * math.Exp2(float64(t-probing)/float64(doubling))
}

// ramp is the time from the floor to the plateau.
func (r *recovery) ramp() time.Duration {
	return time.Duration(max(0, math.Log2(r.rateAtLimit*plateau/r.floor)) * float64(doubling))
}

// cut halves the rate.
func (r *recovery) cut(now time.Duration) {
	r.rateAtLimit = r.rate(now)
	r.floor = max(r.rateAtLimit*beta, r.configured*lowest)
	r.cutAt = now
	r.resume(now)
}

// resume begins the growth at a later time.
func (r *recovery) resume(at time.Duration) {
	if r.rateAtLimit == 0 {
		return
	}
	r.resumed = at
	// Doubled from beyond, it is there at the latest.
	r.full = at + r.ramp() + probing +
		time.Duration(math.Ceil(max(0, math.Log2(r.configured/(r.rateAtLimit*beyond)))*float64(doubling)))
}
