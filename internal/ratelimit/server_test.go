package ratelimit_test

import (
	"math/rand/v2"
	"time"
)

// How a server counts, as edentest has it.
type kind uint8

const (
	tokenBucket kind = iota
	fixedSecond
	slidingSecond
)

var kinds = []kind{tokenBucket, fixedSecond, slidingSecond}

func (k kind) String() string {
	return [...]string{"token bucket", "fixed second", "sliding second"}[k]
}

// A server admits so many requests per second, of which another client of the
// account takes a part, whatever is left.
type server struct {
	kind    kind
	rate    float64
	permits int           // per window
	window  time.Duration // a second, or a little less for whole permits
	burst   float64
	others  func(now time.Duration) float64 // requests per second
	refuse  func(now time.Duration, class int) bool

	jitter *rand.Rand // of the others' requests

	last      time.Duration
	tokens    float64
	second    int64
	used      int
	passed    []time.Duration
	refusals  int
	admitted  int
	whenOther time.Duration
}

func newServer(k kind, rate float64) *server {
	permits := max(1, int(rate))
	window := time.Duration(float64(permits) / rate * float64(time.Second))
	return &server{kind: k, rate: rate, permits: permits, window: window, burst: 10, tokens: 10}
}

func (s *server) refill(now time.Duration) {
	s.tokens = min(s.burst, s.tokens+(now-s.last).Seconds()*s.rate)
	s.last = now
}

func (s *server) advance(now time.Duration) {
	if s.others == nil {
		return
	}
	for s.whenOther <= now {
		rate := s.others(s.whenOther)
		if rate == 0 {
			s.whenOther += time.Millisecond
			continue
		}
		s.take(s.whenOther, true)
		gap := float64(time.Second) / rate
		if s.jitter != nil {
			gap *= 0.8 + 0.4*s.jitter.Float64()
		}
		s.whenOther += time.Duration(gap)
	}
}

func (s *server) admit(now time.Duration, class int) bool {
	s.advance(now)
	ok := (s.refuse == nil || !s.refuse(now, class)) && s.take(now, false)
	if ok {
		s.admitted++
	} else {
		s.refusals++
	}
	return ok
}

func (s *server) take(now time.Duration, anyhow bool) bool {
	ok := true
	switch s.kind {
	case tokenBucket:
		s.refill(now)
		if ok = s.tokens >= 1-1e-9; ok || anyhow {
			s.tokens--
		}
	case fixedSecond:
		if n := int64(now / s.window); n != s.second {
			s.second, s.used = n, 0
		}
		if ok = s.used < s.permits; ok || anyhow {
			s.used++
		}
	case slidingSecond:
		old := 0
		for old < len(s.passed) && s.passed[old] <= now-s.window {
			old++
		}
		s.passed = append(s.passed[:0], s.passed[old:]...)
		if ok = len(s.passed) < s.permits; ok || anyhow {
			s.passed = append(s.passed, now)
		}
	}
	return ok
}
