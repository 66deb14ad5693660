// Package picture draws what docs/how-it-asks.md shows: Waiters at work, as the
// API in a box saw them.
//
// It runs in tests only, for virtual time (testing/synctest) is to be had
// nowhere else. From the root of the repository, in seconds:
//
//	go test -C bench ./picture         # draws into a directory that is thrown away
//	go test -C bench ./picture -draw   # draws docs/how-it-asks/*.svg
//
// The jobs are the same each time. The jitter of the delays is not, so no two
// drawings are equal to the byte, and the test asserts what the page says of
// them instead.
package picture

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/edenwait/edenwait/edentest"
)

var minuteLong = edentest.Lognormal{Median: time.Minute, Sigma: 1, Cap: 20 * time.Minute}

// batch is every request of a batch, by what it was good for.
func batch(t *testing.T, dir string) run {
	t.Helper()
	r := scene{jobs: 100, durations: minuteLong}.watch(t)
	top := newPanel("", "jobs", 60, 9*vg.Centimeter)
	top.Title.Text = "100 jobs: every request that was sent for them"
	addLine(top, "jobs that still run", r.left(), black, false)
	bottom := newPanel("time since the jobs were taken in, s", "", 60, 0)
	for k := range kinds {
		addLane(bottom, fmt.Sprintf("%v: %d", k, len(r.asked[k])), r.asked[k], float64(kinds-k), k.color())
	}
	bottom.HideY()
	bottom.Y.Min, bottom.Y.Max = 0.8, float64(kinds)+0.7
	sameTime(r.ends[len(r.ends)-1]*1.02, top, bottom)
	check(t, save(dir, "batch.svg", top, bottom))
	return r
}

// When others begin to spend half of the limit, and when they stop.
const (
	othersFrom  = 30 * time.Second
	othersUntil = 150 * time.Second
	othersRate  = 5.0
	limit       = 10.0
)

// limited is the rate that a Waiter allows itself on an account that is shared
// for a while.
func limited(t *testing.T, dir string) run {
	t.Helper()
	r := scene{jobs: 1800, durations: edentest.Fixed(0), event: func(api *edentest.API) {
		time.Sleep(othersFrom)
		api.SetBackgroundRate(othersRate)
		time.Sleep(othersUntil - othersFrom)
		api.SetBackgroundRate(0)
	}}.watch(t)
	p := newPanel("time, s", "requests a second", 30, 10*vg.Centimeter)
	p.Title.Text = "Others spend half of the limit, from 30 s to 150 s"
	from, until, last := othersFrom.Seconds(), othersUntil.Seconds(), r.rate[len(r.rate)-1].X
	addLine(p, "what the others leave", plotter.XYs{
		{X: 0, Y: limit}, {X: from, Y: limit}, {X: from, Y: limit - othersRate}, {X: until, Y: limit - othersRate}, {X: until, Y: limit}, {X: last, Y: limit},
	}, blue, true)
	addLine(p, "what the Waiter allows itself", r.rate, black, false)
	marks := make(plotter.XYs, 0, len(r.asked[refused]))
	for _, x := range r.asked[refused] {
		marks = append(marks, plotter.XY{X: x, Y: 0.25})
	}
	addDots(p, fmt.Sprintf("429 (%d of %d requests)", len(marks), r.requests()), marks, red)
	p.Y.Max = 13.5 // room for the legend
	check(t, save(dir, "limited.svg", p))
	return r
}

// cadence is how the list is read as jobs end ever more slowly.
func cadence(t *testing.T, dir string) run {
	t.Helper()
	r := scene{jobs: 1000, durations: minuteLong}.watch(t)
	top := newPanel("", "jobs", 120, 9*vg.Centimeter)
	top.Title.Text = "1,000 jobs: how often their list is read"
	addLine(top, "jobs that still run", r.left(), black, false)
	bottom := newPanel("time since the jobs were taken in, s", "gap, s", 120, 3*vg.Centimeter)
	addDots(bottom, fmt.Sprintf("a page of the list (%d), and the time since the one before", len(r.asked[page])), r.gaps(page), blue)
	bottom.Y.Max = 10
	sameTime(r.ends[len(r.ends)-1]*1.02, top, bottom)
	check(t, save(dir, "cadence.svg", top, bottom))
	return r
}

// delays is how long a single job is left alone before each of its polls.
func delays(t *testing.T, dir string) run {
	t.Helper()
	r := scene{jobs: 1, durations: edentest.Fixed(2 * time.Minute)}.watch(t)
	r.asked[running] = append(r.asked[running], r.asked[ended]...)
	p := newPanel("age of the job, s", "time since the last poll, s", 10, 1*vg.Centimeter)
	p.Title.Text = "One job of two minutes: the delays between its polls"
	addDots(p, "poll", r.gaps(running), green)
	// Delays of 1.3ⁿ come to (1.3ⁿ−1)/0.3 together: each is 0.3 of the age, and a
	// second, at its beginning.
	mean := plotter.XYs{{X: 1, Y: 1}, {X: 40, Y: 10}, {X: r.asked[ended][0], Y: 10}}
	low, high := slices.Clone(mean), slices.Clone(mean)
	for i, at := range mean {
		low[i].Y, high[i].Y = at.Y*0.9, at.Y*1.1
	}
	addLine(p, "1 s × 1.3ⁿ, at most 10 s, ± 10 %", mean, black, true)
	addLine(p, "", low, faint, false)
	addLine(p, "", high, faint, false)
	p.Y.Max = 14
	check(t, save(dir, "delays.svg", p))
	return r
}

func sameTime(until float64, panels ...*plot.Plot) {
	for _, p := range panels {
		p.X.Min, p.X.Max = 0, until
	}
}

func (r run) requests() (n int) {
	for _, at := range r.asked {
		n += len(at)
	}
	return n
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
