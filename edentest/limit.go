package edentest

import (
	"strconv"
	"time"
)

// A LimitKind is how requests are counted against Options.Rate. The live service does not
// document which one it uses, so a client should work with all of them.
type LimitKind uint8

const (
	// TokenBucket admits Options.Burst requests at once and refills at
	// Options.Rate a second.
	TokenBucket LimitKind = iota
	// FixedWindow admits Options.Rate requests in each second on the clock,
	// which starts with New.
	FixedWindow
	// SlidingWindow admits a request unless Options.Rate others were admitted
	// within the second before it.
	SlidingWindow
)

// String returns the name of the limit.
func (k LimitKind) String() string {
	switch k {
	case TokenBucket:
		return "token bucket"
	case FixedWindow:
		return "fixed window"
	case SlidingWindow:
		return "sliding window"
	}
	return "LimitKind(" + strconv.Itoa(int(k)) + ")"
}

// A limiter decides in integers, in nanoseconds: a client that sends one request
// exactly every 100 ms must never be refused at 10 a second, and a count of
// tokens in floating point gets that wrong once in a while.
type limiter struct {
	kind  LimitKind
	burst int

	unlimited bool
	interval  time.Duration // TokenBucket: between two tokens
	window    time.Duration // the others: how long a window is
	permits   int           // and how many requests it admits

	full    time.Duration   // TokenBucket: when the bucket is full again
	current int64           // FixedWindow: the number of the window
	used    int             // and what it has admitted
	passed  []time.Duration // SlidingWindow: when requests were admitted

	ban    time.Duration // how long everything is refused after a refusal
	banned time.Duration // until when

	gap  time.Duration // between two requests of other clients; 0 if there are none
	next time.Duration // the next of them
}

func newLimiter(kind LimitKind, rate float64, burst int, others float64) limiter {
	l := limiter{kind: kind, burst: burst}
	l.setRate(rate, 0)
	l.setOthers(others, 0)
	return l
}

func (l *limiter) setRate(rate float64, now time.Duration) {
	if rate == 0 {
		rate = 10
	}
	l.unlimited = rate < 0 || rate > maxRate
	if l.unlimited {
		return
	}
	interval := nanoseconds(float64(time.Second) / rate)
	if l.full > now {
		// The bucket lacks as many tokens as before; they come back at another
		// pace.
		l.full = after(now, nanoseconds(float64(l.full-now)/float64(l.interval)*float64(interval)))
	}
	l.interval = interval
	// A window of one second cannot admit two and a half requests, nor less
	// than one: keep the rate exact and change the window.
	l.permits = max(1, int(rate))
	l.window = nanoseconds(float64(l.permits) / rate * float64(time.Second))
}

// maxRate is one request per nanosecond. The clock cannot tell more of them apart.
const maxRate = 1e9

// nanoseconds returns a duration, which is Never if no other is that long.
func nanoseconds(ns float64) time.Duration {
	if ns < float64(Never) {
		return time.Duration(ns)
	}
	return Never
}

// tokens returns how long n tokens take to come back.
func (l *limiter) tokens(n int) time.Duration {
	if n > int(Never/l.interval) {
		return Never
	}
	return time.Duration(n) * l.interval
}

func (l *limiter) setOthers(rate float64, now time.Duration) {
	l.gap = 0
	if rate > 0 {
		l.gap = max(1, time.Duration(float64(time.Second)/rate))
		l.next = now + l.gap
	}
}

// admit reports whether a request that arrives now is within the limit, and counts it if
// so. A refused request is not counted. If there are bans, it begins or restarts one.
func (l *limiter) admit(now time.Duration) bool {
	if l.unlimited {
		return true
	}
	l.advance(now)
	if now >= l.banned && l.take(now) {
		return true
	}
	if l.ban > 0 {
		l.banned = after(now, l.ban)
	}
	return false
}

// advance counts the requests that other clients have sent until now. What they
// send while there is no limit is counted once there is one again.
func (l *limiter) advance(now time.Duration) {
	if l.gap == 0 || l.unlimited {
		return
	}
	for ; l.next <= now; l.next += l.gap {
		l.spend(l.next)
	}
}

// spend counts a request of the others, who get their share whatever is left:
// in step with a client that takes each token as it comes, they would otherwise
// never get one. They take at most a second bucket in advance, or a client would be
// refused long after they have stopped.
func (l *limiter) spend(now time.Duration) {
	if l.take(now) {
		return
	}
	switch l.kind {
	case FixedWindow:
		l.used++
	case SlidingWindow:
		l.passed = append(l.passed, now)
	default:
		debt := l.tokens(l.burst)
		l.full = min(after(l.full, l.interval), after(after(now, debt), debt))
	}
}

func (l *limiter) take(now time.Duration) bool {
	switch l.kind {
	case FixedWindow:
		if n := int64(now / l.window); n != l.current {
			l.current, l.used = n, 0
		}
		if l.used >= l.permits {
			return false
		}
		l.used++
	case SlidingWindow:
		old := 0
		for old < len(l.passed) && l.passed[old] <= now-l.window {
			old++
		}
		l.passed = append(l.passed[:0], l.passed[old:]...)
		if len(l.passed) >= l.permits {
			return false
		}
		l.passed = append(l.passed, now)
	default:
		full := max(l.full, now)
		if full-now > l.tokens(l.burst-1) {
			return false
		}
		l.full = after(full, l.interval)
	}
	return true
}

// seconds renders d for a Retry-After header, rounded up so that a client that
// obeys does not come too early.
func seconds(d time.Duration) string {
	n := d / time.Second
	if d%time.Second > 0 {
		n++
	}
	return strconv.FormatInt(int64(n), 10)
}
