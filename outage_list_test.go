package edenwait_test

import (
	"context"
	"errors"
	"sync"
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
			{On: edentest.Get, From: 0, Until: time.Minute, Do: edentest.RefuseConnection()},
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

// While a key is suspected, probes that fail must not be so many for one job that
// it is given up within a minute.
func TestOutageWhileTheKeyIsSuspected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Token: "key", Faults: []edentest.Fault{
			{On: edentest.Get, From: 500 * time.Millisecond, Times: 1, Do: edentest.Status(403, "", nil)},
			{On: edentest.Get, From: 500 * time.Millisecond, Until: 4 * time.Minute, Do: edentest.RefuseConnection()},
		}})
		var ids []string
		for range 3 {
			ids = append(ids, api.Submit(edentest.Script{After: 2 * time.Minute}))
		}
		waiter, err := edenwait.New(edenwait.Config{Token: "key", HTTPClient: api.Client(), DisableList: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := waiter.WaitAll(t.Context(), ids); err != nil {
			t.Fatal(err)
		}
	})
}

// Calls that keep coming must not have a job whose GETs fail asked for the faster.
func TestOutageWhileCallsKeepComing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Token: "key", Faults: []edentest.Fault{
			{On: edentest.Get, From: 0, Until: 3 * time.Minute, Do: edentest.RefuseConnection()},
		}})
		id := api.Submit(edentest.Script{After: time.Second})
		waiter, err := edenwait.New(edenwait.Config{Token: "key", HTTPClient: api.Client()})
		if err != nil {
			t.Fatal(err)
		}
		var calls sync.WaitGroup
		for i := range 300 {
			calls.Go(func() {
				time.Sleep(time.Duration(i) * 500 * time.Millisecond)
				if _, err := waiter.Wait(t.Context(), id); err != nil {
					t.Errorf("call %d: %v", i, err)
				}
			})
		}
		calls.Wait()
		if n := len(api.Requests()); n > 40 {
			t.Errorf("%d requests", n)
		}
	})
}

// A 404 that is longer than is read of it is the API's all the same.
func TestLongNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Token: "key", Faults: []edentest.Fault{{Do: edentest.PadBody(100_000)}}})
		waiter, err := edenwait.New(edenwait.Config{Token: "key", HTTPClient: api.Client()})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := waiter.Wait(t.Context(), "00000000-0000-4000-8000-000000000001"); !errors.Is(err, edenwait.ErrNotFound) || time.Since(began) > 20*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
