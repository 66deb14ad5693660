package edenwait_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// An outage that one call has met must not keep the jobs of another, which are
// left to the list, from ever being asked for again.
func TestOutageOfACallThatLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Token: "key", Faults: []edentest.Fault{
			{On: edentest.Get, From: 0, Until: time.Minute, Do: edentest.Refuse()},
		}})
		var early, late []string
		for range 20 {
			early = append(early, api.Submit(edentest.Script{After: 3 * time.Second}))
			late = append(late, api.Submit(edentest.Script{After: 2 * time.Minute}))
		}
		waiter, err := edenwait.New(edenwait.Config{Token: "key", HTTPClient: api.Client()})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			_, _ = waiter.WaitAll(ctx, early)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		if _, err := waiter.WaitAll(ctx, late); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 3*time.Minute {
			t.Errorf("took %v", took)
		}
	})
}
