package edenwait_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// A job that waits costs bytes, not a goroutine.
func TestMillionJobs(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n = 100_000
	}
	ids := make([]string, n)
	for i := range ids {
		var id uuid.UUID
		binary.BigEndian.PutUint64(id[:], uint64(i)*0x9e3779b97f4a7c15)
		ids[i] = id.String()
	}
	synctest.Test(t, func(t *testing.T) {
		waiter, err := edenwait.New(edenwait.Config{Source: testbed.Endless{}})
		if err != nil {
			t.Fatal(err)
		}
		before, goroutinesBefore := testbed.Footprint()
		ctx, cancel := context.WithCancel(context.Background())
		var results []edenwait.Result
		done := make(chan struct{})
		go func() {
			defer close(done)
			results, err = waiter.WaitAll(ctx, ids)
		}()
		time.Sleep(10 * time.Minute)
		after, goroutines := testbed.Footprint()
		perJob := float64(after-before) / float64(n)
		t.Logf("%d jobs: %.0f bytes a job, %d goroutines", n, perJob, goroutines-goroutinesBefore)
		if perJob > 256 {
			t.Errorf("%.0f bytes a job, want at most 256", perJob)
		}
		if goroutines > 100 {
			t.Errorf("%d goroutines, want at most 100", goroutines)
		}
		cancelled := time.Now()
		cancel()
		<-done
		// In virtual time, so: it waits for nothing more. How long it takes to
		// account for all of them, BenchmarkCancelMillion tells.
		if waited := time.Since(cancelled); waited > 0 {
			t.Errorf("went on waiting for %v after ctx had ended", waited)
		}
		if len(results) != n || !errors.Is(results[n-1].Err, context.Canceled) || !errors.Is(err, context.Canceled) {
			t.Errorf("%d results, the last %+v", len(results), results[n-1])
		}
	})
	runtime.KeepAlive(ids)
}

// BenchmarkCancelMillion measures what passes from the end of ctx to WaitAll's
// return, with a million jobs to account for: a second is promised. To see it:
//
//	go test -run '^$' -bench CancelMillion .
func BenchmarkCancelMillion(b *testing.B) {
	ids := make([]string, 1_000_000)
	for i := range ids {
		ids[i] = uuid.NewString()
	}
	for b.Loop() {
		b.StopTimer()
		taken := make(chan struct{}, 2)
		log := zap.New(zapcore.NewNopCore(), zap.WrapCore(func(zapcore.Core) zapcore.Core {
			return zapcore.RegisterHooks(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zap.InfoLevel),
				func(zapcore.Entry) error { taken <- struct{}{}; return nil })
		}))
		waiter, err := edenwait.New(edenwait.Config{Source: testbed.Endless{}, Logger: log})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = waiter.WaitAll(ctx, ids)
		}()
		<-taken      // "batch started": all ids are taken in
		runtime.GC() // of what earlier rounds left
		b.StartTimer()
		cancel()
		<-done
	}
}

// What a call keeps that runs for months, and what one more call costs.

// An AsCompleted that takes ids for months, a thousand at a time, keeps nothing of
// those that have ended but the last.
func TestStreamOfMonths(t *testing.T) {
	n, settled := 1_000_000, 300_000 // what is remembered of the last is full by then
	if testing.Short() {
		n, settled = 300_000, 150_000
	}
	for name, config := range map[string]edenwait.Config{
		"defaults": {},
		"MaxWait":  {MaxWait: time.Hour},
		"hooks": {Hooks: edenwait.Hooks{
			OnSuccess:  func(context.Context, *edenwait.Job) error { return nil },
			OnError:    func(context.Context, string, error) {},
			OnProgress: func(edenwait.Progress) {},
		}},
	} {
		if testing.Short() && name != "defaults" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			places := make(chan struct{}, 1000)
			ids := func(yield func(string) bool) {
				for i := range n {
					places <- struct{}{}
					if !yield(testbed.SpreadID(i)) {
						return
					}
				}
			}
			config.Rate, config.Burst, config.MaxInFlight = 1e6, 1000, 100
			waiter := testbed.NewScripted(t, func(_ context.Context, id string, poll int) (*edenwait.Job, error) {
				if poll%97 == 0 {
					return nil, edenwait.ErrNotFound
				}
				return testbed.Succeeded(id)
			}, config)
			var before uint64
			taken := 0
			for range waiter.AsCompleted(context.Background(), ids) {
				<-places
				if taken++; taken == settled {
					before, _ = testbed.Footprint()
				}
				if taken == n-1000 { // the last are still on their way
					after, _ := testbed.Footprint()
					for range 10 { // what other goroutines hold for a moment does not count
						runtime.Gosched()
						again, _ := testbed.Footprint()
						after = min(after, again)
					}
					perID := (float64(after) - float64(before)) / float64(taken-settled)
					t.Logf("%.2f bytes an ended id; %d KB in all", perID, after>>10)
					if perID > 8 && !testing.Short() { // a short run is too short for it
						t.Errorf("%.2f bytes are kept of each id that has ended, want at most 8", perID)
					}
				}
			}
			if taken != n {
				t.Errorf("%d results", taken)
			}
		})
	}
}

// One more concurrent Wait costs at most 4 KB, its goroutine included, and no
// further goroutine.
func TestParkedWaits(t *testing.T) {
	if testing.Short() {
		t.Skip("stacks are larger under the race detector")
	}
	const n = 10_000
	for name, config := range map[string]edenwait.Config{
		"defaults": {},
		"hooks":    {Hooks: edenwait.Hooks{OnSuccess: func(context.Context, *edenwait.Job) error { return nil }}},
		"MaxWait":  {MaxWait: 24 * time.Hour},
		"metrics":  {Trace: &edenwait.Trace{JobEnd: func(context.Context, edenwait.JobEndInfo) {}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ids := make([]string, n)
				for i := range ids {
					ids[i] = testbed.SpreadID(i)
				}
				config.Source = testbed.Endless{}
				waiter, err := edenwait.New(config)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(context.Background())
				var wg sync.WaitGroup
				before, goroutines := testbed.Footprint()
				for _, id := range ids {
					wg.Go(func() { _, _ = waiter.Wait(ctx, id) })
				}
				time.Sleep(30 * time.Minute)
				after, now := testbed.Footprint()
				perWait := float64(after-before) / n
				t.Logf("%.0f bytes a Wait, %d goroutines", perWait, now-goroutines)
				if perWait > 4096 {
					t.Errorf("%.0f bytes for one more Wait, want at most 4,096", perWait)
				}
				if now-goroutines > n+100 {
					t.Errorf("%d goroutines for %d Waits", now-goroutines, n)
				}
				cancel()
				wg.Wait()
				runtime.KeepAlive(ids)
			})
		})
	}
}

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
