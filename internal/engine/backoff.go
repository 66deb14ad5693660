package engine

import (
	"math/rand/v2"
	"time"
)

// Backoff makes the delays between two polls, in the manner of
// cenkalti/backoff/v4: a negative delay stops.
type Backoff interface {
	NextBackOff() time.Duration
	Reset()
}

const (
	// The age of a wait bounds its delay to firstDelay and a third of the age.
	// The list shows a job more often than it would be polled, which must not make
	// its delays grow faster than polls alone would have.
	agedShare = 0.3
	jitter    = 0.1
	// maxDelay keeps sums of times far from overflow.
	maxDelay = 10 * 365 * 24 * time.Hour
)

// backoffTable has the default delays, so that a job need only keep the number
// of its attempt instead of a backoff of its own.
type backoffTable []time.Duration

// delay is that of an attempt, and takes the attempt one further. Jitter is
// small: the limiter spaces requests anyway, and a delay lost is lag.
func (t backoffTable) delay(attempt *uint8, age time.Duration) time.Duration {
	delay := t[*attempt]
	*attempt = uint8(min(int(*attempt)+1, len(t)-1, 255))
	delay = time.Duration(float64(delay) * (1 + jitter*(2*rand.Float64()-1)))
	return min(delay, time.Duration((float64(t[0])+agedShare*float64(age))*(1+jitter)))
}
