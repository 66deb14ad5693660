package edenwait_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// lastMoment is a Source whose answers come when ctx ends, and not before: all
// jobs have ended, and the last of them to be asked about ends ctx.
type lastMoment struct {
	end  func()       // of ctx; nil if it ends by itself
	left atomic.Int32 // requests until then
}

// Get implements edenwait.Source.
func (s *lastMoment) Get(ctx context.Context, id string) (*edenwait.Job, error) {
	if s.left.Add(-1) == 0 && s.end != nil {
		s.end()
	}
	<-ctx.Done()
	return &edenwait.Job{ID: id, Status: edenwait.StatusSuccess}, nil
}

// What has been answered when ctx ends is not lost: not by the loop, which has
// the end of ctx and the answers to choose from, nor by what settles the rest.
func TestAnswersAtTheEndOfContext(t *testing.T) {
	enough := errors.New("enough")
	for name, ends := range map[string]func() (context.Context, func()){
		"cancel": func() (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(context.Background())
			return ctx, func() { cancel(enough) }
		},
		"deadline": func() (context.Context, func()) {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			context.AfterFunc(ctx, cancel)
			return ctx, nil
		},
	} {
		for call, wait := range map[string]func(*edenwait.Waiter, context.Context, []string) []edenwait.Result{
			"Wait": func(w *edenwait.Waiter, ctx context.Context, ids []string) []edenwait.Result {
				job, err := w.Wait(ctx, ids[0])
				return []edenwait.Result{{ID: ids[0], Job: job, Err: err}}
			},
			"WaitAll": func(w *edenwait.Waiter, ctx context.Context, ids []string) []edenwait.Result {
				results, _ := w.WaitAll(ctx, ids)
				return results
			},
			"AsCompleted": func(w *edenwait.Waiter, ctx context.Context, ids []string) []edenwait.Result {
				return slices.Collect(w.AsCompleted(ctx, slices.Values(ids)))
			},
		} {
			t.Run(call+"/"+name, func(t *testing.T) {
				for range 20 { // for the order of what happens at once
					synctest.Test(t, func(t *testing.T) {
						ids := edentest.New(edentest.Options{}).SubmitAll(5, edentest.Workload{})
						if call == "Wait" {
							ids = ids[:1]
						}
						ctx, end := ends()
						source := &lastMoment{end: end}
						source.left.Store(int32(len(ids)))
						w, err := edenwait.New(edenwait.Config{Source: source, Rate: 100, Burst: 10})
						if err != nil {
							t.Fatal(err)
						}
						results := wait(w, ctx, ids)
						if len(results) != len(ids) {
							t.Errorf("%d results, want %d", len(results), len(ids))
						}
						for _, r := range results {
							if r.Err != nil || r.Job == nil || r.Job.ID != r.ID {
								t.Errorf("%+v", r)
							}
						}
					})
				}
			})
		}
	}
}
