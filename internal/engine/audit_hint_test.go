package engine

import (
	"testing"
	"time"
)

// Audits are not put off for long because hints tell of ends: else a list that
// stands still, and a handler of webhooks that dies, would go unnoticed for days.
func TestAuditsWhileHintsTell(t *testing.T) {
	for _, jobs := range []int{10, 1000, 1_000_000} {
		for _, rate := range []float64{0.001, 10, 1e6} {
			for _, right := range []float64{0, 600} {
				next := func(untold float64) time.Duration {
					a := audits{proven: true, right: right, at: time.Hour}
					tbl := &table{live: jobs}
					a.sent(tbl, 0, time.Hour, rate, untold)
					return a.next - time.Hour
				}
				plain, told := next(1), next(leastUntold)
				if plain <= 0 || told < plain || told > max(plain, firstAudit) {
					t.Errorf("%d jobs, rate %v, right %v: the next audit after %v, and after %v where no hint is missing", jobs, rate, right, plain, told)
				}
			}
		}
	}
}
