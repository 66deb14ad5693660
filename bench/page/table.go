package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/edenwait/edenwait/bench/baseline"
	"github.com/edenwait/edenwait/bench/scenario"
)

// table renders rows of cells as Markdown, the first column to the left, the
// others to the right.
func table(head []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(head)
	rule := []string{":--"}
	for range head[1:] {
		rule = append(rule, "--:")
	}
	line(rule)
	for _, cells := range rows {
		line(cells)
	}
	return b.String()
}

// words is a table of text: all columns to the left.
func words(head []string, rows [][]string) string {
	return strings.Replace(table(head, rows), "--:", ":--", len(head))
}

// scenarioTable has everyone's figures in one scenario, the least lag first.
func scenarioTable(result scenario.Result) string {
	rows := byLag(result.Rows)
	slices.SortStableFunc(rows, func(a, b scenario.Row) int {
		return cmp.Compare(a.Mean(scenario.Lost), b.Mean(scenario.Lost))
	})
	var cells [][]string
	for _, row := range rows {
		cells = append(cells, scenarioCells(result, row))
	}
	head := []string{"", "lag, s", "over edenwait's", "p50", "p95", "max", "requests per job", "times edenwait's", "429s per job", "last result, s", "over the ideal", "lost", "verdict"}
	return table(head, cells)
}

func scenarioCells(result scenario.Result, row scenario.Row) []string {
	name, verdict := row.Baseline, result.Judge(row).String()
	lag, requests := signed(result.LagDifference(row)), times(result.RequestsRatio(row))
	if name == baseline.Us {
		name, verdict, lag, requests = "**"+name+"**", "", "", ""
	}
	lost := short(row.Mean(scenario.Lost))
	if row.Mean(scenario.Lost) == 0 {
		lost = "0"
	}
	if slices.ContainsFunc(row.Scores, func(s scenario.Score) bool { return s.Cut }) {
		lost += " (cut short)"
	}
	return []string{
		name,
		short(row.Mean(scenario.Lag)),
		lag,
		short(row.Mean(func(s scenario.Score) float64 { return s.P50 })),
		short(row.Mean(func(s scenario.Score) float64 { return s.P95 })),
		short(row.Mean(func(s scenario.Score) float64 { return s.Max })),
		short(row.Mean(scenario.Requests)),
		requests,
		short(row.Mean(func(s scenario.Score) float64 { return s.Limited })),
		short(row.Mean(took)),
		fmt.Sprintf("%.3f", row.Mean(scenario.Score.Makespan)),
		lost,
		verdict,
	}
}

// signed prints a difference with its interval.
func signed(d scenario.Interval) string {
	sign := "+"
	if d.Mean < 0 {
		sign = "−"
	}
	return sign + short(math.Abs(d.Mean)) + " ± " + short(d.Within)
}

// times prints a ratio with its interval.
func times(r scenario.Ratio) string {
	return fmt.Sprintf("%s (%s to %s)", short(r.Mean), short(r.Low), short(r.High))
}

func took(s scenario.Score) float64  { return s.Took }
func ideal(s scenario.Score) float64 { return s.Ideal }
func delay(s scenario.Score) float64 { return s.Delay }

// pair is lag and requests, as the brief tables have them.
func pair(row scenario.Row) string {
	return short(row.Mean(scenario.Lag)) + " / " + short(row.Mean(scenario.Requests))
}

// named is the same under the baseline's name.
func named(row scenario.Row) string { return row.Baseline + " " + pair(row) }

func byLag(rows []scenario.Row) []scenario.Row {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b scenario.Row) int {
		return cmp.Compare(a.Mean(scenario.Lag), b.Mean(scenario.Lag))
	})
	return rows
}
