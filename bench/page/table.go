package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/edenwait/edenwait/bench/world"
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

// worldTable is everyone's figures in one world, the least lag first.
func worldTable(result world.Result) string {
	rows := slices.Clone(result.Rows)
	slices.SortStableFunc(rows, func(a, b world.Row) int {
		return cmp.Or(cmp.Compare(a.Mean(world.Lost), b.Mean(world.Lost)), cmp.Compare(a.Mean(world.Lag), b.Mean(world.Lag)))
	})
	var cells [][]string
	for _, r := range rows {
		cells = append(cells, worldRow(result, r))
	}
	head := []string{"", "lag, s", "p50", "p95", "max", "requests a job", "429s a job", "makespan", "lost", "against edenwait"}
	return table(head, cells)
}

func worldRow(result world.Result, r world.Row) []string {
	name, verdict := r.Rival, result.Judge(r).String()
	if name == world.Us {
		name, verdict = "**"+name+"**", ""
	}
	lost := short(r.Mean(world.Lost))
	if r.Mean(world.Lost) == 0 {
		lost = "0"
	}
	for _, s := range r.Scores {
		if s.Cut {
			lost += " (cut short)"
			break
		}
	}
	return []string{
		name,
		withSpread(r, world.Lag),
		short(r.Mean(func(s world.Score) float64 { return s.P50 })),
		short(r.Mean(func(s world.Score) float64 { return s.P95 })),
		short(r.Mean(func(s world.Score) float64 { return s.Max })),
		withSpread(r, world.Requests),
		short(r.Mean(func(s world.Score) float64 { return s.Limited })),
		fmt.Sprintf("%.3f", r.Mean(func(s world.Score) float64 { return s.Makespan })),
		lost,
		verdict,
	}
}

func withSpread(r world.Row, measure func(world.Score) float64) string {
	if len(r.Scores) < 2 {
		return short(r.Mean(measure))
	}
	return short(r.Mean(measure)) + " ± " + short(r.Spread(measure))
}

// summary is one line a world: edenwait, who has less lag, who has fewer
// requests, and what they pay for it.
func summary(results []world.Result) string {
	var cells [][]string
	for _, result := range results {
		us := result.Rows[0]
		cells = append(cells, []string{
			result.Title,
			withSpread(us, world.Lag),
			withSpread(us, world.Requests),
			lessLag(result),
			fewerRequests(result),
		})
	}
	return table([]string{"world", "edenwait: lag, s", "requests a job", "less lag: who, s / requests a job", "fewer requests: who has the least lag of those"}, cells)
}

// lessLag names everyone who loses nothing and has less lag.
func lessLag(result world.Result) string {
	us := result.Rows[0]
	var names []string
	for _, r := range sortedBy(result.Rows, world.Lag) {
		verdict := result.Judge(r)
		switch {
		case r.Rival == world.Us || verdict == world.Behind:
		case verdict == world.Ahead || verdict == world.Tie, r.Mean(world.Lag) < us.Mean(world.Lag):
			name := inBrief(r)
			if verdict != world.Trade {
				name = "**" + verdict.String() + "**: " + name
			}
			names = append(names, name)
		}
	}
	return listed(names)
}

// fewerRequests names, of all who lose nothing and send fewer requests, the one
// with the least lag.
func fewerRequests(result world.Result) string {
	us := result.Rows[0]
	for _, r := range sortedBy(result.Rows, world.Lag) {
		if r.Rival != world.Us && r.Mean(world.Lost) <= us.Mean(world.Lost) && r.Mean(world.Requests) < us.Mean(world.Requests) {
			return inBrief(r)
		}
	}
	return "nobody"
}

func inBrief(r world.Row) string {
	return fmt.Sprintf("%s %s / %s", r.Rival, short(r.Mean(world.Lag)), short(r.Mean(world.Requests)))
}

func listed(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, "; ")
}

func sortedBy(rows []world.Row, measure func(world.Score) float64) []world.Row {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b world.Row) int { return cmp.Compare(a.Mean(measure), b.Mean(measure)) })
	return rows
}
