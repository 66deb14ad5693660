package page

import (
	"embed"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed *.md.tmpl
var sources embed.FS

// Render writes the pages, the plots and the figures below dir: benchmarks.md, and
// in benchmarks scenarios.md, *.svg and results.json.
func (r *Report) Render(dir string) error {
	beside := filepath.Join(dir, "benchmarks")
	if err := os.MkdirAll(beside, 0o755); err != nil {
		return err
	}
	if err := r.Save(filepath.Join(beside, "results.json")); err != nil {
		return err
	}
	if err := r.plots(beside); err != nil {
		return err
	}
	for name, path := range map[string]string{
		"benchmarks.md.tmpl": filepath.Join(dir, "benchmarks.md"),
		"scenarios.md.tmpl":  filepath.Join(beside, "scenarios.md"),
	} {
		text, err := r.text(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) text(name string) (string, error) {
	page, err := template.New(name).Funcs(template.FuncMap{
		"brief":         r.brief,
		"group":         r.group,
		"table":         scenarioTable,
		"tally":         r.tally,
		"verdicts":      r.verdicts,
		"faster":        r.faster,
		"late":          r.late,
		"absolute":      r.absolute,
		"targets":       r.targets,
		"figures":       r.figures,
		"plotted":       r.plotted,
		"listLoopLines": r.listLoopLines,
		"perJobLoops":   func() string { return r.versus(perJob, healthy...) },
		"pacedLags":     func(name string) string { return r.lags(name, perJob) },
		"entries":       r.entries,
		"gets":          r.gets,
		"speeds":        r.speeds,
		"rates":         r.rates,
		"memory":        r.memoryTable,
	}).ParseFS(sources, name)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = page.Execute(&b, r)
	return b.String(), err
}

// entries introduces the baselines, each loop once.
func (r *Report) entries(asTheyCome bool) string {
	var rows [][]string
	for _, e := range r.Entries {
		if e.AsItComes != asTheyCome || strings.HasSuffix(e.Name, ", paced") {
			continue
		}
		from := "standard library"
		if e.Module != "" {
			from = "`" + e.Module + "`"
			if e.Version != "" {
				from += " " + e.Version
			}
		}
		rows = append(rows, []string{e.Name, from, e.How, e.Settings})
	}
	return words([]string{"", "whose code", "how it is used", "where its settings come from"}, rows)
}
