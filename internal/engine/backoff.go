package engine

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/edenwait/edenwait/internal/ratelimit"
)

// Backoff makes the delays between two polls, in the manner of
// cenkalti/backoff/v4: a negative delay stops.
type Backoff interface {
	NextBackOff() time.Duration
	Reset()
}

const (
	// The age of a wait bounds its delay to the first one and a third of the age.
	agedShare = 0.3
	jitter    = 0.1
	// maxDelay keeps sums of times far from overflow.
	maxDelay = 10 * 365 * 24 * time.Hour
)

// backoffTable has the default delays after requests that fail, so that a job need
// only keep the number of its attempt instead of a backoff of its own.
type backoffTable []time.Duration

// delay is the delay after an attempt, and counts the attempt. Jitter is
// small: the limiter spaces requests anyway, and a delay lost is lag.
func (t backoffTable) delay(attempt *uint8, age time.Duration) time.Duration {
	delay := t[*attempt]
	*attempt = uint8(min(int(*attempt)+1, len(t)-1, 255))
	delay = time.Duration(float64(delay) * (1 + jitter*(2*rand.Float64()-1)))
	return min(delay, time.Duration((float64(t[0])+agedShare*float64(age))*(1+jitter)))
}

const (
	leastDelay = 200 * time.Millisecond
	// mostDelay is the longest time between two looks, whatever they cost. It grows
	// with the time waited by agedDelay where durations of the kind have been learned,
	// and is longer where hints have been telling of ends, up to hintedDelay.
	mostDelay   = 10 * time.Second
	agedDelay   = 20 // a share of 5 %
	hintedDelay = 30 * time.Second
)

// lookAfter is when to look again at a job that runs. Where nothing is known of how
// long its kind lasts, the gap grows with the root of the age: for every duration
// at once, that is within √2 of the best even gap.
func (e *Engine) lookAfter(now time.Duration, job *job) time.Duration {
	if delay, soon := e.afterFalseHint(now, job); soon {
		return delay
	}
	untold := e.history.untold(job.kind)
	age, most := job.age(now), mostDelay
	if e.history.learnedAt(job.kind, age) {
		most += max(now-e.firstSince(job), 0) / agedDelay
	} else {
		// As long as a new wait of its own would.
		age = min(age, now-e.table.waits.at(job.first).since)
	}
	most = hintedGap(most, untold)
	delay := e.history.durations.Delay(job.kind, age, e.priceNow(now)/untold)
	delay = min(max(delay, leastDelay), most)
	return time.Duration(float64(delay) * (1 + jitter*(2*rand.Float64()-1)))
}

// afterFalseHint is when to look again at a job whose first hint was false. It may be
// about to end, so the gaps start over, once: as far as GETs have been behind hints of
// late, and then in steps that double.
func (e *Engine) afterFalseHint(now time.Duration, job *job) (time.Duration, bool) {
	if job.hints != 1 {
		return 0, false
	}
	hint, early := e.notices.early.find(job.key, now)
	if !early {
		return 0, false
	}
	if left := hint.at + e.notices.early.lag(now) - now; left > 0 {
		return left, true
	}
	behind := e.notices.early.behind
	delay := max(leastDelay, behind/8, (now-hint.at-behind)/4)
	return delay, delay < mostDelay
}

// hintedGap is a gap between looks that may be longer because hints tell of all
// ends but the untold share.
func hintedGap(gap time.Duration, untold float64) time.Duration {
	return max(gap, min(time.Duration(float64(gap)/math.Sqrt(untold)), hintedDelay))
}

// lookWithoutList is when to look at a job that the list has just shown running, if
// the list should fail until then. A page shows a thousand, so it is estimated only.
func (e *Engine) lookWithoutList(now time.Duration, job *job) time.Duration {
	gap := 2 * math.Sqrt(e.priceNow(now)*job.age(now).Seconds())
	delay := min(max(time.Duration(gap*float64(time.Second)), leastDelay), mostDelay)
	return time.Duration(float64(delay) * (1 + jitter*(2*rand.Float64()-1)))
}

func (e *Engine) priceNow(now time.Duration) float64 {
	return e.price.now(now, e.limiter.Rate(now, ratelimit.Poll))
}
