package edenwait_test

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// departingSource is a Source.
type departingSource func(ctx context.Context, id string) (*edenwait.Job, error)

func (f departingSource) Get(ctx context.Context, id string) (*edenwait.Job, error) {
	return f(ctx, id)
}

// A final response that comes while the call leaves has its hook. A hook that
// ignores its context must not hold the call up.
func TestLeavingWithAHookThatIgnoresIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		waiter, err := edenwait.New(edenwait.Config{
			Source: departingSource(func(_ context.Context, id string) (*edenwait.Job, error) {
				cancel()
				time.Sleep(10 * time.Millisecond)
				return &edenwait.Job{ID: id, Status: edenwait.StatusSuccess}, nil
			}),
			Hooks: edenwait.Hooks{OnSuccess: func(context.Context, *edenwait.Job) error {
				time.Sleep(time.Minute)
				return nil
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		job, err := waiter.Wait(ctx, "00000000-0000-4000-8000-000000000001")
		if took := time.Since(began); took > time.Second || job == nil {
			t.Errorf("%v, %v after %v", job, err, took)
		}
		time.Sleep(time.Hour) // the hook ends too
	})
}

// A refused key ends no stream that waits for nothing at that time: no result could
// say why, and ids that were never read would be lost in silence.
func TestRefusalBesideAStreamThatWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Token: "key", Faults: []edentest.Fault{
			{On: edentest.Get, From: 10 * time.Second, Until: 20 * time.Second, Do: edentest.Status(401, "", nil)},
		}})
		first, second, other := api.Submit(edentest.Script{}), api.Submit(edentest.Script{}), api.Submit(edentest.Script{After: time.Minute})
		waiter, err := edenwait.New(edenwait.Config{Token: "key", HTTPClient: api.Client()})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = waiter.Wait(t.Context(), other) }()
		var ids iter.Seq[string] = func(yield func(string) bool) {
			if yield(first) {
				time.Sleep(30 * time.Second)
				yield(second)
			}
		}
		var results int
		for result := range waiter.AsCompleted(t.Context(), ids) {
			if results++; result.Err != nil {
				t.Error(result.Err)
			}
		}
		if results != 2 {
			t.Errorf("%d results, want 2", results)
		}
	})
}
