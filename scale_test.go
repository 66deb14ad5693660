package edenwait_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
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
