package edenwait_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
)

// A hint that comes while no call is under way does not carry the time of another
// bubble into the engine.
func TestHintBetweenBubbles(t *testing.T) {
	waiter := newScripted(t, func(_ context.Context, id string, poll int) (*edenwait.Job, error) { return succeeded(id) }, edenwait.Config{})
	wait := func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if _, err := waiter.Wait(ctx, uid(1)); err != nil {
			t.Error(err)
		}
	}
	wait()
	synctest.Test(t, func(t *testing.T) {
		waiter.Notify(uid(2))
		wait()
		time.Sleep(time.Minute)
		waiter.Notify(uid(2))
		wait()
	})
	waiter.Notify(uid(3))
	wait()
}
