package page

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/edenwait/edenwait/bench/cost"
	"github.com/edenwait/edenwait/bench/world"
)

//go:embed page.md.tmpl
var source string

// Render writes the page, the directory of its plots, and the figures in it:
// benchmarks.md, benchmarks/*.svg and benchmarks/results.json below dir.
func (r *Report) Render(dir string) error {
	plots := filepath.Join(dir, "benchmarks")
	if err := os.MkdirAll(plots, 0o755); err != nil {
		return err
	}
	if err := r.Save(filepath.Join(plots, "results.json")); err != nil {
		return err
	}
	if err := r.plots(plots); err != nil {
		return err
	}
	text, err := r.text()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "benchmarks.md"), []byte(text), 0o644)
}

func (r *Report) text() (string, error) {
	page, err := template.New("page").Funcs(template.FuncMap{
		"summary":     func() string { return summary(r.measured()) },
		"worldTable":  worldTable,
		"group":       r.group,
		"verdicts":    r.verdicts,
		"worst":       r.worst,
		"contestants": r.contestants,
		"gets":        r.gets,
		"speeds":      r.speeds,
		"memory":      r.memoryTable,
		"targets":     r.targets,
		"list":        func(n ...int) []int { return n },
		"asGood":      r.asGood,
		"has":         func(name string) bool { return r.result(name) != nil },
	}).Parse(source)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = page.Execute(&b, r)
	return b.String(), err
}

// measured is every world but those in which rivals run as they come.
func (r *Report) measured() []world.Result {
	return slices.DeleteFunc(slices.Clone(r.Worlds), func(w world.Result) bool { return w.Group == bareGroup })
}

const bareGroup = "bare"

func (r *Report) group(name string) []world.Result {
	return slices.DeleteFunc(slices.Clone(r.Worlds), func(w world.Result) bool { return w.Group != name })
}

// verdicts names where somebody is ahead of edenwait or as good.
func (r *Report) verdicts(which string) string {
	var lines []string
	for _, result := range r.measured() {
		for _, row := range result.Rows[1:] {
			if result.Judge(row).String() == which {
				lines = append(lines, fmt.Sprintf("- %s: %s, against %s.", result.Title, inBrief(row), inBrief(result.Rows[0])))
			}
		}
	}
	if lines == nil {
		return "- In no world.\n"
	}
	return strings.Join(lines, "\n") + "\n"
}

// worst names the worlds where edenwait's makespan is longest, of those where a
// rival's is shorter by more than 1 %.
func (r *Report) worst() string {
	var lines []string
	makespan := func(s world.Score) float64 { return s.Makespan }
	for _, result := range r.measured() {
		us := result.Rows[0].Mean(makespan)
		best := result.Rows[0]
		for _, row := range result.Rows {
			if row.Mean(world.Lost) == 0 && row.Mean(makespan) < best.Mean(makespan) {
				best = row
			}
		}
		if us > best.Mean(makespan)+0.01 {
			lines = append(lines, fmt.Sprintf("  - %s: %.3f, against %.3f (%s, with %s requests a job to edenwait's %s).",
				result.Title, us, best.Mean(makespan), best.Rival, short(best.Mean(world.Requests)), short(result.Rows[0].Mean(world.Requests))))
		}
	}
	if lines == nil {
		return "  - In no world.\n"
	}
	return strings.Join(lines, "\n") + "\n"
}

// asGood reports whether a contestant is ahead of edenwait in a world, or a tie:
// the page explains it while it lasts.
func (r *Report) asGood(name, rival string) bool {
	result := r.result(name)
	if result == nil {
		return false
	}
	them := row(result, rival)
	return them != nil && (result.Judge(*them) == world.Ahead || result.Judge(*them) == world.Tie)
}

func (r *Report) contestants(bare bool) string {
	var rows [][]string
	for _, c := range r.Rivals {
		if c.Bare != bare {
			continue
		}
		from := "standard library"
		if c.Module != "" {
			from = "`" + c.Module + "`"
			if c.Version != "" {
				from += " " + c.Version
			}
		}
		rows = append(rows, []string{c.Name, from, c.How})
	}
	return strings.ReplaceAll(table([]string{"", "whose code", "how it is used"}, rows), "--:", ":--")
}

func (r *Report) gets() string {
	var rows [][]string
	for _, g := range r.Costs.Gets {
		rows = append(rows,
			[]string{g.What + ", edenwait", duration(g.Edenwait.Nanoseconds), size(g.Edenwait.Bytes), short(g.Edenwait.Allocs), fmt.Sprintf("%.2f", g.TimeRatio), fmt.Sprintf("%.2f", g.Edenwait.Bytes/g.Hand.Bytes)},
			[]string{g.What + ", by hand", duration(g.Hand.Nanoseconds), size(g.Hand.Bytes), short(g.Hand.Allocs), "1", "1"})
	}
	return table([]string{"", "time", "allocated", "allocations", "time, ratio", "allocated, ratio"}, rows)
}

func (r *Report) speeds() string {
	var rows [][]string
	for _, s := range r.Costs.Speed {
		rows = append(rows, []string{s.Name, short(s.PollsASec), duration(s.CPUPerPoll)})
	}
	return table([]string{"", "polls a second", "CPU a poll"}, rows)
}

// memoryTable has each contestant with the most jobs that it was weighed with.
func (r *Report) memoryTable() string {
	var rows [][]string
	for i, m := range r.Costs.Memory {
		if i+1 < len(r.Costs.Memory) && r.Costs.Memory[i+1].Name == m.Name {
			continue
		}
		rows = append(rows, []string{m.Name, grouped(m.Jobs), size(m.BytesAJob), grouped(m.Goroutines), size(m.BytesAJob * float64(m.Jobs))})
	}
	return table([]string{"", "jobs", "a job", "goroutines", "together"}, rows)
}

// heaviest is edenwait's memory at the most jobs that it was weighed with, the
// worse of with and without the list, and the least that a rival took a job.
func (r *Report) heaviest() (us, rival cost.Memory) {
	for _, m := range r.Costs.Memory {
		switch {
		case strings.HasPrefix(m.Name, world.Us):
			if m.Jobs > us.Jobs || m.Jobs == us.Jobs && m.BytesAJob > us.BytesAJob {
				us = m
			}
		case rival.Jobs == 0 || m.BytesAJob < rival.BytesAJob:
			rival = m
		}
	}
	return us, rival
}
