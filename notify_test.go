package edenwait_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/webhook"
)

var _ webhook.Notifier = (*edenwait.Waiter)(nil)

// hinted is a scenario whose deliveries go to the Waiter at once. Its hooks are the
// API's, without a Deliver. While it waits, flood runs beside it.
func hinted(jobs int, api edentest.Options, hooks edentest.Webhooks, flood func(ctx context.Context, w *edenwait.Waiter, ids []string)) scenario {
	var waiter atomic.Pointer[edenwait.Waiter]
	hooks.All, hooks.Unsigned = true, true
	hooks.Deliver = func(d edentest.Delivery) { waiter.Load().Notify(d.JobID) }
	api.Webhooks = &hooks
	return scenario{jobs: jobs, shape: minuteLong, api: api, wait: func(h *account, ids []string, config edenwait.Config) {
		w := newWaiter(h.t, h.api, config)
		waiter.Store(w)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		if flood != nil {
			go flood(ctx, w, ids)
		}
		results, err := w.WaitAll(ctx, ids)
		if err != nil {
			h.t.Error(err)
		}
		for _, r := range results {
			end, _ := h.api.EndedAt(r.ID)
			if end.After(time.Now()) || r.Job == nil || !r.Job.Status.Done() {
				h.t.Errorf("job %s ended early", r.ID)
			}
		}
	}}
}

// meanOf is the mean over seeds of scenarios that cannot share their parts.
func meanOf(t *testing.T, seeds int, of func() scenario) (mean score) {
	t.Helper()
	for seed := range seeds {
		mean.add(of().run(t, uint64(seed)+1), 1/float64(seeds))
	}
	return mean
}

// The bounds are what was measured and a margin.
func TestHints(t *testing.T) {
	const delay = 500 * time.Millisecond
	table := newTable(t, "hints\tjobs\t"+scoreHeader)
	for _, row := range []struct {
		name        string
		jobs, seeds int
		api         edentest.Options
		hooks       edentest.Webhooks
		most        score
	}{
		{"none lost", 1000, 2, edentest.Options{}, edentest.Webhooks{Delay: delay}, score{lag: 900 * time.Millisecond, requests: 1.15}},
		{"none lost", 100, 10, edentest.Options{}, edentest.Webhooks{Delay: delay}, score{lag: 900 * time.Millisecond, requests: 1.5}},
		{"5 % lost", 1000, 2, edentest.Options{}, edentest.Webhooks{Delay: delay, LossRate: 0.05}, score{lag: 1300 * time.Millisecond, requests: 1.3}},
		{"5 % lost", 100, 10, edentest.Options{}, edentest.Webhooks{Delay: delay, LossRate: 0.05}, score{lag: 1300 * time.Millisecond, requests: 2.8}},
		{"GET 0.2 s behind", 100, 10, edentest.Options{GetLag: 200 * time.Millisecond}, edentest.Webhooks{}, score{lag: 700 * time.Millisecond, requests: 2}},
		{"GET 1 s behind", 100, 10, edentest.Options{GetLag: time.Second}, edentest.Webhooks{}, score{lag: 1500 * time.Millisecond, requests: 2.1}},
		{"GET 5 s behind", 100, 10, edentest.Options{GetLag: 5 * time.Second}, edentest.Webhooks{}, score{lag: 6500 * time.Millisecond, requests: 2.8}},
	} {
		got := meanOf(t, row.seeds, func() scenario { return hinted(row.jobs, row.api, row.hooks, nil) })
		table.row("%s\t%d\t%v", row.name, row.jobs, got)
		if got.lag > row.most.lag || got.requests > row.most.requests || got.limited > 0 {
			t.Errorf("%s, %d jobs: %v, want at most %v", row.name, row.jobs, got, row.most)
		}
	}
	table.print()
}

// Without deliveries, waiting is as it is without webhooks.
func TestAllHintsLost(t *testing.T) {
	for _, jobs := range []int{100, 1000} {
		lost := meanOf(t, 2, func() scenario { return hinted(jobs, edentest.Options{}, edentest.Webhooks{LossRate: 1}, nil) })
		without := meanOf(t, 2, func() scenario { return scenario{jobs: jobs, shape: minuteLong} })
		t.Logf("%d jobs: %v, without webhooks %v", jobs, lost, without)
		if lost.lag > without.lag+without.lag/10 || lost.requests > without.requests*1.02 {
			t.Errorf("%d jobs: %v, want what it is without webhooks: %v", jobs, lost, without)
		}
	}
}

// forge sends 4,000 hints per second: of the jobs, of other jobs, and of no job.
func forge(ctx context.Context, w *edenwait.Waiter, ids []string) {
	random := rand.New(rand.NewPCG(1, 2))
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		for i := range 200 {
			switch i % 3 {
			case 0:
				w.Notify(ids[random.IntN(len(ids))])
			case 1:
				w.Notify(fmt.Sprintf("11111111-1111-4111-8111-%012x", random.Uint64()>>16))
			default:
				w.Notify(strings.Repeat("x", random.IntN(100)))
			}
		}
	}
}

// A flood of forged hints ends nothing early, and costs little.
func TestForgedHints(t *testing.T) {
	for _, jobs := range []int{100, 10000} {
		if testing.Short() && jobs > 100 {
			continue
		}
		got := meanOf(t, 1, func() scenario {
			return hinted(jobs, edentest.Options{}, edentest.Webhooks{LossRate: 1}, forge)
		})
		t.Logf("%d jobs: %v", jobs, got)
		// Ten thousand jobs take all turns, so each false hint puts off all that follow.
		most := score{lag: 6 * time.Second, requests: 6, makespan: 1.05}
		if got.lag > most.lag || got.requests > most.requests || got.makespan > most.makespan || got.limited > 0 {
			t.Errorf("%d jobs: %v, want at most %v", jobs, got, most)
		}
	}
}

// A hint that comes before its Wait is used: the job is polled at once and not
// when it is due.
func TestHintBeforeItsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		waiter := newWaiter(t, api, edenwait.Config{})
		id := api.Submit(edentest.Script{After: time.Minute})
		other := api.SubmitAll(200, edentest.Workload{Durations: edentest.Fixed(time.Hour)})
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() { _, _ = waiter.WaitAll(ctx, other) }() // keeps the API's rate busy, and the Waiter at work
		time.Sleep(61 * time.Second)
		waiter.Notify(strings.ToUpper(id))
		time.Sleep(50 * time.Second)
		began := time.Now()
		if _, err := waiter.Wait(ctx, id); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 300*time.Millisecond {
			t.Errorf("a job that was notified before its Wait took %v", took)
		}
		if stats := waiter.Stats(); stats.HintsTrue != 1 || stats.HintsFalse != 0 {
			t.Errorf("hints %d true, %d false, want 1 and 0", stats.HintsTrue, stats.HintsFalse)
		}
	})
}

// An idle Waiter takes any number of hints, sends nothing, and keeps little.
func TestHintsOfAnIdleWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		waiter := newWaiter(t, api, edenwait.Config{})
		goroutines, before := runtime.NumGoroutine(), heapInUse()
		for i := range 1_000_000 {
			id := uuid.UUID{0: 1, 6: 0x40, 8: 0x80, 12: byte(i >> 24), 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}
			waiter.Notify(id.String())
		}
		grown := int64(heapInUse()) - int64(before)
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := runtime.NumGoroutine(); n > goroutines || api.Stats().Requests() != 0 {
			t.Errorf("%d goroutines more, %d requests, want none", n-goroutines, api.Stats().Requests())
		}
		if grown > 2<<20 {
			t.Errorf("a million hints keep %d bytes", grown)
		}
		runtime.KeepAlive(waiter)
	})
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
