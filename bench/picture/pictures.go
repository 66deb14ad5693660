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
	"image/color"
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
	var mean, low, high plotter.XYs
	for age := 0.0; age <= r.asked[ended][0]; age++ {
		y := expected(age)
		mean = append(mean, plotter.XY{X: age, Y: y})
		low, high = append(low, plotter.XY{X: age, Y: y * 0.9}), append(high, plotter.XY{X: age, Y: y * 1.1})
	}
	addLine(p, "2 √(0.0145 s × age), ± 10 %", mean, black, true)
	addLine(p, "", low, faint, false)
	addLine(p, "", high, faint, false)
	p.Y.Max = 4
	check(t, save(dir, "delays.svg", p))
	return r
}

// expected is the delay that ends at an age: it began the delay before.
func expected(age float64) float64 {
	d := 0.0
	for range 20 {
		d = priced(basePrice)(max(age-d, 0))
	}
	return d
}

// A schedule is a rule with each of its parameters, as requests beyond the first
// and mean delay.
type schedule struct {
	name string
	at   plotter.XYs
}

// schedules is what rules for one job at a time cost. The parameter that comes
// second is the one that edenwait has on an idle account, or costs about as much.
func schedules(l law, seeds int) []schedule {
	jobs := max(8000, 4*seeds)
	return []schedule{
		{"a share of the age", l.curve(jobs, exponential, 0.01, 0.03, 0.1, 0.3, 0.5)},
		{"edenwait, unlearned", l.curve(jobs, priced, 0.004, basePrice, 0.06, 0.12, 0.25, 0.5)},
		{"fixed", l.curve(jobs, fixed, 0.25, 1, 5, 20)},
		{"edenwait, 300 jobs learned", l.learned(seeds, 0.004, basePrice, 0.06, 0.5)},
		{"the limit", l.hyperbola(3, 300)},
		{"1 s × 1.3ⁿ, at most 10 s", l.curve(jobs, func(float64) rule { return before() }, 0)},
	}
}

// drawSchedules draws a panel for each law.
func drawSchedules(t *testing.T, dir string, laws []law, rules [][]schedule) {
	t.Helper()
	panels := make([]*plot.Plot, len(laws))
	for i, l := range laws {
		p := newPanel("", "mean delay, s", 1, 11*vg.Centimeter)
		p.Title.Text = l.title
		p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
		p.X.Tick.Marker, p.Y.Tick.Marker = marks{3, 10, 30, 100}, marks{0.3, 1, 3, 10}
		for j, c := range []color.Color{blue, amber, black, green, red} {
			name := rules[i][j].name
			if i > 0 {
				name = "" // the legend of the first will do
			}
			addLine(p, name, rules[i][j].at, c, j == 4)
		}
		if before := rules[i][5]; i == 0 {
			addDots(p, before.name, before.at, blue)
		} else {
			p.Add(dots{before.at, blue})
		}
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 3, 150, 0.2, 30
		panels[i] = p
	}
	panels[len(panels)-1].X.Label.Text = "requests beyond the first, per job"
	check(t, save(dir, "schedules.svg", panels...))
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
