package scenario

import (
	"runtime"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait/bench/baseline"
)

// A Result is how everyone did in one scenario.
type Result struct {
	Scenario string  `json:"scenario"`
	Group    string  `json:"group"`
	Title    string  `json:"title"`
	Jobs     int     `json:"jobs"`
	Rate     float64 `json:"rate"`
	Rows     []Row   `json:"rows"` // edenwait's first
}

// A Row is how one baseline did, with one Score per seed.
type Row struct {
	Baseline string  `json:"baseline"`
	Scores   []Score `json:"scores"`
}

// Collect runs every baseline that is wanted in every scenario, as many runs at
// once as there are processors. It calls progress after each scenario.
func Collect(t *testing.T, scenarios []Scenario, wanted func(baseline.Baseline) bool, progress func(Result)) []Result {
	t.Helper()
	var results []Result
	for _, s := range scenarios {
		result := Result{Scenario: s.Name, Group: s.Group, Title: s.Title, Jobs: s.Jobs, Rate: s.Rate}
		var runs errgroup.Group
		runs.SetLimit(runtime.GOMAXPROCS(0))
		for _, b := range baseline.All() {
			if !s.suits(b) || !wanted(b) {
				continue
			}
			row := Row{Baseline: b.Name, Scores: make([]Score, s.Seeds)}
			for seed := range row.Scores {
				runs.Go(func() error {
					row.Scores[seed] = s.Run(t, b, seed).rounded()
					return nil
				})
			}
			result.Rows = append(result.Rows, row)
		}
		_ = runs.Wait() // always nil
		progress(result)
		results = append(results, result)
	}
	return results
}

// Us is edenwait's row.
func (r Result) Us() Row { return r.Rows[0] }

// Row is the row of this name; nil if there is none.
func (r Result) Row(name string) *Row {
	for i := range r.Rows {
		if r.Rows[i].Baseline == name {
			return &r.Rows[i]
		}
	}
	return nil
}

// Mean is the mean of one measure over the seeds.
func (r Row) Mean(measure func(Score) float64) float64 {
	values := make([]float64, len(r.Scores))
	for i, s := range r.Scores {
		values[i] = measure(s)
	}
	return mean(values)
}

// The measures that a Row is compared by.
var (
	Lag      = func(s Score) float64 { return s.Lag }
	Requests = func(s Score) float64 { return s.Requests }
	Lost     = func(s Score) float64 { return float64(s.Lost) }
)
