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
	"github.com/edenwait/edenwait/internal/testbed"
)

func TestProgressCannotHurt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		ids := api.SubmitAll(50, testbed.MinuteLong)
		busy := false
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnProgress: func(edenwait.Progress) {
			if busy {
				t.Error("calls overlap")
			}
			busy = true
			time.Sleep(10 * time.Second)
			busy = false
			panic("no terminal")
		}}})
		if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
			t.Error(err)
		}
	})
}

// What has changed is told within a quarter of a second, not when the next thing
// happens.
func TestProgressIsFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		ids := append(api.SubmitAll(40, testbed.MinuteLong), api.Submit(edentest.Script{After: time.Hour}))
		var (
			mu   sync.Mutex // hooks run beside OnProgress
			ends []time.Time
		)
		told := 0
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{
			OnSuccess: func(context.Context, *edenwait.Job) error {
				mu.Lock()
				defer mu.Unlock()
				ends = append(ends, time.Now())
				return nil
			},
			OnProgress: func(p edenwait.Progress) {
				mu.Lock()
				defer mu.Unlock()
				for ; told < p.Succeeded && told < len(ends); told++ {
					if late := time.Since(ends[told]); late > 300*time.Millisecond {
						t.Errorf("job %d was told of %v late", told, late)
					}
				}
			},
		}})
		if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
			t.Error(err)
		}
	})
}

func TestTimeLeftIsNoNegative(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var least time.Duration
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
			if id == testbed.ID(0) {
				return testbed.Succeeded(id)
			}
			return testbed.Running(id)
		}, edenwait.Config{MaxInFlight: 1, Rate: 0.01, Hooks: edenwait.Hooks{OnProgress: func(p edenwait.Progress) {
			least = min(least, p.TimeLeft)
		}}})
		ids := make([]string, 100_000)
		for n := range ids {
			ids[n] = testbed.ID(n)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 48*time.Hour)
		defer cancel()
		_, _ = waiter.WaitAll(ctx, ids)
		if least < 0 {
			t.Errorf("%v left", least)
		}
	})
}

// However long OnProgress takes, its last call tells how it ended.
func TestLastProgress(t *testing.T) {
	for _, takes := range []time.Duration{time.Millisecond, 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{})
			var last edenwait.Progress
			calls := 0
			waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnProgress: func(p edenwait.Progress) {
				time.Sleep(takes)
				last = p
				calls++
			}}})
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour) // or a last call after the last would be waited for forever
			defer cancel()
			if _, err := waiter.WaitAll(ctx, api.SubmitAll(20, edentest.Workload{Durations: edentest.Fixed(time.Second)})); err != nil {
				t.Error(err)
			}
			if last.Waiting != 0 || last.Succeeded != 20 || calls > 20 {
				t.Errorf("OnProgress takes %v: the last of %d is %+v", takes, calls, last)
			}
		})
	}
}

// An OnProgress that is stuck holds the call no longer than a hook may, and ends
// when it likes.
func TestProgressThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		id := api.Submit(edentest.Script{After: edentest.Never})
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnProgress: func(edenwait.Progress) { time.Sleep(time.Hour) }}})
		began := time.Now()
		_, err := waiter.Wait(ctx, id)
		if took := time.Since(began); took > 11*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %v: %v", took, err)
		}
		time.Sleep(2 * time.Hour) // what is left behind must have come to its end, or the bubble does not
	})
}

// TestTimeLeftTakesFinalResponses: what ended without one says nothing about the pace.
func TestTimeLeftTakesFinalResponses(t *testing.T) {
	for _, bad := range []string{"nonsense", "", "0f8a6f0e-5d1c-4b1e-9d55-0f7f2d8f9a11"} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{})
			waiter := testbed.NewWaiter(t, api, edenwait.Config{Hooks: edenwait.Hooks{OnProgress: func(p edenwait.Progress) {
				if p.Succeeded == 0 && p.TimeLeft != 0 {
					t.Errorf("%q: %v left though no job has ended: %+v", bad, p.TimeLeft, p)
				}
			}}})
			_, err := waiter.WaitAll(context.Background(), []string{bad, api.Submit(edentest.Script{After: time.Minute})})
			if err == nil {
				t.Error("no error")
			}
		})
	}
}
