package edenwait_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// TestBackOffStopsWhileAsked: the list exhausts a job's BackOff while its GET is under way.
func TestBackOffStopsWhileAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made := 0
		const slow = "11111111-1111-4111-8111-111111111111"
		api, waiter := testbed.New(t, edentest.Options{
			Faults: []edentest.Fault{
				{On: edentest.Get, JobID: slow, Do: edentest.Edit("slow", func(_ edentest.Request, ans *edentest.Answer) {
					ans.Body, ans.Delay = []byte(`{"public_id":"`+slow+`","status":"success"}`), 20*time.Second
				})},
				{On: edentest.List, Skip: 1, Times: 1, Do: edentest.Status(200, `{"items":[],"total":0,"page":1,"limit":1000,"total_pages":0}`, nil)},
			},
		}, edenwait.Config{BackOff: func() backoff.BackOff {
			made++
			if made < 7 { // the list's and the other jobs'
				return backoff.NewConstantBackOff(time.Second)
			}
			return backoff.WithMaxRetries(backoff.NewConstantBackOff(time.Second), 4)
		}})
		ids := append(api.SubmitAll(4, edentest.Workload{Durations: edentest.Fixed(time.Minute)}),
			api.Submit(edentest.Script{After: 2 * time.Minute}), api.Submit(edentest.Script{ID: slow, After: time.Minute}))
		results, err := waiter.WaitAll(context.Background(), ids)
		for i, r := range results {
			if r.ID != ids[i] || r.ID != slow && r.Err != nil || r.Job == nil && r.Err == nil {
				t.Errorf("result %d: %+v", i, r)
			}
		}
		t.Log(err)
	})
}

// TestFinalPoll: jobs end well before MaxWait, or before the deadline of ctx: those
// that are left to the list, and one that is polled alone.
func TestFinalPoll(t *testing.T) {
	for _, jobs := range []int{1, 10} {
		for _, bound := range []string{"MaxWait", "ctx"} {
			missed := 0
			for n := range 20 {
				// Not all alike, or a reading of the list may come at the right time in each.
				limit := 3*time.Minute + time.Duration(n)*700*time.Millisecond
				synctest.Test(t, func(t *testing.T) {
					var config edenwait.Config
					ctx := context.Background()
					if bound == "ctx" {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, limit)
						defer cancel()
					} else {
						config.MaxWait = limit
					}
					api, waiter := testbed.New(t, edentest.Options{Latency: 40 * time.Millisecond}, config)
					ids := api.SubmitAll(jobs, edentest.Workload{Durations: edentest.Fixed(limit - 4*time.Second)})
					if _, err := waiter.WaitAll(ctx, ids); err != nil {
						missed++
					}
				})
			}
			if missed > 0 {
				t.Errorf("%d of 20 batches of %d missed what ended 4 s before the end by %s", missed, jobs, bound)
			}
		}
	}
}

// TestListThatIsNoHelp: who has seconds only does not spend them on a list that
// cannot be had.
func TestListThatIsNoHelp(t *testing.T) {
	for name, fault := range map[string]edentest.Effect{
		"500": edentest.Status(500, "", nil), "HTML": edentest.HTML(), "torn": edentest.TruncateBody(), "429": edentest.Status(429, "", nil),
		"stall": edentest.Stall(), "refuse": edentest.RefuseConnection(),
	} {
		for _, limit := range []time.Duration{0, 3 * time.Second} {
			synctest.Test(t, func(t *testing.T) {
				api, waiter := testbed.New(t, edentest.Options{
					Latency: 40 * time.Millisecond, Faults: []edentest.Fault{{On: edentest.List, Do: fault}},
				}, edenwait.Config{MaxWait: limit})
				ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
				defer cancel()
				ids := api.SubmitAll(5, edentest.Workload{Durations: edentest.Fixed(time.Second)})
				if _, err := waiter.WaitAll(ctx, ids); err != nil {
					t.Errorf("%s, MaxWait %v: %d GETs: %v", name, limit, api.Stats().Gets, err)
				}
			})
		}
	}
}

// TestFinalPollWithoutTheList: a list that was good until then fails when a last
// look is due.
func TestFinalPollWithoutTheList(t *testing.T) {
	for name, fault := range map[string]edentest.Effect{"500": edentest.Status(500, "", nil), "stall": edentest.Stall()} {
		for before := 2 * time.Second; before < 6*time.Second; before += 300 * time.Millisecond {
			synctest.Test(t, func(t *testing.T) {
				const maxWait = time.Minute
				api, waiter := testbed.New(t, edentest.Options{
					Latency: 40 * time.Millisecond, Faults: []edentest.Fault{{On: edentest.List, From: maxWait - before, Do: fault}},
				}, edenwait.Config{MaxWait: maxWait})
				ids := api.SubmitAll(5, edentest.Workload{Durations: edentest.Fixed(maxWait - before)})
				if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
					t.Errorf("%s from %v before MaxWait: %v", name, before, err)
				}
			})
		}
	}
}

// TestAnswerAtMaxWait: MaxWait passes while a GET is under way, and its Source
// answers all the same: what it has shown is the result.
func TestAnswerAtMaxWait(t *testing.T) {
	const maxWait = 10 * time.Second
	for _, takes := range []time.Duration{maxWait, maxWait + 100*time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			record := testbed.NewHookLog()
			waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
				time.Sleep(takes)
				return testbed.Succeeded(id)
			}, edenwait.Config{MaxWait: maxWait, Hooks: record.Hooks()})
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour) // a job ended twice would leave the call waiting forever
			defer cancel()
			results, err := waiter.WaitAll(ctx, []string{testbed.SomeID})
			if r := results[0]; err != nil || r.Job == nil || r.ID != testbed.SomeID || r.Polls != 1 {
				t.Errorf("answered after %v: %+v", takes, r)
			}
			if record.Success[testbed.SomeID] != 1 || len(record.Errors) > 0 {
				t.Errorf("answered after %v: OnSuccess %v, OnError %v", takes, record.Success, record.Errors)
			}
		})
	}
}

// TestMaxWaitPassesAfterTheEnd: what ended a job is what came first.
func TestMaxWaitPassesAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		record := testbed.NewHookLog()
		waiter := testbed.NewScripted(t, func(_ context.Context, id string, _ int) (*edenwait.Job, error) {
			time.Sleep(10200 * time.Millisecond)
			return testbed.Running(id)
		}, edenwait.Config{MaxWait: 10100 * time.Millisecond, Hooks: record.Hooks()})
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if _, err := waiter.Wait(ctx, testbed.SomeID); !errors.Is(err, context.DeadlineExceeded) || len(record.Errors) > 0 {
			t.Errorf("err = %v, OnError %v", err, record.Errors)
		}
	})
}

// TestMaxWaitOfOneThatCameLater: a job may have the number of one that has ended,
// but not its MaxWait.
func TestMaxWaitOfOneThatCameLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, waiter := testbed.New(t, edentest.Options{}, edenwait.Config{MaxWait: time.Minute})
		ids := func(yield func(string) bool) {
			for range 5 {
				if !yield(api.Submit(edentest.Script{})) {
					return
				}
				time.Sleep(30 * time.Second)
				if !yield(api.Submit(edentest.Script{After: 45 * time.Second})) {
					return
				}
			}
		}
		for r := range waiter.AsCompleted(context.Background(), ids) {
			if r.Err != nil {
				t.Error(r.Err)
			}
		}
	})
}

// TestFinalPollsAreShared: jobs that came one after another do not have the list
// read for each of them.
func TestFinalPollsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, waiter := testbed.New(t, edentest.Options{Latency: 40 * time.Millisecond}, edenwait.Config{MaxWait: 3 * time.Minute})
		ids := func(yield func(string) bool) {
			for range 200 {
				if !yield(api.Submit(edentest.Script{After: edentest.Never})) {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
		for range waiter.AsCompleted(context.Background(), ids) {
		}
		if lists := api.Stats().Lists; lists > 130 {
			t.Errorf("the list is read %d times", lists)
		}
	})
}

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

// Each job of a stream gets its final poll, whenever its id came.
func TestFinalPollInAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const wait = 10 * time.Minute
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		ids := func(yield func(string) bool) {
			for range 50 {
				for range 2 {
					if !yield(api.Submit(edentest.Script{After: wait - 2500*time.Millisecond})) {
						return
					}
					time.Sleep(1900 * time.Millisecond)
				}
				time.Sleep(2 * time.Minute)
			}
		}
		missed := 0
		for r := range testbed.NewWaiter(t, api, edenwait.Config{MaxWait: wait}).AsCompleted(context.Background(), ids) {
			if r.Err != nil {
				missed++
			}
		}
		if missed > 0 {
			t.Errorf("%d of 100 jobs that ended 2.5 s before MaxWait were given up", missed)
		}
	})
}
