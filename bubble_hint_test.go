package edenwait_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// A hint that comes while no call is under way does not carry the time of another
// bubble into the engine.
func TestHintBetweenBubbles(t *testing.T) {
	waiter := testbed.NewScripted(t, func(_ context.Context, id string, poll int) (*edenwait.Job, error) { return testbed.Succeeded(id) }, edenwait.Config{})
	wait := func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if _, err := waiter.Wait(ctx, testbed.ID(1)); err != nil {
			t.Error(err)
		}
	}
	wait()
	synctest.Test(t, func(t *testing.T) {
		waiter.Notify(testbed.ID(2))
		wait()
		time.Sleep(time.Minute)
		waiter.Notify(testbed.ID(2))
		wait()
	})
	waiter.Notify(testbed.ID(3))
	wait()
}
