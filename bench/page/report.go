// Package page turns the figures of a run into docs/benchmarks.md and what is in
// docs/benchmarks. The figures are stored there too, and the pages are made of
// nothing else, so that anyone can see that no figure was written by hand.
package page

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"

	"github.com/edenwait/edenwait/bench/cost"
	"github.com/edenwait/edenwait/bench/scenario"
)

// A Report is everything that the pages show.
type Report struct {
	About     About             `json:"about"`
	Entries   []Entry           `json:"entries"`
	Scenarios []scenario.Result `json:"scenarios"`
	Costs     *cost.Report      `json:"costs"`
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

// An Entry is a baseline as the page introduces it.
type Entry struct {
	Name      string `json:"name"`
	Module    string `json:"module"`
	Version   string `json:"version"`
	How       string `json:"how"`
	Settings  string `json:"settings"`
	NeedsList bool   `json:"needs_list,omitempty"`
	PerJob    bool   `json:"per_job,omitempty"`
	Paced     bool   `json:"paced,omitempty"`
	AsItComes bool   `json:"as_it_comes,omitempty"`
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
	// A line per row, for those who compare two runs: the quotes cannot be part of
	// a string, which would have them escaped.
	data = bytes.ReplaceAll(data, []byte(`{"baseline":`), []byte("\n{\"baseline\":"))
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

// Replace puts the rows of a newer run in the place of the stored ones of the
// same baselines. A scenario that is not stored, or had other seeds, is left out.
func (r *Report) Replace(newer *Report) {
	for _, fresh := range newer.Scenarios {
		if stored := r.result(fresh.Scenario); stored != nil {
			for _, row := range fresh.Rows {
				if old := stored.Row(row.Baseline); old != nil && len(old.Scores) == len(row.Scores) {
					*old = row
				}
			}
		}
	}
	others := cmp.Or(r.About.Others, r.About.Commit)
	r.About, r.Entries, r.Costs = newer.About, newer.Entries, newer.Costs
	r.About.Others = others
}

// result is the result of the scenario of this name; nil if it did not run.
func (r *Report) result(name string) *scenario.Result {
	for i := range r.Scenarios {
		if r.Scenarios[i].Scenario == name {
			return &r.Scenarios[i]
		}
	}
	return nil
}

// entry is the baseline of this name; the zero Entry if there is none.
func (r *Report) entry(name string) Entry {
	for _, e := range r.Entries {
		if e.Name == name {
			return e
		}
	}
	return Entry{}
}

// group returns the results of one group.
func (r *Report) group(name string) (results []scenario.Result) {
	for _, result := range r.Scenarios {
		if result.Group == name {
			results = append(results, result)
		}
	}
	return results
}

// fair returns the results of every group but that in which baselines run as they
// come.
func (r *Report) fair() (results []scenario.Result) {
	for _, result := range r.Scenarios {
		if result.Group != scenario.AsIs {
			results = append(results, result)
		}
	}
	return results
}
