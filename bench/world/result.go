package world

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait/bench/rival"
)

// A Result is how everyone did in one world.
type Result struct {
	World string  `json:"world"`
	Group string  `json:"group"`
	Title string  `json:"title"`
	Jobs  int     `json:"jobs"`
	Rate  float64 `json:"rate"`
	Rows  []Row   `json:"rows"` // edenwait's first
}

// A Row is how one contestant did, with one Score a seed.
type Row struct {
	Rival  string  `json:"rival"`
	Scores []Score `json:"scores"`
}

// Collect runs every contestant that is wanted in every world, as many runs at
// once as there are processors. After each world, progress hears its result.
func Collect(t *testing.T, worlds []World, wanted func(rival.Rival) bool, progress func(Result)) []Result {
	t.Helper()
	var results []Result
	for _, w := range worlds {
		result := Result{World: w.Name, Group: w.Group, Title: w.Title, Jobs: w.Jobs, Rate: w.Rate}
		var runs errgroup.Group
		runs.SetLimit(runtime.GOMAXPROCS(0))
		for _, r := range w.contestants() {
			if !wanted(r) {
				continue
			}
			row := Row{Rival: r.Name, Scores: make([]Score, w.seedsFor(r))}
			for seed := range row.Scores {
				runs.Go(func() error {
					row.Scores[seed] = w.Run(t, r, seed).rounded()
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

// Us is the contestant that the others are compared with.
const Us = "edenwait"

// contestants are those for whom the world makes sense.
func (w World) contestants() []rival.Rival {
	return slices.DeleteFunc(rival.All(), func(r rival.Rival) bool {
		tooMany := float64(w.Jobs)/w.Rate > 500
		return r.Name != Us && (r.Bare != w.Bare || r.NeedsList && w.ListOff || r.Hungry && tooMany)
	})
}

func (w World) seedsFor(r rival.Rival) int {
	if r.PerJob && w.PerJobSeeds > 0 {
		return w.PerJobSeeds
	}
	return w.Seeds
}

// rounded keeps five significant digits: more is noise, and would be stored.
func (s Score) rounded() Score {
	for _, v := range []*float64{&s.Lag, &s.P50, &s.P95, &s.Max, &s.Requests, &s.Limited, &s.Makespan} {
		if *v == 0 {
			continue
		}
		scale := math.Pow(10, 4-math.Floor(math.Log10(math.Abs(*v))))
		*v = math.Round(*v*scale) / scale
	}
	return s
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

// Spread is the standard deviation of one measure over the seeds; 0 for a single
// one.
func (r Row) Spread(measure func(Score) float64) float64 {
	if len(r.Scores) < 2 {
		return 0
	}
	m, sum := r.Mean(measure), 0.0
	for _, s := range r.Scores {
		sum += (measure(s) - m) * (measure(s) - m)
	}
	return math.Sqrt(sum / float64(len(r.Scores)-1))
}

// A Verdict is how a contestant stands to edenwait in one world.
type Verdict int

// The verdicts. A difference in lag counts if it is more than two standard
// errors of the difference seed by seed, and more than 2 %.
const (
	Behind Verdict = iota // neither less lag nor fewer requests
	Trade                 // less of one for more of the other
	Tie                   // as little lag, at no more requests
	Ahead                 // less lag, at no more requests
)

// String names the verdict.
func (v Verdict) String() string {
	return [...]string{"behind", "trade", "tie", "ahead"}[v]
}

// Judge says how a row stands to edenwait's. Lag that comes of losing results is
// no merit, so a row with lost results is behind.
func (r Result) Judge(row Row) Verdict {
	us := r.Rows[0]
	requests := row.Mean(Requests) - us.Mean(Requests)
	var gains []float64
	for i, s := range row.Scores {
		gains = append(gains, us.Scores[i].Lag-s.Lag)
	}
	gain := mean(gains)
	noise := math.Max(2*standardError(gains), 0.02*math.Abs(us.Mean(Lag)))
	switch {
	case row.Rival == Us:
		return Behind // as good a word as any
	case row.Mean(Lost) > us.Mean(Lost):
		return Behind
	case gain > noise && requests <= 0:
		return Ahead
	case gain > -noise && gain > -0.1*math.Abs(us.Mean(Lag)) && requests <= 0:
		return Tie
	case gain > noise || requests < 0:
		return Trade
	default:
		return Behind
	}
}

func standardError(values []float64) float64 {
	if len(values) < 2 {
		return 0
	}
	m, sum := mean(values), 0.0
	for _, v := range values {
		sum += (v - m) * (v - m)
	}
	return math.Sqrt(sum / float64(len(values)-1) / float64(len(values)))
}

// Describe is a Row as one line of text.
func (r Result) Describe(row Row) string {
	return fmt.Sprintf("%-15s %-28s lag %8.2f s ± %-6.2f %8.2f requests/job  lost %.1f  %s",
		r.World, row.Rival, row.Mean(Lag), row.Spread(Lag), row.Mean(Requests), row.Mean(Lost), r.Judge(row))
}
