// Package budget paces the requests of many callers under one limit: evenly
// spaced, shared in turns, slowed by a 429 and grown back.
//
// It is told the time and never looks at a clock, sends nothing, and starts no
// goroutine. What to ask when a turn comes is not its business.
package budget

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A 429 halves the rate. The way back is that of TCP CUBIC, and for its reason
// (RFC 9438): quickly to just below where the limit was met, since there was
// room until there; then slowly across it, since it may not have moved; then
// ever faster, since by now it has.
const (
	cut    = 0.5
	regain = time.Second
	nearly = 0.95   // of the rate at which the limit was met
	probe  = 0.0003 // of the configured rate, times the square of the seconds since regain
	lowest = 0.02   // of the configured rate

	// Without a Retry-After, the first pause is as long as answers to what is
	// under way may take to come; pauses double while nothing but 429s comes.
	minPause = 250 * time.Millisecond
	maxPause = 30 * time.Second
	// maxRetryAfter bounds what a server may ask for: asked again too early, it
	// says 429 once more, and nothing is lost.
	maxRetryAfter = 5 * time.Minute
)

// Forever is the wait of a caller that is not first in line.
const Forever = time.Duration(math.MaxInt64)

// Budget is one limit. Its methods and those of its Turns are safe for
// concurrent use.
type Budget struct {
	mu         sync.Mutex
	limiter    *rate.Limiter
	configured float64
	burst      int
	line       []ticket
	tickets    uint64

	met         float64   // the rate at which the last 429 came; 0 if none did
	cutAt       time.Time // when it came
	pausedUntil time.Time
	streak      int // 429s since the last other answer
}

type ticket struct {
	turn   *Turn
	number uint64
}

// New returns a Budget of so many requests a second, of which burst may go at
// once when none have gone for a while, unless the rate is cut.
func New(perSecond float64, burst int) *Budget {
	return &Budget{limiter: rate.NewLimiter(rate.Limit(perSecond), burst), configured: perSecond, burst: burst}
}

// Turn is one caller's place in line. Callers get turns in the order in which
// they came to want one, so one with a single job waits for as many requests as
// there are callers, not for as many as they have jobs.
type Turn struct {
	budget *Budget
	number uint64 // 0 when not in line
	first  chan struct{}
}

// NewTurn returns a place for a caller, not yet in line.
func (b *Budget) NewTurn() *Turn {
	return &Turn{budget: b, first: make(chan struct{}, 1)}
}

// First signals that the Turn may have become the first in line.
func (t *Turn) First() <-chan struct{} { return t.first }

// Ready puts the Turn in line if it is not, and returns how long until its
// request may go: 0 for now, Forever while others come first. It takes nothing:
// the caller then chooses its request, and says Take.
func (t *Turn) Ready(now time.Time) time.Duration {
	b := t.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.number == 0 {
		b.tickets++
		t.number = b.tickets
		b.line = append(b.line, ticket{t, t.number})
	}
	if b.head() != t {
		return Forever
	}
	return b.delay(now)
}

// Take spends one request of a Turn that was Ready, and ends the turn.
func (t *Turn) Take(now time.Time) {
	t.budget.mu.Lock()
	defer t.budget.mu.Unlock()
	t.budget.limiter.AllowN(now, 1)
	t.leave()
}

// Leave gives up the place in line.
func (t *Turn) Leave() {
	t.budget.mu.Lock()
	defer t.budget.mu.Unlock()
	t.leave()
}

func (t *Turn) leave() {
	t.number = 0
	if next := t.budget.head(); next != nil {
		select {
		case next.first <- struct{}{}:
		default:
		}
	}
}

// head drops the tickets of those who left, and returns who is first.
func (b *Budget) head() *Turn {
	for len(b.line) > 0 && b.line[0].turn.number != b.line[0].number {
		b.line[0].turn = nil
		b.line = b.line[1:]
	}
	if len(b.line) == 0 {
		return nil
	}
	return b.line[0].turn
}

// delay is how long until one request may go.
func (b *Budget) delay(now time.Time) time.Duration {
	if pause := b.pausedUntil.Sub(now); pause > 0 {
		return pause
	}
	current, burst := b.rate(now), b.burst
	if current < b.configured {
		burst = 1 // what a pause saved up would be refused at its end
	}
	b.limiter.SetLimitAt(now, rate.Limit(current))
	b.limiter.SetBurstAt(now, burst)
	missing := 1 - b.limiter.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	// Rounded up, and one more: ten requests that are to the nanosecond a second
	// from the first are eleven, where a server counts both ends of its second.
	return time.Duration(math.Ceil(missing/current*float64(time.Second))) + 1
}

// Rate is how many requests a second may go now.
func (b *Budget) Rate(now time.Time) float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rate(now)
}

func (b *Budget) rate(now time.Time) float64 {
	if b.met == 0 {
		return b.configured
	}
	clean := now.Sub(b.pausedUntil)
	var current float64
	if clean < regain {
		done := max(clean.Seconds(), 0) / regain.Seconds()
		current = b.met * (cut + (nearly-cut)*done)
	} else {
		beyond := (clean - regain).Seconds()
		current = b.met*nearly + b.configured*probe*beyond*beyond
	}
	return min(max(current, b.configured*lowest), b.configured)
}

// Limited tells of a 429 to a request sent at sent: everyone pauses, for
// retryAfter where the server gave one, and the rate is cut. It reports whether
// this began a streak of them.
func (b *Budget) Limited(now, sent time.Time, retryAfter time.Duration) (began bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	pause := min(retryAfter, maxRetryAfter)
	// Answers to what was sent before the last cut tell nothing about the rate
	// since, but a server that names a time means it.
	if sent.After(b.cutAt) || b.cutAt.IsZero() {
		began = b.streak == 0
		b.met = b.rate(now)
		b.cutAt = now
		pause = max(pause, min(minPause<<min(b.streak, 16), maxPause))
		b.streak++
	}
	if until := now.Add(pause); until.After(b.pausedUntil) {
		b.pausedUntil = until
	}
	return began
}

// Answered tells of any other answer to a request sent at sent. It reports
// whether that ended a streak of 429s.
func (b *Budget) Answered(sent time.Time) (ended bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.streak == 0 || !sent.After(b.cutAt) {
		return false
	}
	b.streak = 0
	return true
}
