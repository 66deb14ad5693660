package edenwait_test

import (
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// TestTuning turns one knob at a time, and holds what docs/tuning.md says of it:
// which of lag and requests it spends, and which it saves. To see the table:
//
//	go test -run TestTuning -v .
func TestTuning(t *testing.T) {
	if testing.Short() {
		t.Skip("takes dozens of scenarios")
	}
	every := func(d time.Duration) func() backoff.BackOff {
		return func() backoff.BackOff { return backoff.NewConstantBackOff(d) }
	}
	minute := func() backoff.BackOff {
		return backoff.NewExponentialBackOff(backoff.WithInitialInterval(time.Second), backoff.WithMultiplier(1.3),
			backoff.WithRandomizationFactor(0.1), backoff.WithMaxInterval(time.Minute), backoff.WithMaxElapsedTime(0))
	}
	shared := edentest.Options{BackgroundRate: 5}
	raised := edentest.Options{Rate: 100, Burst: 100}
	type rows []struct {
		name string
		w    scenario
		// Against the first row of the group: -1 for less, 1 for more, 0 for either.
		lag, requests int
		limited       bool // 429s come of it
	}
	groups := []struct {
		jobs, seeds int
		rows        rows
	}{
		{1, 100, rows{
			{"defaults", scenario{}, 0, 0, false},
			{"BackOff: every 2 s", scenario{config: edenwait.Config{BackOff: every(2 * time.Second)}}, 0, -1, false},
			{"BackOff: 1 s × 1.3ⁿ to a minute", scenario{config: edenwait.Config{BackOff: minute}}, 1, -1, false},
		}},
		{100, 20, rows{
			{"defaults", scenario{}, 0, 0, false},
			{"Burst: 10", scenario{config: edenwait.Config{Burst: 10}}, 0, 0, false},
			{"BackOff: every 2 s", scenario{config: edenwait.Config{BackOff: every(2 * time.Second)}}, 1, -1, false},
			{"BackOff: 1 s × 1.3ⁿ to a minute", scenario{config: edenwait.Config{BackOff: minute}}, 1, -1, false},
			{"DisableList", scenario{config: edenwait.Config{DisableList: true}}, 1, 1, false},
		}},
		{1000, 3, rows{
			{"defaults", scenario{}, 0, 0, false},
			{"DisableList", scenario{config: edenwait.Config{DisableList: true}}, 1, 1, false},
			{"an account of 100 a second, Rate: 10", scenario{api: raised, rate: 100}, 0, 0, false},
			{"an account of 100 a second, Rate: 100", scenario{api: raised, rate: 100, config: edenwait.Config{Rate: 100}}, -1, 0, false},
			{"others send 5 a second, Rate: 10", scenario{api: shared, rate: 5}, 0, 0, true},
			{"others send 5 a second, Rate: 5", scenario{api: shared, rate: 5, config: edenwait.Config{Rate: 5}}, 0, 0, false},
		}},
	}
	sign := func(measured, base float64) int {
		switch {
		case measured < base:
			return -1
		case measured > base:
			return 1
		}
		return 0
	}
	table := newTable(t, "jobs\tConfig\t"+scoreHeader)
	for _, group := range groups {
		var base score
		for i, row := range group.rows {
			row.w.jobs, row.w.shape = group.jobs, minuteLong
			got := row.w.mean(t, group.seeds)
			table.row("%d\t%s\t%v", group.jobs, row.name, got)
			if i == 0 {
				base = got
			}
			if row.lag != 0 && sign(got.lag.Seconds(), base.lag.Seconds()) != row.lag ||
				row.requests != 0 && sign(got.requests, base.requests) != row.requests || (got.limited > 0) != row.limited {
				t.Errorf("%d jobs, %s: %v; the defaults: %v", group.jobs, row.name, got, base)
			}
		}
	}
	table.print()
}
