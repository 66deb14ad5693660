package page

import (
	"fmt"

	"github.com/edenwait/edenwait/bench/world"
)

// A target is what edenwait set out to reach, and what it came to.
type target struct {
	what  string
	want  float64
	got   float64
	unit  string
	least bool // want is the least allowed, not the most
}

func (t target) met() bool { return t.got <= t.want && !t.least || t.got >= t.want && t.least }

func (t target) cells() []string {
	sign, verdict := "≤ ", "met"
	if t.least {
		sign = "≥ "
	}
	if !t.met() {
		verdict = "**missed**"
	}
	return []string{t.what, sign + short(t.want) + t.unit, fmt.Sprintf("%.3g", t.got) + t.unit, verdict}
}

// sizeTargets are the limits on lag, requests a job and makespan by the number
// of jobs, in the world that all others derive from.
var sizeTargets = []struct {
	jobs                    int
	lag, requests, makespan float64
}{
	{1, 5, 18, 1.10},
	{10, 3.5, 10, 1.05},
	{100, 1.6, 4, 1.02},
	{1000, 1.7, 1.7, 1.01},
	{10000, 5.5, 1.04, 1.01},
}

// targets lists every target that the figures speak of.
func (r *Report) targets() string {
	var all []target
	for _, t := range sizeTargets {
		result := r.result(fmt.Sprintf("lognormal-%d", t.jobs))
		if result == nil {
			continue
		}
		us, jobs := result.Rows[0], grouped(t.jobs)+" jobs"
		if t.jobs == 1 {
			jobs = "1 job"
		}
		all = append(all,
			target{what: jobs + ": lag", want: t.lag, got: us.Mean(world.Lag), unit: " s"},
			target{what: jobs + ": requests a job", want: t.requests, got: us.Mean(world.Requests)},
			target{what: jobs + ": makespan over the clairvoyant's", want: t.makespan, got: us.Mean(func(s world.Score) float64 { return s.Makespan })},
			target{what: jobs + ": 429s", got: us.Mean(func(s world.Score) float64 { return s.Limited })},
		)
	}
	if r.Costs != nil {
		all = append(all, r.costTargets()...)
	}
	var rows [][]string
	for _, t := range all {
		rows = append(rows, t.cells())
	}
	return table([]string{"", "target", "measured", ""}, rows)
}

func (r *Report) costTargets() (all []target) {
	for _, g := range r.Costs.Gets {
		all = append(all,
			target{what: "`Get`, " + g.What + ": time over the hand-written request's", want: 1.1, got: g.TimeRatio},
			target{what: "`Get`, " + g.What + ": bytes allocated over the same", want: 1.2, got: g.Edenwait.Bytes / g.Hand.Bytes})
	}
	us, rival := r.heaviest()
	return append(all,
		target{what: grouped(us.Jobs) + " jobs that wait: bytes a job", want: 256, got: us.BytesAJob},
		target{what: grouped(us.Jobs) + " jobs that wait: goroutines", want: 100, got: float64(us.Goroutines)},
		target{what: "memory a job: the best goroutine-a-job rival's (" + rival.Name + ") over edenwait's", want: 10, got: rival.BytesAJob / us.BytesAJob, least: true})
}
