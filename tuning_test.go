package edenwait_test

import (
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
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
		w    testbed.Scenario
		// Against the first row of the group: -1 for less, 1 for more, 0 for either.
		lag, requests int
		limited       bool // 429s come of it
	}
	groups := []struct {
		jobs, seeds int
		rows        rows
	}{
		{1, 100, rows{
			{"defaults", testbed.Scenario{}, 0, 0, false},
			{"BackOff: every 2 s", testbed.Scenario{Config: edenwait.Config{BackOff: every(2 * time.Second)}}, 0, -1, false},
			{"BackOff: 1 s × 1.3ⁿ to a minute", testbed.Scenario{Config: edenwait.Config{BackOff: minute}}, 1, -1, false},
		}},
		{100, 20, rows{
			{"defaults", testbed.Scenario{}, 0, 0, false},
			{"Burst: 10", testbed.Scenario{Config: edenwait.Config{Burst: 10}}, 0, 0, false},
			{"BackOff: every 2 s", testbed.Scenario{Config: edenwait.Config{BackOff: every(2 * time.Second)}}, 1, -1, false},
			{"BackOff: 1 s × 1.3ⁿ to a minute", testbed.Scenario{Config: edenwait.Config{BackOff: minute}}, 1, -1, false},
			{"DisableList", testbed.Scenario{Config: edenwait.Config{DisableList: true}}, 1, 1, false},
		}},
		{1000, 3, rows{
			{"defaults", testbed.Scenario{}, 0, 0, false},
			{"DisableList", testbed.Scenario{Config: edenwait.Config{DisableList: true}}, 1, 1, false},
			{"an account of 100 a second, Rate: 10", testbed.Scenario{API: raised, Rate: 100}, 0, 0, false},
			{"an account of 100 a second, Rate: 100", testbed.Scenario{API: raised, Rate: 100, Config: edenwait.Config{Rate: 100}}, -1, 0, false},
			{"others send 5 a second, Rate: 10", testbed.Scenario{API: shared, Rate: 5}, 0, 0, true},
			{"others send 5 a second, Rate: 5", testbed.Scenario{API: shared, Rate: 5, Config: edenwait.Config{Rate: 5}}, 0, 0, false},
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
	table := testbed.NewTable(t, "jobs\tConfig\t"+testbed.ScoreHeader)
	for _, group := range groups {
		var base testbed.Score
		for i, row := range group.rows {
			row.w.Jobs, row.w.Shape = group.jobs, testbed.MinuteLong
			got := row.w.Mean(t, group.seeds)
			table.Row("%d\t%s\t%v", group.jobs, row.name, got)
			if i == 0 {
				base = got
			}
			if row.lag != 0 && sign(got.Lag.Seconds(), base.Lag.Seconds()) != row.lag ||
				row.requests != 0 && sign(got.Requests, base.Requests) != row.requests || (got.Limited > 0) != row.limited {
				t.Errorf("%d jobs, %s: %v; the defaults: %v", group.jobs, row.name, got, base)
			}
		}
	}
	table.Print()
}
