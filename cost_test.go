package edenwait

import (
	"strings"
	"testing"
)

func TestSumCosts(t *testing.T) {
	tests := []struct {
		costs []Cost
		want  Cost
		bad   string
	}{
		{nil, "0", ""},
		{[]Cost{"", "0"}, "0", ""},
		{[]Cost{"0.1", "0.2"}, "0.3", ""},
		{[]Cost{"0.000000000000000000001", "1000000000000"}, "1000000000000.000000000000000000001", ""},
		{[]Cost{"+.5", "5.", "007.10"}, "12.6", ""},
		{[]Cost{"-1", "0.25"}, "-0.75", ""},
		{[]Cost{"1e-7", "1E2"}, "100.0000001", ""},
		{[]Cost{"1", "free", "2"}, "3", `"free"`},
		{[]Cost{"."}, "0", `"."`},
		{[]Cost{"1.-5"}, "0", "1.-5"},
		{[]Cost{"1_000"}, "0", "1_000"},
		{[]Cost{"1e999999999"}, "0", "1e999999999"},
		{[]Cost{"1e-1001"}, "0", "1e-1001"},
		{[]Cost{Cost(strings.Repeat("9", 1000))}, Cost(strings.Repeat("9", 1000)), ""},
		{[]Cost{Cost(strings.Repeat("9", 1001))}, "0", "99999"},
	}
	for _, tt := range tests {
		got, err := SumCosts(tt.costs...)
		if got != tt.want || (err == nil) != (tt.bad == "") || err != nil && !strings.Contains(err.Error(), tt.bad) {
			t.Errorf("SumCosts(%q) = %s, %v, want %s", tt.costs, got, err, tt.want)
		}
	}
}

// TestPlainCost: what plain takes for a cost without a closer look is one. All short
// strings are tried.
func TestPlainCost(t *testing.T) {
	var try func(prefix string, more int)
	try = func(prefix string, more int) {
		if cost := Cost(prefix); cost.plain() {
			if _, _, ok := cost.split(); !ok {
				t.Errorf("%q is plain, and no cost", prefix)
			}
		}
		for _, r := range "09.-+e_ " {
			if more > 0 {
				try(prefix+string(r), more-1)
			}
		}
	}
	try("", 5)
	if !Cost("0.137958").plain() {
		t.Error("an ordinary cost is not plain")
	}
}
