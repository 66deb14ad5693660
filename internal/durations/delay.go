package durations

import (
	"math"
	"time"
)

const (
	// A wrong model must cost little: no delay is longer than this and a share of
	// the age.
	mostDelay = 10.0 // seconds
	mostShare = 0.05
	// leastPrice keeps delays from vanishing, in job-seconds per request.
	leastPrice = 1e-6
	// oldest keeps sums of times far from overflow, in seconds.
	oldest = 100 * 365 * 24 * 3600.0
)

// Delay is the time until the next look at a job that has been seen running at an
// age, where a request is worth a delay of price, in job-seconds. It is more than
// 0, at most 10 s and 5 % of the age, and grows with the price.
//
// It ends when the delay that the job is expected to have gathered undetected,
// ∫(1 − S(u)/S(age)) du, reaches price × the probability that the job still runs,
// since a look at a job that has ended is not lost. That comes within some
// per cent of the best schedule there is (Keller 1974), and needs only the
// hazards of the next few ages.
func (m *Model) Delay(k Kind, age time.Duration, price float64) time.Duration {
	if !(price > leastPrice) {
		price = leastPrice
	}
	a := min(max(age.Seconds(), 0), oldest)
	most := mostDelay + mostShare*a
	l := m.line(k)
	i := index(a)
	var gone, debt float64 // since the age
	alive := 1.0
	for {
		hazard, width := prior(a), most-gone
		if i < bins {
			hazard, width = l.hazard(i), min(width, edges[i+1]-a-gone)
			i++
		}
		ended := -math.Expm1(-hazard * width)
		if at := debt + width - alive*ended/hazard; at < price*alive*(1-ended) {
			gone, debt, alive = gone+width, at, alive*(1-ended)
			if gone < most {
				continue
			}
			return seconds(most)
		}
		return seconds(gone + within(hazard, width, debt, alive, price))
	}
}

// within is how far into a span of one hazard the debt reaches the price, by
// Newton's method inside a bracket.
func within(hazard, width, debt, alive, price float64) float64 {
	low, high := 0.0, width
	x := min(math.Sqrt(2*max(price-debt/alive, 0)/hazard), width)
	for range 20 {
		ended := -math.Expm1(-hazard * x)
		runs := alive * (1 - ended)
		over := debt + x - alive*ended/hazard - price*runs
		if over < 0 {
			low = x
		} else {
			high = x
		}
		next := x - over/(1-runs+price*hazard*runs)
		if !(next > low && next < high) {
			next = (low + high) / 2
		}
		if math.Abs(next-x) < 1e-6*x {
			return next
		}
		x = next
	}
	return x
}

func seconds(s float64) time.Duration {
	return max(time.Duration(s*float64(time.Second)), 1)
}
