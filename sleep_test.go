package edenwait

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait/edentest"
)

// TestPolledAfterSleep: a machine that has been asleep polls once right after waking,
// however long the delay is that it was in, and MaxWait does not count the sleep.
func TestPolledAfterSleep(t *testing.T) {
	hourly := func() backoff.BackOff { return backoff.NewConstantBackOff(time.Hour) }
	for name, test := range map[string]struct {
		config Config
		jobs   int
		within time.Duration // waking time
	}{
		"own backoff":          {Config{BackOff: hourly, DisableList: true}, 1, 12 * time.Second},
		"own backoff, a list":  {Config{BackOff: hourly}, 50, 20 * time.Second},
		"the default, MaxWait": {Config{MaxWait: time.Hour}, 5, 12 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{})
			test.config.Token, test.config.HTTPClient = edentest.DefaultToken, api.Client()
			waiter, err := New(test.config)
			if err != nil {
				t.Fatal(err)
			}
			var asleep atomic.Int64
			waiter.driver.sleep.wall = func() time.Time { return time.Now().Round(0).Add(time.Duration(asleep.Load())) }
			var ids []string
			for range test.jobs {
				ids = append(ids, api.Submit(edentest.Script{After: 20 * time.Minute}))
			}
			began := time.Now()
			var before atomic.Int64
			go func() {
				// The jobs end while the machine is asleep: twenty minutes from here are
				// the eight hours of a night, of which its own clock shows none.
				time.Sleep(20*time.Minute + time.Second)
				before.Store(int64(api.Stats().Gets))
				asleep.Store(int64(8 * time.Hour))
			}()
			results, err := waiter.WaitAll(context.Background(), ids)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if late := time.Since(began) - 20*time.Minute - time.Second; late > test.within {
				t.Errorf("%s: %v after waking", name, late)
			}
			if gets := api.Stats().Gets - int(before.Load()); gets > 2*test.jobs {
				t.Errorf("%s: %d GETs after waking", name, gets)
			}
			if results[0].Waited > time.Hour {
				t.Errorf("%s: waited %v", name, results[0].Waited)
			}
		})
	}
}

// TestNoSleepNoPoll: without one, and with a clock that is set a little, or back, nothing
// is polled before its time.
func TestNoSleepNoPoll(t *testing.T) {
	for _, step := range []time.Duration{0, 3 * time.Second, -time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{})
			waiter, err := New(Config{Token: edentest.DefaultToken, HTTPClient: api.Client(), DisableList: true,
				BackOff: func() backoff.BackOff { return backoff.NewConstantBackOff(time.Hour) }})
			if err != nil {
				t.Fatal(err)
			}
			var set atomic.Int64
			waiter.driver.sleep.wall = func() time.Time { return time.Now().Round(0).Add(time.Duration(set.Load())) }
			time.AfterFunc(25*time.Minute, func() { set.Store(int64(step)) })
			if _, err := waiter.Wait(context.Background(), api.Submit(edentest.Script{After: 90 * time.Minute})); err != nil {
				t.Error(err)
			}
			if gets := api.Stats().Gets; gets != 3 {
				t.Errorf("a step of %v: %d GETs, want 3: at 0, 60 and 120 minutes", step, gets)
			}
		})
	}
}
