package engine

import "testing"

// Audits of jobs that have ended are forgotten, also while no turn is left for any.
func TestAuditsOfEndedJobs(t *testing.T) {
	d := newDesk(t, Config{UseList: true, Rate: 0.001}, 1)
	const waits = 50_000
	for n := 2; n < waits; n++ {
		d.e.Watch(d.now, d.call, keyOf(n), 1)
		d.e.Ready(d.now)
		j, _ := d.e.table.find(keyOf(n))
		d.e.end(j, d.now, Answered, nil)
	}
	n := 0
	for tier := range d.e.audits.tiers {
		n += d.e.audits.tiers[tier].len()
	}
	if n > waits/10 {
		t.Errorf("%d audits are kept, of one job that runs", n)
	}
}
