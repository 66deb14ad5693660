package scenario

import (
	"encoding/json"
	"testing"

	"github.com/edenwait/edenwait/bench/baseline"
)

// rows has edenwait at a lag of 1 s and 2 requests per job, give or take the jobs of
// each seed, and another client that differs from it by these.
func rows(lag, requests float64, noise []float64) Result {
	us, them := Row{Baseline: baseline.Us}, Row{Baseline: "other"}
	for i, n := range noise {
		seed := float64(i)
		us.Scores = append(us.Scores, Score{Lag: 1 + seed, Requests: 2 + seed})
		them.Scores = append(them.Scores, Score{Lag: 1 + seed + lag + n, Requests: (2 + seed) * requests})
	}
	return Result{Rows: []Row{us, them}}
}

func TestJudge(t *testing.T) {
	quiet, loud := []float64{0.01, -0.01, 0, 0.01, -0.01}, []float64{1, -1, 0, 1, -1}
	for _, test := range []struct {
		name          string
		lag, requests float64
		noise         []float64
		want          Verdict
	}{
		{"less lag, as many requests", -0.5, 1, quiet, Ahead},
		{"less lag, fewer requests", -0.5, 0.5, quiet, Ahead},
		{"less lag, more requests", -0.5, 1.5, quiet, Trade},
		{"less lag, within the noise", -0.5, 1, loud, Tie},
		{"as much lag, more requests", 0, 1.5, quiet, Behind},
		{"as much lag, fewer requests", 0, 0.5, quiet, Tie},
		{"more lag, within the noise, more requests", 0.5, 1.5, loud, Behind},
		{"more lag, fewer requests", 0.5, 0.5, quiet, Trade},
		{"more lag, as many requests", 0.5, 1, quiet, Behind},
		{"a lag that differs by less than 2 %", -0.05, 1, quiet, Tie},
	} {
		result := rows(test.lag, test.requests, test.noise)
		if got := result.Judge(result.Rows[1]); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// A client that loses results is behind, whatever its lag.
func TestJudgeLost(t *testing.T) {
	result := rows(-0.5, 0.5, []float64{0, 0, 0.01})
	result.Rows[1].Scores[1].Lost = 1
	if got := result.Judge(result.Rows[1]); got != Behind {
		t.Errorf("%v, want %v", got, Behind)
	}
}

// One seed shows nothing.
func TestJudgeOneSeed(t *testing.T) {
	result := rows(-0.5, 1, []float64{0})
	if got := result.Judge(result.Rows[1]); got != Tie {
		t.Errorf("%v, want %v", got, Tie)
	}
}

func TestScoreJSON(t *testing.T) {
	want := Score{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, true}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Score
	if err := json.Unmarshal(data, &got); err != nil || got != want {
		t.Errorf("%s became %v (%v), want %v", data, got, err, want)
	}
}
