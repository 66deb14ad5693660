package edenwait_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// Only the caller's context ends a call, whatever end the context of a Trace has.
func TestContextOfATraceEndsNothing(t *testing.T) {
	why := errors.New("the caller's reason")
	for name, derive := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"earlier": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		},
		"never": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithoutCancel(ctx), func() {}
		},
	} {
		for _, method := range []string{"Wait", "WaitAll", "AsCompleted"} {
			t.Run(name+"/"+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) { return testbed.Running(id) },
						edenwait.Config{Trace: &edenwait.Trace{CallStart: func(ctx context.Context, _ edenwait.CallInfo) context.Context {
							own, cancel := derive(ctx)
							t.Cleanup(cancel)
							return own
						}}})
					ctx, cancel := context.WithTimeoutCause(context.Background(), time.Minute, why)
					defer cancel()
					began, err := time.Now(), error(nil)
					switch method {
					case "Wait":
						_, err = waiter.Wait(ctx, testbed.SomeID)
					case "WaitAll":
						_, err = waiter.WaitAll(ctx, []string{testbed.SomeID})
					default:
						for r := range waiter.AsCompleted(ctx, slices.Values([]string{testbed.SomeID})) {
							err = r.Err
						}
					}
					if took := time.Since(began); took < time.Minute || took > time.Minute+time.Second || !errors.Is(err, why) {
						t.Errorf("%v after %v, want the caller's reason after a minute", err, took)
					}
				})
			})
		}
	}
}
