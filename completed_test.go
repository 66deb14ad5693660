package edenwait_test

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

func TestAsCompletedYieldsInOrderOfEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		var ids, want []string
		for i := range 10 {
			ids = append(ids, api.Submit(edentest.Script{After: time.Duration(10-i) * time.Minute}))
		}
		want = slices.Clone(ids)
		slices.Reverse(want)
		var got []string
		for r := range newWaiter(t, api, edenwait.Config{}).AsCompleted(context.Background(), slices.Values(ids)) {
			if r.Err != nil {
				t.Error(r.Err)
			}
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("order %v, want %v", got, want)
		}
	})
}

// A bubble ends only when all of its goroutines have: one left behind by the
// break would hang, or be reported as a deadlock.
func TestAsCompletedBreak(t *testing.T) {
	for after := range 3 {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
			ids := api.SubmitAll(200, edentest.World{Durations: edentest.Uniform{Min: time.Second, Max: time.Hour}})
			taken := 0
			for range newWaiter(t, api, edenwait.Config{}).AsCompleted(context.Background(), slices.Values(ids)) {
				if taken == after {
					break
				}
				taken++
			}
			broke, before := time.Now(), len(api.Requests())
			time.Sleep(time.Hour)
			if n := len(api.Requests()) - before; n > 0 || taken != after {
				t.Errorf("%d requests after the break at %v", n, broke)
			}
		})
	}
}

func TestAsCompletedTakesIDsAsTheyCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		record := newLedger()
		first := api.Submit(edentest.Script{})
		arriving := func(yield func(string) bool) {
			// The last id comes when the first job is long over, and so does the
			// first one again.
			for _, id := range []string{first, api.Submit(edentest.Script{After: time.Minute}), strings.ToUpper(first)} {
				if !yield(id) {
					return
				}
				time.Sleep(10 * time.Minute)
			}
		}
		began := time.Now()
		var at []time.Duration
		for r := range newWaiter(t, api, edenwait.Config{Hooks: record.hooks()}).AsCompleted(context.Background(), arriving) {
			if r.Err != nil {
				t.Error(r.Err)
			}
			at = append(at, time.Since(began).Round(time.Minute))
		}
		if want := []time.Duration{0, 10 * time.Minute, 20 * time.Minute}; !slices.Equal(at, want) {
			t.Errorf("yielded at %v, want %v", at, want)
		}
		if record.success[first] != 1 {
			t.Errorf("%d calls of OnSuccess for one job", record.success[first])
		}
	})
}

func TestAsCompletedHandsOnPanicOfIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		var ids iter.Seq[string] = func(yield func(string) bool) {
			yield(api.Submit(edentest.Script{}))
			panic("no more")
		}
		defer func() {
			if thrown := recover(); thrown != "no more" {
				t.Errorf("recovered %v", thrown)
			}
		}()
		for range newWaiter(t, api, edenwait.Config{}).AsCompleted(context.Background(), ids) {
		}
	})
}

// While the loop's body is busy, results are not piled up in memory.
func TestAsCompletedWaitsForTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Rate: -1})
		ids := api.SubmitAll(1000, edentest.World{Durations: edentest.Fixed(0)})
		for range newWaiter(t, api, edenwait.Config{Rate: 1000, MaxInFlight: 8}).AsCompleted(context.Background(), slices.Values(ids)) {
			time.Sleep(time.Minute)
			if n := api.Stats().Gets; n > 40 {
				t.Errorf("%d results fetched while the first is looked at", n)
			}
			break
		}
	})
}
