package scenario

import (
	"math"

	"github.com/edenwait/edenwait/bench/baseline"
)

// An Interval is a mean and how far from it the truth may be, with a confidence of
// 95 % as Student's t has it.
type Interval struct{ Mean, Within float64 }

// Of is the interval of one measure over the seeds.
func (r Row) Of(measure func(Score) float64) Interval {
	values := make([]float64, len(r.Scores))
	for i, s := range r.Scores {
		values[i] = measure(s)
	}
	return interval(values)
}

// Difference is how much more of one measure a row has than edenwait's, seed by
// seed: both had the same jobs, so what makes one seed harder than another drops
// out.
func (r Result) Difference(row Row, measure func(Score) float64) Interval {
	us := r.Us()
	var values []float64
	for i, s := range row.Scores {
		values = append(values, measure(s)-measure(us.Scores[i]))
	}
	return interval(values)
}

func interval(values []float64) Interval {
	m, n := mean(values), len(values)
	if n < 2 {
		return Interval{m, math.Inf(1)}
	}
	sum := 0.0
	for _, v := range values {
		sum += (v - m) * (v - m)
	}
	return Interval{m, student(n-1) * math.Sqrt(sum/float64(n-1)/float64(n))}
}

// student is the 97.5 % quantile of Student's t.
func student(freedom int) float64 {
	small := []float64{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086}
	if freedom <= len(small) {
		return small[freedom-1]
	}
	return 1.96 + 2.4/float64(freedom) // within 0.002 from 20 on
}

// A Verdict is how a baseline compares to edenwait in one scenario.
type Verdict int

// The verdicts. A difference counts if zero is outside its interval, and if it is
// more than 2 %.
const (
	Behind Verdict = iota // more lag, at no fewer requests, or results lost
	Trade                 // less of one for more of the other
	Tie                   // no difference in lag, at no more requests
	Ahead                 // less lag, at no more requests
)

// String names the verdict.
func (v Verdict) String() string {
	return [...]string{"behind", "trade", "tie", "ahead"}[v]
}

// Judge compares a row to edenwait's. Lag that comes of losing results is no merit,
// so a row that loses more than edenwait is behind.
func (r Result) Judge(row Row) Verdict {
	lag, requests := r.sign(row, Lag), r.sign(row, Requests)
	switch {
	case row.Baseline == baseline.Us || row.Mean(Lost) > r.Us().Mean(Lost):
		return Behind
	case lag < 0 && requests <= 0:
		return Ahead
	case lag == 0 && requests <= 0:
		return Tie
	case lag < 0 || requests < 0:
		return Trade
	default:
		return Behind
	}
}

// sign tells whether a row has less of a measure than edenwait's (-1), more (1), or
// neither as far as these seeds show.
func (r Result) sign(row Row, measure func(Score) float64) int {
	d := r.Difference(row, measure)
	switch noise := math.Max(d.Within, 0.02*math.Abs(r.Us().Mean(measure))); {
	case d.Mean < -noise:
		return -1
	case d.Mean > noise:
		return 1
	default:
		return 0
	}
}
