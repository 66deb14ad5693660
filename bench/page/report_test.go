package page

import (
	"testing"

	"github.com/edenwait/edenwait/bench/scenario"
)

// Only rows that are stored, with as many seeds, are replaced.
func TestReplace(t *testing.T) {
	result := func(name string, lag float64, seeds int) scenario.Result {
		scores := make([]scenario.Score, seeds)
		for i := range scores {
			scores[i].Lag = lag
		}
		return scenario.Result{Scenario: name, Rows: []scenario.Row{{Baseline: "edenwait", Scores: scores}, {Baseline: "other", Scores: scores}}}
	}
	stored := &Report{About: About{Commit: "old"}, Scenarios: []scenario.Result{result("a", 1, 3), result("b", 1, 3)}}
	fresh := result("a", 2, 3)
	fresh.Rows = fresh.Rows[:1]
	stored.Replace(&Report{About: About{Commit: "new"}, Scenarios: []scenario.Result{fresh, result("b", 2, 4), result("c", 2, 3)}})
	if stored.About.Commit != "new" || stored.About.Others != "old" {
		t.Errorf("commits %q and %q, want new and old", stored.About.Commit, stored.About.Others)
	}
	if len(stored.Scenarios) != 2 {
		t.Fatalf("%d scenarios, want 2", len(stored.Scenarios))
	}
	for _, want := range []struct {
		scenario, baseline string
		lag                float64
	}{{"a", "edenwait", 2}, {"a", "other", 1}, {"b", "edenwait", 1}} {
		if got := stored.result(want.scenario).Row(want.baseline).Mean(scenario.Lag); got != want.lag {
			t.Errorf("%s in %s: lag %v, want %v", want.baseline, want.scenario, got, want.lag)
		}
	}
}
