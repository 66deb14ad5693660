package scenario

import (
	"fmt"
	"math"

	"github.com/edenwait/edenwait/bench/baseline"
)

// An Interval is a mean and how far from it the truth may be, with a confidence of
// 95 % as Student's t has it.
type Interval struct{ Mean, Within float64 }

// LagDifference is how much more lag a row has than edenwait's, seed by seed: both
// had the same jobs, so what makes one seed harder than another drops out.
func (r Result) LagDifference(row Row) Interval {
	us := r.Us()
	var values []float64
	for i, s := range row.Scores {
		values = append(values, s.Lag-us.Scores[i].Lag)
	}
	return interval(values)
}

// A Ratio is a mean and the bounds of its interval.
type Ratio struct{ Mean, Low, High float64 }

// RequestsRatio is how many times edenwait's requests a row has sent. It is the ratio
// of the means, since their sum is what the account pays. The interval is a ratio
// estimator's: a seed whose jobs last ten times as long costs both clients more, and only
// a disproportionate difference counts as noise.
func (r Result) RequestsRatio(row Row) Ratio {
	us := r.Us()
	ratio := row.Mean(Requests) / us.Mean(Requests)
	var residuals []float64
	for i, s := range row.Scores {
		residuals = append(residuals, s.Requests-ratio*us.Scores[i].Requests)
	}
	within := interval(residuals).Within / us.Mean(Requests)
	return Ratio{ratio, ratio - within, ratio + within}
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

// The verdicts. A difference counts if its interval excludes equality, and if it is
// more than 2 %. A tenth of the requests always counts: both clients had the same
// jobs, and how many requests these need is hardly a matter of luck.
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
	lag, requests := r.lagSign(row), r.requestsSign(row)
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

// Faster reports whether a row has less lag than edenwait's.
func (r Result) Faster(row Row) bool { return r.lagSign(row) < 0 }

// Relative differences that never count, and that always do.
const (
	negligible = 0.02
	plain      = 0.10
)

// lagSign tells whether a row has less lag than edenwait's (-1), more (1), or neither
// as far as these seeds show.
func (r Result) lagSign(row Row) int {
	d := r.LagDifference(row)
	switch noise := math.Max(d.Within, negligible*math.Abs(r.Us().Mean(Lag))); {
	case d.Mean < -noise:
		return -1
	case d.Mean > noise:
		return 1
	default:
		return 0
	}
}

// requestsSign is the same of requests.
func (r Result) requestsSign(row Row) int {
	ratio := r.RequestsRatio(row)
	switch noise := min(max(ratio.Mean-ratio.Low, negligible), plain); {
	case ratio.Mean < 1-noise:
		return -1
	case ratio.Mean > 1+noise:
		return 1
	default:
		return 0
	}
}

// Describe is a Row as one line of text.
func (r Result) Describe(row Row) string {
	lag, requests := r.LagDifference(row), r.RequestsRatio(row)
	return fmt.Sprintf("%-15s %-34s lag %7.2f s (%+.2f ± %.2f), %6.2f requests/job (× %.2f, %.2f to %.2f), lost %.1f  %s",
		r.Scenario, row.Baseline, row.Mean(Lag), lag.Mean, lag.Within, row.Mean(Requests), requests.Mean, requests.Low, requests.High, row.Mean(Lost), r.Judge(row))
}
