// Package page turns the figures of a run into docs/benchmarks.md and its plots.
// The figures are stored beside the plots, and the page is made of nothing else,
// so that anyone can see that no figure was written by hand.
package page

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"

	"github.com/edenwait/edenwait/bench/cost"
	"github.com/edenwait/edenwait/bench/world"
)

// A Report is everything that a page shows.
type Report struct {
	About  About          `json:"about"`
	Rivals []Contestant   `json:"rivals"`
	Worlds []world.Result `json:"worlds"`
	Costs  *cost.Report   `json:"costs"`
}

// About is where the figures come from.
type About struct {
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	CPU     string `json:"cpu"`
	Cores   int    `json:"cores"`
	Date    string `json:"date"`
	Took    string `json:"took"`
	Command string `json:"command"`
	// Only names who ran, and Others is the commit at which the others did, if
	// those were of an earlier run.
	Only   string `json:"only,omitempty"`
	Others string `json:"others,omitempty"`
}

// A Contestant is a rival as the page introduces it.
type Contestant struct {
	Name    string `json:"name"`
	Module  string `json:"module"`
	Version string `json:"version"`
	How     string `json:"how"`
	Bare    bool   `json:"bare,omitempty"`
}

// Load reads the stored figures.
func Load(path string) (*Report, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	report := new(Report)
	return report, json.Unmarshal(data, report)
}

// Save stores the figures.
func (r *Report) Save(path string) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	// A line a row, for those who compare two runs: the quotes cannot be part of
	// a string, which would have them escaped.
	data = bytes.ReplaceAll(data, []byte(`{"rival":`), []byte("\n{\"rival\":"))
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

// Replace puts the rows of a newer run in the place of the stored ones of the
// same contestants. A world that is not stored is left out.
func (r *Report) Replace(newer *Report) {
	for _, fresh := range newer.Worlds {
		if stored := r.result(fresh.World); stored != nil {
			for _, r := range fresh.Rows {
				if old := row(stored, r.Rival); old != nil {
					*old = r
				}
			}
		}
	}
	others := cmp.Or(r.About.Others, r.About.Commit)
	r.About, r.Rivals, r.Costs = newer.About, newer.Rivals, newer.Costs
	r.About.Others = others
}

// result is the result of the world of this name; nil if it was not run.
func (r *Report) result(name string) *world.Result {
	for i := range r.Worlds {
		if r.Worlds[i].World == name {
			return &r.Worlds[i]
		}
	}
	return nil
}

// row is the contestant's row; nil if it has none.
func row(result *world.Result, name string) *world.Row {
	for i := range result.Rows {
		if result.Rows[i].Rival == name {
			return &result.Rows[i]
		}
	}
	return nil
}
