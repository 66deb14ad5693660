package page

import (
	"fmt"

	"github.com/edenwait/edenwait/bench/scenario"
)

// A target is what edenwait is to reach with so many jobs at once.
type target struct {
	jobs          int
	lag, requests float64 // at most
}

var targets = []target{{1, 1.3, 70}, {10, 1.1, 26}, {100, 0.8, 9}, {1000, 1.0, 1.8}, {10_000, 5.5, 1.04}}

// targets puts what was measured beside what was to be reached.
func (r *Report) targets() string {
	var rows [][]string
	for _, t := range targets {
		result := r.result(fmt.Sprintf("lognormal-%d", t.jobs))
		if result == nil {
			continue
		}
		lag, requests := result.Us().Mean(scenario.Lag), result.Us().Mean(scenario.Requests)
		reached := "yes"
		if lag > t.lag || requests > t.requests {
			reached = "**no**"
		}
		rows = append(rows, []string{grouped(t.jobs), short(t.lag) + " / " + short(t.requests), pair(result.Us()), reached})
	}
	return table([]string{"jobs", "target: at most lag, s / requests per job", "measured", "reached"}, rows)
}
