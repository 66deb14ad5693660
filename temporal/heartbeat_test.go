package edentemporal

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
)

// beats are the answers to heartbeats by number; nil: acknowledged.
func keepWith(t *testing.T, f *fence, beat func(n int, ctx context.Context) error) (sent []time.Duration, ended time.Duration, reason error) {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(context.Background(), time.Hour, errStopped)
	defer cancel()
	h := heartbeat{fence: f, timeout: 30 * time.Second, every: 7500 * time.Millisecond, beat: func(ctx context.Context) error {
		sent = append(sent, time.Since(began))
		return beat(len(sent), ctx)
	}}
	reason = h.keep(ctx)
	return sent, time.Since(began), reason
}

func TestHeartbeatKeepsTheLead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFence(30 * time.Second)
		open := true
		sent, ended, reason := keepWith(t, f, func(n int, _ context.Context) error {
			open = open && (n == 1 || f.reasonAt(now()) == nil)
			time.Sleep(time.Second) // the answer takes that long
			return nil
		})
		if len(sent) != 481 || ended != time.Hour+time.Second || !errors.Is(reason, errStopped) || !open {
			t.Errorf("%d heartbeats, ended after %v: %v, open: %v", len(sent), ended, reason, open)
		}
	})
}

func TestHeartbeatLost(t *testing.T) {
	for name, err := range map[string]error{
		"not found": serviceerror.NewNotFound("no such activity"), "cancelled": temporal.NewCanceledError(),
		"paused": activity.ErrActivityPaused, "reset": activity.ErrActivityReset,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent, _, reason := keepWith(t, newFence(30*time.Second), func(n int, _ context.Context) error {
					if n == 3 {
						return err
					}
					return nil
				})
				if len(sent) != 3 || !errors.Is(reason, err) {
					t.Errorf("%d heartbeats: %v", len(sent), reason)
				}
			})
		})
	}
}

// While the server is unreachable, the fence closes first, and then the lead is given up.
func TestHeartbeatUnanswered(t *testing.T) {
	for name, silence := range map[string]bool{"refused": false, "silent": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFence(30 * time.Second)
				began := time.Now()
				time.AfterFunc(22499*time.Millisecond, func() {
					if err := f.check(now()); err != nil {
						t.Error(err)
					}
				})
				time.AfterFunc(22500*time.Millisecond, func() {
					if f.check(now()) == nil {
						t.Error("open at three quarters of the timeout")
					}
				})
				_, ended, reason := keepWith(t, f, func(n int, ctx context.Context) error {
					switch {
					case n == 1:
						return nil
					case silence:
						<-ctx.Done()
						return ctx.Err()
					}
					return serviceerror.NewUnavailable("no connection")
				})
				if reason == nil || ended < 30*time.Second || ended > 38*time.Second {
					t.Errorf("ended after %v: %v", ended, reason)
				}
				time.Sleep(time.Until(began.Add(time.Minute)))
			})
		})
	}
}

// An answer that comes late counts from when its heartbeat was sent.
func TestHeartbeatLateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFence(30 * time.Second)
		keepWith(t, f, func(n int, _ context.Context) error {
			if n == 2 {
				time.Sleep(20 * time.Second) // whatever its context says
				return nil
			}
			if n == 3 {
				if age, _ := f.state(now()); age != 20*time.Second {
					t.Errorf("age %v", age)
				}
				return serviceerror.NewNotFound("")
			}
			return nil
		})
	})
}
