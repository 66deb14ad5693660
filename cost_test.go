package edenwait_test

import (
	"strings"
	"testing"

	"github.com/edenwait/edenwait"
)

func TestSumCosts(t *testing.T) {
	tests := []struct {
		costs []edenwait.Cost
		want  edenwait.Cost
		bad   string
	}{
		{nil, "0", ""},
		{[]edenwait.Cost{"", "0"}, "0", ""},
		{[]edenwait.Cost{"0.1", "0.2"}, "0.3", ""},
		{[]edenwait.Cost{"0.000000000000000000001", "1000000000000"}, "1000000000000.000000000000000000001", ""},
		{[]edenwait.Cost{"+.5", "5.", "007.10"}, "12.6", ""},
		{[]edenwait.Cost{"-1", "0.25"}, "-0.75", ""},
		{[]edenwait.Cost{"1e-7", "1E2"}, "100.0000001", ""},
		{[]edenwait.Cost{"1", "free", "2"}, "3", `"free"`},
		{[]edenwait.Cost{"."}, "0", `"."`},
		{[]edenwait.Cost{"1.-5"}, "0", "1.-5"},
		{[]edenwait.Cost{"1_000"}, "0", "1_000"},
		{[]edenwait.Cost{"1e999999999"}, "0", "1e999999999"},
		{[]edenwait.Cost{"1e-1001"}, "0", "1e-1001"},
		{[]edenwait.Cost{edenwait.Cost(strings.Repeat("9", 1000))}, edenwait.Cost(strings.Repeat("9", 1000)), ""},
		{[]edenwait.Cost{edenwait.Cost(strings.Repeat("9", 1001))}, "0", "99999"},
	}
	for _, tt := range tests {
		got, err := edenwait.SumCosts(tt.costs...)
		if got != tt.want || (err == nil) != (tt.bad == "") || err != nil && !strings.Contains(err.Error(), tt.bad) {
			t.Errorf("SumCosts(%q) = %s, %v, want %s", tt.costs, got, err, tt.want)
		}
	}
}
