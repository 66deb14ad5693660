package edenwait_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/google/uuid"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
	"github.com/edenwait/edenwait/webhook"
)

var _ webhook.Notifier = (*edenwait.Waiter)(nil)

// hinted is a scenario whose deliveries go to the Waiter at once. Its hooks are the
// API's, without a Deliver. While it waits, flood runs beside it.
func hinted(jobs int, api edentest.Options, hooks edentest.Webhooks, flood func(ctx context.Context, w *edenwait.Waiter, ids []string)) testbed.Scenario {
	var waiter atomic.Pointer[edenwait.Waiter]
	hooks.All, hooks.Unsigned = true, true
	hooks.Deliver = func(d edentest.Delivery) { waiter.Load().Notify(d.JobID) }
	api.Webhooks = &hooks
	return testbed.Scenario{Jobs: jobs, Shape: testbed.MinuteLong, API: api, Wait: func(h *testbed.Account, ids []string, config edenwait.Config) {
		w := testbed.NewWaiter(h.T, h.API, config)
		waiter.Store(w)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		if flood != nil {
			go flood(ctx, w, ids)
		}
		results, err := w.WaitAll(ctx, ids)
		if err != nil {
			h.T.Error(err)
		}
		for _, r := range results {
			end, _ := h.API.EndedAt(r.ID)
			if end.After(time.Now()) || r.Job == nil || !r.Job.Status.Done() {
				h.T.Errorf("job %s ended early", r.ID)
			}
		}
	}}
}

// meanOf is the mean over seeds of scenarios that cannot share their parts.
func meanOf(t *testing.T, seeds int, of func() testbed.Scenario) (mean testbed.Score) {
	t.Helper()
	for seed := range seeds {
		mean.Add(of().Run(t, uint64(seed)+1), 1/float64(seeds))
	}
	return mean
}

// The bounds are what was measured and a margin.
func TestHints(t *testing.T) {
	const delay = 500 * time.Millisecond
	table := testbed.NewTable(t, "hints\tjobs\t"+testbed.ScoreHeader)
	for _, row := range []struct {
		name        string
		jobs, seeds int
		api         edentest.Options
		hooks       edentest.Webhooks
		most        testbed.Score
	}{
		{"none lost", 1000, 2, edentest.Options{}, edentest.Webhooks{Delay: delay}, testbed.Score{Lag: 900 * time.Millisecond, Requests: 1.15}},
		{"none lost", 100, 10, edentest.Options{}, edentest.Webhooks{Delay: delay}, testbed.Score{Lag: 900 * time.Millisecond, Requests: 1.5}},
		{"5 % lost", 1000, 2, edentest.Options{}, edentest.Webhooks{Delay: delay, LossRate: 0.05}, testbed.Score{Lag: 1300 * time.Millisecond, Requests: 1.3}},
		{"5 % lost", 100, 10, edentest.Options{}, edentest.Webhooks{Delay: delay, LossRate: 0.05}, testbed.Score{Lag: 1300 * time.Millisecond, Requests: 2.8}},
		{"GET 0.2 s behind", 100, 10, edentest.Options{GetLag: 200 * time.Millisecond}, edentest.Webhooks{}, testbed.Score{Lag: 700 * time.Millisecond, Requests: 2}},
		{"GET 1 s behind", 100, 10, edentest.Options{GetLag: time.Second}, edentest.Webhooks{}, testbed.Score{Lag: 1500 * time.Millisecond, Requests: 2.1}},
		{"GET 5 s behind", 100, 10, edentest.Options{GetLag: 5 * time.Second}, edentest.Webhooks{}, testbed.Score{Lag: 6500 * time.Millisecond, Requests: 2.8}},
	} {
		got := meanOf(t, row.seeds, func() testbed.Scenario { return hinted(row.jobs, row.api, row.hooks, nil) })
		table.Row("%s\t%d\t%v", row.name, row.jobs, got)
		if got.Lag > row.most.Lag || got.Requests > row.most.Requests || got.Limited > 0 {
			t.Errorf("%s, %d jobs: %v, want at most %v", row.name, row.jobs, got, row.most)
		}
	}
	table.Print()
}

// Without deliveries, waiting is as it is without webhooks.
func TestAllHintsLost(t *testing.T) {
	for jobs, seeds := range map[int]int{100: 16, 1000: 2} {
		lost := meanOf(t, seeds, func() testbed.Scenario { return hinted(jobs, edentest.Options{}, edentest.Webhooks{LossRate: 1}, nil) })
		without := meanOf(t, seeds, func() testbed.Scenario { return testbed.Scenario{Jobs: jobs, Shape: testbed.MinuteLong} })
		t.Logf("%d jobs: %v, without webhooks %v", jobs, lost, without)
		if lost.Lag > without.Lag+without.Lag/10 || lost.Requests > without.Requests*1.02 {
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
		got := meanOf(t, 1, func() testbed.Scenario {
			return hinted(jobs, edentest.Options{}, edentest.Webhooks{LossRate: 1}, forge)
		})
		t.Logf("%d jobs: %v", jobs, got)
		most := testbed.Score{Lag: 6 * time.Second, Requests: 6, Makespan: 1.05}
		if got.Lag > most.Lag || got.Requests > most.Requests || got.Makespan > most.Makespan || got.Limited > 0 {
			t.Errorf("%d jobs: %v, want at most %v", jobs, got, most)
		}
	}
}

// A hint that comes before its Wait is used: the job is polled at once and not
// when it is due.
func TestHintBeforeItsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{})
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
		waiter := testbed.NewWaiter(t, api, edenwait.Config{})
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

// never is a BackOff whose first delay is far away, so that no poll but a hinted one
// follows the first.
type never struct{}

func (never) NextBackOff() time.Duration { return time.Hour }
func (never) Reset()                     {}

// A delivery over real HTTP ends a wait, and one with a wrong signature ends nothing,
// though both are hints.
func TestDeliveryEndsAWait(t *testing.T) { testbed.OverWire(t, testDeliveryEndsAWait) }

func testDeliveryEndsAWait(t *testing.T, w testbed.Protocol) {
	api, _ := w.Account(t, edentest.Options{Rate: -1, Workload: edentest.Workload{Durations: edentest.Fixed(edentest.Never)}, Webhooks: &edentest.Webhooks{AllowInsecure: true}})
	waiter, err := edenwait.New(edenwait.Config{
		Token: edentest.DefaultToken, BaseURL: api.URL, HTTPClient: api.Client(), DisableList: true,
		BackOff: func() backoff.BackOff { return never{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	events, rejected := make(chan *webhook.Event, 1), make(chan error, 1)
	receiver := httptest.NewServer(webhook.Handler(waiter, webhook.Options{
		Keys:     []*rsa.PublicKey{api.WebhookKey()},
		OnEvent:  func(_ context.Context, e *webhook.Event) error { events <- e; return nil },
		OnReject: func(_ *http.Request, err error) { rejected <- err },
	}))
	defer receiver.Close()

	id, other := postJob(t, api, receiver.URL+"/any/path"), postJob(t, api, receiver.URL)
	type ended struct {
		job *edenwait.Job
		err error
	}
	waited := make(chan ended, 1)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // a bound for a test that fails
	defer cancel()
	go func() { _, _ = waiter.Wait(ctx, other) }()
	go func() {
		job, err := waiter.Wait(ctx, id)
		waited <- ended{job, err}
	}()
	gets := func(n int) {
		t.Helper()
		testbed.Eventually(t, fmt.Sprintf("%d GETs", n), func() bool {
			if len(waited) > 0 {
				t.Fatalf("the wait ended early: %v", (<-waited).err)
			}
			return api.Stats().Gets >= n && waiter.Stats().InFlight == 0
		})
	}
	gets(2)

	forged, err := http.NewRequestWithContext(ctx, http.MethodPost, receiver.URL, bytes.NewBufferString(
		`{"event":"async_job_completed","job_id":"`+other+`","status":"success","output":{"text":"forged"}}`))
	if err != nil {
		t.Fatal(err)
	}
	forged.Header.Set("X-Edenai-Signature", "00ff")
	resp, err := http.DefaultClient.Do(forged)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized || !errors.Is(<-rejected, webhook.ErrSignature) {
		t.Errorf("a forged delivery is answered %s, want 401", resp.Status)
	}
	gets(3) // it is a hint all the same

	api.Finish(id)
	select {
	case e := <-events:
		if e.JobID != id || !e.Verified || e.Status != "success" {
			t.Errorf("event %+v", e)
		}
	case <-ctx.Done():
		t.Fatal("no delivery")
	}
	if w := <-waited; w.err != nil || w.job.Status != edenwait.StatusSuccess {
		t.Fatalf("%+v, %v", w.job, w.err)
	}
	// The next poll without a delivery would have been an hour away.
	if n := api.Stats().Gets; n != 4 {
		t.Errorf("%d GETs, want 4: one per job at first, one per delivery", n)
	}
	if stats := waiter.Stats(); stats.Jobs != 1 {
		t.Errorf("%d jobs are waited for, want the one of the forged delivery", stats.Jobs)
	}
	if n := len(api.Deliveries()); n > 1 {
		t.Errorf("%d deliveries, want 1", n)
	}
}

// postJob submits a job that runs until Finish, with a receiver.
func postJob(t *testing.T, api *edentest.Server, receiver string) string {
	t.Helper()
	id, status, err := testbed.Submit(t.Context(), api.Client(), api.URL, receiver)
	if err != nil || status != http.StatusAccepted {
		t.Fatal(status, err)
	}
	return id
}
