package testbed

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/edenwait/edenwait"
)

// ThrownBy calls f in a goroutine of its own. The result is what came out of it:
// what it threw, or "returned", or "exited".
func ThrownBy(f func()) <-chan any {
	out := make(chan any, 1)
	go func() {
		var result any = "exited"
		defer func() {
			if thrown := recover(); thrown != nil {
				result = thrown
			}
			out <- result
		}()
		f()
		result = "returned"
	}()
	return out
}

// CallsUnderWay starts one call of each kind.
func CallsUnderWay(waiter *edenwait.Waiter) map[string]<-chan any {
	ctx := context.Background()
	return map[string]<-chan any{
		"Wait":    ThrownBy(func() { _, _ = waiter.Wait(ctx, ID(1)) }),
		"Wait 2":  ThrownBy(func() { _, _ = waiter.Wait(ctx, ID(1)) }),
		"WaitAll": ThrownBy(func() { _, _ = waiter.WaitAll(ctx, []string{ID(1), ID(2), ID(3)}) }),
		"AsCompleted": ThrownBy(func() {
			for range waiter.AsCompleted(ctx, slices.Values([]string{ID(4), ID(5)})) {
			}
		}),
	}
}

// BackOffFunc is a BackOff of one function.
type BackOffFunc func() time.Duration

// NextBackOff implements backoff.BackOff.
func (f BackOffFunc) NextBackOff() time.Duration { return f() }

// Reset implements backoff.BackOff.
func (BackOffFunc) Reset() {}

// ThrowingCore is a zap core whose Write throws when armed.
type ThrowingCore struct {
	zapcore.Core
	Throw func(entry string)
}

// Enabled implements zapcore.Core.
func (c ThrowingCore) Enabled(zapcore.Level) bool { return true }

// With implements zapcore.Core.
func (c ThrowingCore) With([]zapcore.Field) zapcore.Core { return c }

// Check implements zapcore.Core.
func (c ThrowingCore) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(e, c)
}

// Write implements zapcore.Core.
func (c ThrowingCore) Write(e zapcore.Entry, _ []zapcore.Field) error { c.Throw(e.Message); return nil }

// Sync implements zapcore.Core.
func (c ThrowingCore) Sync() error { return nil }
