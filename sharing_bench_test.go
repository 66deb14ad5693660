package edenwait_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// BenchmarkBesideAMillion measures how long other calls take while one with a
// million jobs is taken in, and then cancelled. To see it:
//
//	go test -run '^$' -bench BesideAMillion -benchtime 3x .
func BenchmarkBesideAMillion(b *testing.B) {
	ids := make([]string, 1_000_000)
	for i := range ids {
		ids[i] = testbed.SpreadID(i)
	}
	small := func(id string) bool { return id == testbed.ID(1) }
	var taking, cancelling []time.Duration
	var cancels time.Duration
	for b.Loop() {
		source := &testbed.Scripted{Answer: func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
			if small(id) {
				return testbed.Succeeded(id)
			}
			return testbed.Running(id)
		}}
		waiter, err := edenwait.New(edenwait.Config{Source: source, Rate: 1e5, Burst: 1000, MaxInFlight: 100})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		returned := make(chan struct{})
		wg.Go(func() {
			defer close(returned)
			_, _ = waiter.WaitAll(ctx, ids)
		})
		measure := func(into *[]time.Duration, until func() bool) {
			for !until() {
				began := time.Now()
				if _, err := waiter.Wait(context.Background(), testbed.ID(1)); err != nil {
					b.Error(err)
				}
				*into = append(*into, time.Since(began))
				time.Sleep(time.Millisecond)
			}
		}
		began := time.Now()
		measure(&taking, func() bool { return time.Since(began) > 1500*time.Millisecond })
		cancelled := time.Now()
		cancel()
		measure(&cancelling, func() bool {
			select {
			case <-returned:
				return true
			default:
				return false
			}
		})
		cancels = max(cancels, time.Since(cancelled))
		wg.Wait()
	}
	b.ReportMetric(0, "ns/op")
	for unit, took := range map[string][]time.Duration{"taking": taking, "cancelling": cancelling} {
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds()), unit+"-median-µs")
		b.ReportMetric(float64(took[len(took)-1].Microseconds()), unit+"-worst-µs")
	}
	b.ReportMetric(cancels.Seconds(), "cancelled-s")
}
