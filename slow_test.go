package edenwait_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// TestSlowLine: large outputs that are ready, over a line that all downloads share.
func TestSlowLine(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector; a plain run has it")
	}
	for _, tt := range []struct {
		mbits float64
		jobs  int
		bytes int
	}{
		{20, 150, 2 << 20}, {4, 40, 8 << 20}, {4, 150, 1 << 20}, {20, 40, 8 << 20}, {200, 60, 8 << 20}, {200, 150, 2 << 20}, {50, 300, 500 << 10}, {4, 100, 2 << 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, Bandwidth: tt.mbits * 1e6})
			waiter := testbed.NewWaiter(t, api, edenwait.Config{})
			ids := api.SubmitAll(tt.jobs, edentest.Workload{Durations: edentest.Fixed(0), OutputBytes: tt.bytes})
			began := time.Now()
			if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
				t.Errorf("%v Mbit/s: %v", tt.mbits, err)
			}
			took := time.Since(began)
			line := time.Duration(float64(tt.jobs) * float64(tt.bytes) * 8 / (tt.mbits * 1e6) * float64(time.Second))
			gets := api.Stats().Gets
			t.Logf("%v Mbit/s, %d of %d KB: %v, the line's own time is %v; %d GETs", tt.mbits, tt.jobs, tt.bytes>>10, took, line, gets)
			if took > line*3/2+time.Minute {
				t.Errorf("%v Mbit/s, %d of %d KB: %v, the line's own time is %v", tt.mbits, tt.jobs, tt.bytes>>10, took, line)
			}
			if float64(gets) > 1.5*float64(tt.jobs) {
				t.Errorf("%v Mbit/s: %d GETs of %d jobs", tt.mbits, gets, tt.jobs)
			}
		})
	}
}

// TestDripDelaysNobodyElse: a job whose body comes a byte now and then.
func TestDripDelaysNobodyElse(t *testing.T) {
	for _, config := range []edenwait.Config{{}, {MaxInFlight: 2}} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
			ids := api.SubmitAll(50, edentest.Workload{Durations: edentest.Uniform{Min: 5 * time.Second, Max: 3 * time.Minute}})
			api.SetFaults([]edentest.Fault{{On: edentest.Get, JobID: ids[0], Until: 10 * time.Minute, Do: edentest.Drip(time.Hour)}})
			waiter := testbed.NewWaiter(t, api, config)
			if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
				t.Error(err)
			}
			late := testbed.Latest(api, ids[1:])
			t.Logf("MaxInFlight %d: the others are known within %v", config.MaxInFlight, late)
			if late > 15*time.Second {
				t.Errorf("MaxInFlight %d: another job is known %v after its end", config.MaxInFlight, late)
			}
		})
	}
}

// TestPageThatNeverComes: the list never takes the last place.
func TestPageThatNeverComes(t *testing.T) {
	for _, inFlight := range []int{1, 2} {
		for name, effect := range map[string]edentest.Effect{"hang": edentest.Hang(), "stall": edentest.Stall(), "drip": edentest.Drip(time.Hour)} {
			synctest.Test(t, func(t *testing.T) {
				api, waiter := testbed.New(t, edentest.Options{
					Latency: 40 * time.Millisecond, Faults: []edentest.Fault{{On: edentest.List, Do: effect}},
				}, edenwait.Config{MaxInFlight: inFlight})
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				defer cancel()
				ids := api.SubmitAll(10, edentest.Workload{Durations: edentest.Fixed(10 * time.Second)})
				results, _ := waiter.WaitAll(ctx, ids)
				lost := 0
				for _, r := range results {
					if r.Job == nil {
						lost++
					}
				}
				var first, gap time.Duration
				last := api.Requests()[0].Time
				for _, r := range api.Requests() {
					gap = max(gap, r.Time.Sub(last))
					if last = r.Time; r.Kind == edentest.Get && first == 0 {
						first = r.Time.Sub(api.Requests()[0].Time)
					}
				}
				t.Logf("MaxInFlight %d, %s: %d of 10 lost, first GET after %v, longest pause %v", inFlight, name, lost, first, gap)
				if lost > 0 {
					t.Errorf("MaxInFlight %d, %s: %d of 10 lost", inFlight, name, lost)
				}
			})
		}
	}
}
