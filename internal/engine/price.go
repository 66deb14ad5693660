package engine

import (
	"math"
	"time"

	"github.com/edenwait/edenwait/internal/ratelimit"
)

// price is how many job-seconds of delay one request is worth: the number from
// which every gap between two looks follows.
//
// A request costs nothing while its turn would have been idle, and much once turns
// are scarce. So the price is low on an idle account. It rises at once as turns
// are taken, and with each 429, and falls slowly: a rate that a 429 has cut means
// nothing to a process that sends one request in five seconds, but the price does.
type price struct {
	base   float64
	value  float64 // at at
	at     time.Duration
	raised time.Duration // by a 429
	turns  meter
	looks  meter
}

const (
	// basePrice is the price of a request at ten requests per second and more, with idle
	// turns. The first minute of one lone job then costs 69 requests.
	basePrice = 0.0145
	baseRate  = 10
	// busyPrice is how many times as much a request is worth at most because turns
	// are taken: further looks would displace the looks at other jobs.
	busyPrice = 24
	// A 429 says that others need the turns as well.
	limitedPrice = 4
	maxPrice     = 4096 // times the base
	priceHalves  = 2 * time.Minute
	// pageWorth is how much more a page is worth than a GET: it is larger, and while
	// it is read no known end is fetched.
	pageWorth = 4.5
	// Looks are GETs that find a job running, and pages. They are to take a fifth of
	// the rate at most, on the average of a minute.
	looksShare = 0.2
)

func newPrice(rate float64) price {
	base := basePrice * max(1, baseRate/rate)
	return price{base: base, value: base, raised: -1, turns: meter{window: 10}, looks: meter{window: 30}}
}

// now is the price, in job-seconds per request.
func (p *price) now(now time.Duration, rate float64) float64 {
	if now != p.at {
		p.advance(now, rate)
	}
	return p.value
}

// advance lets the price fall as time goes by, and rise with the turns taken.
func (p *price) advance(now time.Duration, rate float64) {
	halves := (now - p.at).Seconds() / priceHalves.Seconds()
	p.value = max(p.base, p.value*math.Exp2(-halves))
	p.at = now
	taken := p.turns.rate(now)/rate - 0.5
	looked := p.looks.rate(now)/rate/looksShare - 0.5
	load := min(max(taken/0.5, looked/0.5, 0), 1)
	p.value = max(p.value, p.base*math.Pow(busyPrice, load))
}

// limited records a 429 to a request sent at sent. Those to requests that were
// under way together raise the price once.
func (p *price) limited(now, sent time.Duration, rate float64) {
	if sent <= p.raised {
		return
	}
	p.advance(now, rate)
	p.raised = now
	p.value = min(p.value*limitedPrice, p.base*maxPrice)
}

// meter counts recent events: older ones fade.
type meter struct {
	window float64 // seconds
	count  float64
	at     time.Duration
}

func (m *meter) add(now time.Duration) { m.count, m.at = m.lately(now)+1, now }

func (m *meter) lately(now time.Duration) float64 {
	return m.count * math.Exp(-(now-m.at).Seconds()/m.window)
}

// rate is per second.
func (m *meter) rate(now time.Duration) float64 { return m.lately(now) / m.window }

// Rate is how many requests per second the Engine allows itself now.
func (e *Engine) Rate(now time.Duration) float64 { return e.limiter.Rate(now, ratelimit.Poll) }
