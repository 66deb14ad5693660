package page

import (
	"fmt"
	"strings"

	"github.com/edenwait/edenwait/bench/scenario"
)

// The kinds of baselines that the brief tables have a column for.
func listLoop(e Entry) bool  { return e.NeedsList && e.Paced && e.Module == "" }
func perJob(e Entry) bool    { return e.Paced && e.PerJob }
func everyFive(e Entry) bool { return e.Name == "every 5 s" }
func batch(e Entry) bool     { return e.NeedsList && e.Module != "" && e.Paced }

// best returns the row with the least lag among the rows of a kind that lose no result; nil
// if there is none.
func (r *Report) best(result scenario.Result, kind func(Entry) bool) *scenario.Row {
	for _, row := range byLag(result.Rows) {
		if kind(r.entry(row.Baseline)) && row.Mean(scenario.Lost) == 0 {
			return &row
		}
	}
	return nil
}

// brief is a line per scenario of a group: edenwait and the strongest of each kind.
func (r *Report) brief(group string) string {
	var rows [][]string
	for _, result := range r.group(group) {
		cells := []string{result.Title, "**" + pair(result.Us()) + "**"}
		for _, kind := range []func(Entry) bool{listLoop, batch, perJob, everyFive} {
			cell := "–"
			if row := r.best(result, kind); row != nil {
				cell = pair(*row)
				if !r.alone(kind) {
					cell += " (" + strings.TrimSuffix(row.Baseline, ", paced") + ")"
				}
			}
			cells = append(cells, cell)
		}
		rows = append(rows, append(cells, r.leaders(result)))
	}
	return table([]string{"lag, s / requests per job", "edenwait", "best list loop", "hcloud-go batch, paced", "best paced loop per job", "every 5 s, no limiter", "ahead or tied"}, rows)
}

// alone reports whether only one baseline is of this kind, so that the head of the
// column names it.
func (r *Report) alone(kind func(Entry) bool) bool {
	n := 0
	for _, e := range r.Entries {
		if kind(e) {
			n++
		}
	}
	return n == 1
}

// leaders names who is ahead of edenwait or tied with it.
func (r *Report) leaders(result scenario.Result) string {
	var names []string
	for _, row := range byLag(result.Rows) {
		switch result.Judge(row) {
		case scenario.Ahead:
			names = append(names, "**ahead**: "+named(row))
		case scenario.Tie:
			names = append(names, "tie: "+named(row))
		}
	}
	if names == nil {
		return "nobody"
	}
	return strings.Join(names, "; ")
}

// tally counts the verdicts over all scenarios.
func (r *Report) tally() string {
	count, all, scenarios := map[scenario.Verdict]int{}, 0, r.fair()
	for _, result := range scenarios {
		for _, row := range result.Rows[1:] {
			count[result.Judge(row)]++
			all++
		}
	}
	return fmt.Sprintf("Of %s comparisons in %d scenarios, the baseline is behind in %s, trades one for the other in %s, ties in %s, and is ahead in %s.",
		grouped(all), len(scenarios), grouped(count[scenario.Behind]), grouped(count[scenario.Trade]), grouped(count[scenario.Tie]), grouped(count[scenario.Ahead]))
}

// verdicts lists every row with this verdict.
func (r *Report) verdicts(which string) string {
	var lines []string
	for _, result := range r.fair() {
		for _, row := range byLag(result.Rows) {
			if row.Baseline != result.Us().Baseline && result.Judge(row).String() == which {
				lines = append(lines, fmt.Sprintf("- %s: %s, against %s.", result.Title, named(row), pair(result.Us())))
			}
		}
	}
	if lines == nil {
		return "- In no scenario.\n"
	}
	return strings.Join(lines, "\n") + "\n"
}

// faster lists, per scenario, who has less lag at more requests.
func (r *Report) faster() string {
	var rows [][]string
	for _, result := range r.fair() {
		var names []string
		for _, row := range byLag(result.Rows) {
			if result.Judge(row) == scenario.Trade && result.Faster(row) {
				names = append(names, named(row))
			}
		}
		if names != nil {
			more := ""
			if len(names) > 3 {
				more = fmt.Sprintf("; and %d more", len(names)-3)
				names = names[:3]
			}
			rows = append(rows, []string{result.Title, pair(result.Us()), strings.Join(names, "; ") + more})
		}
	}
	if rows == nil {
		return "In no scenario.\n"
	}
	return table([]string{"lag, s / requests per job", "edenwait", "less lag, for more requests"}, rows)
}

// listLoopLines says how each list loop compares to edenwait, over the scenarios of
// 100 jobs or more: first where nothing is wrong with the list, then where it is.
func (r *Report) listLoopLines() string {
	var lines []string
	for _, e := range r.Entries {
		if !listLoop(e) {
			continue
		}
		one := func(other Entry) bool { return other.Name == e.Name }
		lines = append(lines, fmt.Sprintf("- From 100 jobs on, %s has %s. Where the list is of less use, it has %s.",
			e.Name, r.versus(one, healthy...), r.versus(one, scenario.ListTrouble)))
	}
	return strings.Join(lines, "\n") + "\n"
}

// healthy are the groups in which nothing is wrong with the account.
var healthy = []string{scenario.Arriving, scenario.BySize, scenario.ByShape, scenario.ByRate}

// versus says how the best of a kind compares to edenwait, over the scenarios of
// 100 jobs or more of some groups.
func (r *Report) versus(kind func(Entry) bool, groups ...string) string {
	var lag, requests span
	for _, group := range groups {
		for _, result := range r.group(group) {
			row := r.best(result, kind)
			if row == nil || result.Jobs < 100 {
				continue
			}
			lag.add(row.Mean(scenario.Lag) / result.Us().Mean(scenario.Lag))
			requests.add(row.Mean(scenario.Requests) / result.Us().Mean(scenario.Requests))
		}
	}
	return fmt.Sprintf("%s times edenwait's lag at %s times its requests", lag, requests)
}

// A span is the least and the most of some numbers.
type span struct {
	least, most float64
	any         bool
}

func (s *span) add(v float64) {
	if !s.any {
		*s = span{v, v, true}
	}
	s.least, s.most = min(s.least, v), max(s.most, v)
}

// String implements fmt.Stringer.
func (s span) String() string {
	if short(s.least) == short(s.most) {
		return short(s.most)
	}
	return short(s.least) + " to " + short(s.most)
}

// figures is how a baseline did in a scenario, for a sentence.
func (r *Report) figures(name, who string) string {
	result := r.result(name)
	if result == nil || result.Row(who) == nil {
		return "(not run)"
	}
	row := *result.Row(who)
	return fmt.Sprintf("%s s at %s requests per job", short(row.Mean(scenario.Lag)), short(row.Mean(scenario.Requests)))
}

// lags is from the least to the most lag of a kind in a scenario.
func (r *Report) lags(name string, kind func(Entry) bool) string {
	var lag span
	if result := r.result(name); result != nil {
		for _, row := range result.Rows {
			if kind(r.entry(row.Baseline)) {
				lag.add(row.Mean(scenario.Lag))
			}
		}
	}
	return lag.String() + " s"
}

// absolute is how long all of it takes, and how old a result is when it is known.
func (r *Report) absolute() string {
	var rows [][]string
	for _, result := range append(r.group(scenario.Arriving), r.group(scenario.BySize)...) {
		us := result.Us()
		cells := []string{
			result.Title,
			clock(us.Mean(ideal)), clock(us.Mean(took)),
			clock(us.Mean(delay) - us.Mean(scenario.Lag)), clock(us.Mean(delay)),
		}
		for _, kind := range []func(Entry) bool{listLoop, perJob} {
			cell := "–"
			if row := r.best(result, kind); row != nil {
				cell = clock(row.Mean(delay))
			}
			cells = append(cells, cell)
		}
		rows = append(rows, cells)
	}
	return table([]string{"", "last result: ideal client", "edenwait", "mean age of a result when it is known: ideal client", "edenwait", "best list loop", "best paced loop per job"}, rows)
}

// late names the scenarios in which another's last result came earlier by more than
// 1 %.
func (r *Report) late() string {
	var rows [][]string
	for _, result := range r.fair() {
		us := result.Us().Mean(scenario.Score.Makespan)
		best := result.Us()
		for _, row := range result.Rows {
			if row.Mean(scenario.Lost) == 0 && row.Mean(scenario.Score.Makespan) < best.Mean(scenario.Score.Makespan) {
				best = row
			}
		}
		if us > best.Mean(scenario.Score.Makespan)+0.01 {
			rows = append(rows, []string{
				result.Title,
				fmt.Sprintf("%.3f", us),
				fmt.Sprintf("%.3f", best.Mean(scenario.Score.Makespan)),
				best.Baseline,
				short(best.Mean(scenario.Requests)) + " against " + short(result.Us().Mean(scenario.Requests)),
			})
		}
	}
	if rows == nil {
		return "In no scenario.\n"
	}
	return table([]string{"last result over the ideal client's", "edenwait", "the best", "whose", "requests per job"}, rows)
}
