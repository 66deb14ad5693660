package durations

import (
	"math"
	"time"
)

const (
	bins  = 127 // up to 51 days
	first = 0.1 // seconds, the end of bin 0
	gamma = 1.15
)

// edges are where the bins begin and the last one ends, in seconds.
var edges = func() (e [bins + 1]float64) {
	for i := range bins {
		e[i+1] = first * math.Pow(gamma, float64(i))
	}
	return e
}()

// index is the index of the bin that an age in seconds falls into; bins for an age
// that is beyond the last.
func index(age float64) int {
	if age < first {
		return 0
	}
	if age >= edges[bins] {
		return bins
	}
	i := min(1+int(math.Log(age/first)*(1/math.Log(gamma))), bins-1)
	// Rounding can miss an edge by one.
	if age < edges[i] {
		return i - 1
	}
	if age >= edges[i+1] {
		return i + 1
	}
	return i
}

// span is an interval of ages in seconds, made sane.
func span(from, to time.Duration) (float64, float64) {
	a, b := max(from.Seconds(), 0), max(to.Seconds(), 0)
	return min(a, b), b
}

// Floor is the last age, not after the given one, at which a bin begins. A job that is
// counted as running up to there does not make the delays of its own next look longer.
func Floor(age time.Duration) time.Duration {
	a := max(age.Seconds(), 0)
	return time.Duration(edges[min(index(a), bins)] * float64(time.Second))
}
