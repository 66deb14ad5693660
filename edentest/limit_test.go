package edentest_test

import (
	"fmt"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// A step is a pause, then a number of requests at once, and how many of them are
// admitted.
type step struct {
	pause    time.Duration
	requests int
	admitted int
}

func TestLimit(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		name  string
		opts  edentest.Options
		steps []step
	}{
		{"default", edentest.Options{}, []step{
			{0, 12, 10}, {99 * ms, 1, 0}, {1 * ms, 2, 1}, {200 * ms, 5, 2}, {time.Hour, 11, 10},
		}},
		{"bucket, burst 1", edentest.Options{Rate: 10, Burst: 1}, []step{
			{0, 2, 1}, {100*ms - 1, 1, 0}, {1, 2, 1}, {time.Hour, 2, 1},
		}},
		{"bucket, 2.5 a second", edentest.Options{Rate: 2.5, Burst: 2}, []step{
			{0, 3, 2}, {400*ms - 1, 1, 0}, {1, 1, 1}, {800 * ms, 3, 2},
		}},
		{"bucket, 0.5 a second", edentest.Options{Rate: 0.5, Burst: 1}, []step{
			{0, 2, 1}, {2*time.Second - 1, 1, 0}, {1, 1, 1},
		}},
		{"fixed", edentest.Options{Limit: edentest.FixedWindow}, []step{
			// Twenty within a moment, if they straddle a window's end.
			{999 * ms, 12, 10}, {1 * ms, 12, 10}, {999 * ms, 1, 0}, {1 * ms, 1, 1},
		}},
		{"fixed, 2.5 a second", edentest.Options{Limit: edentest.FixedWindow, Rate: 2.5}, []step{
			{0, 3, 2}, {800*ms - 1, 1, 0}, {1, 3, 2},
		}},
		{"sliding", edentest.Options{Limit: edentest.SlidingWindow}, []step{
			{999 * ms, 6, 6}, {1 * ms, 12, 4}, {998 * ms, 1, 0}, {1 * ms, 12, 6}, {1 * ms, 5, 4},
		}},
		{"sliding, 0.5 a second", edentest.Options{Limit: edentest.SlidingWindow, Rate: 0.5}, []step{
			{0, 2, 1}, {2*time.Second - 1, 1, 0}, {1, 1, 1},
		}},
		{"ban", edentest.Options{Ban: 30 * time.Second}, []step{
			// Whoever tries again before it is over restarts it.
			{0, 11, 10}, {30*time.Second - 1, 1, 0}, {30*time.Second - 1, 1, 0}, {30 * time.Second, 11, 10},
			{20 * time.Second, 1, 0}, {20 * time.Second, 1, 0}, {30 * time.Second, 1, 1},
		}},
		{"ban, fixed", edentest.Options{Limit: edentest.FixedWindow, Ban: 2 * time.Second}, []step{
			{0, 11, 10}, {time.Second, 1, 0}, {2 * time.Second, 10, 10}, {time.Second, 1, 1},
		}},
		{"ban, others", edentest.Options{BackgroundRate: 50, Ban: time.Second}, []step{
			{time.Hour, 1, 0}, {time.Second, 1, 0},
		}},
		{"none", edentest.Options{Rate: -1}, []step{{0, 1000, 1000}}},
		{"bucket, huge", edentest.Options{Rate: math.Inf(1)}, []step{{0, 100, 100}}},
		{"fixed, huge", edentest.Options{Limit: edentest.FixedWindow, Rate: math.Inf(1)}, []step{{0, 100, 100}}},
		{"sliding, huge", edentest.Options{Limit: edentest.SlidingWindow, Rate: 1e300}, []step{{0, 100, 100}}},
		{"bucket, huge burst", edentest.Options{Rate: 1, Burst: math.MaxInt}, []step{{0, 100, 100}}},
		{"bucket, tiny", edentest.Options{Rate: 1e-10, Burst: 1}, []step{{0, 2, 1}, {time.Hour, 1, 0}}},
		{"others, bucket", edentest.Options{BackgroundRate: 5}, []step{
			// The bucket is full again whenever the others have just paused.
			{0, 11, 10}, {100 * ms, 2, 1}, {100 * ms, 2, 0}, {200 * ms, 2, 1}, {600 * ms, 9, 3},
		}},
		{"others, fixed", edentest.Options{Limit: edentest.FixedWindow, BackgroundRate: 4}, []step{
			{900 * ms, 12, 7}, {100 * ms, 12, 9},
		}},
		{"others, sliding", edentest.Options{Limit: edentest.SlidingWindow, BackgroundRate: 8}, []step{
			{time.Hour, 12, 2},
		}},
		{"others, all of it", edentest.Options{BackgroundRate: 100}, []step{{time.Minute, 5, 0}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inMemory(t, tt.opts, func(t *testing.T, d *door) {
				id := d.Submit(edentest.Script{})
				for i, s := range tt.steps {
					d.sleep(t, s.pause)
					if got := d.admitted(t, id, s.requests); got != s.admitted {
						t.Errorf("step %d: %d of %d admitted, want %d", i, got, s.requests, s.admitted)
					}
				}
			})
		})
	}
}

// admitted makes n requests and counts those that are not answered with 429.
func (d *door) admitted(t *testing.T, id string, n int) (admitted int) {
	t.Helper()
	for range n {
		switch status, body := d.get(t, id); status {
		case http.StatusOK:
			admitted++
		case http.StatusTooManyRequests:
			if body != `{"detail":"Too Many Requests"}` {
				t.Errorf("429 with %s", body)
			}
		default:
			t.Errorf("status %d", status)
		}
	}
	return admitted
}

// At the very limit, evenly spaced, nothing may be refused: not even once.
func TestLimitAtTheBrink(t *testing.T) {
	for _, kind := range []edentest.LimitKind{edentest.TokenBucket, edentest.FixedWindow, edentest.SlidingWindow} {
		for _, rate := range []float64{10, 7, 3, 0.3} {
			t.Run(fmt.Sprint(kind, rate), func(t *testing.T) {
				inMemory(t, edentest.Options{Limit: kind, Rate: rate, Burst: 1}, func(t *testing.T, d *door) {
					id := d.Submit(edentest.Script{})
					gap := time.Duration(float64(time.Second)/rate) + 1
					for range 2000 {
						d.get(t, id)
						d.sleep(t, gap)
					}
					if n := d.Stats().RateLimited; n > 0 {
						t.Errorf("%d refused", n)
					}
				})
			})
		}
	}
}

func TestLimitCountsEveryCall(t *testing.T) {
	inMemory(t, edentest.Options{}, func(t *testing.T, d *door) {
		id := d.Submit(edentest.Script{})
		for range 5 {
			d.get(t, "42") // a 422 counts too
			d.do(t, http.MethodGet, async, "")
		}
		for _, call := range [][2]string{
			{http.MethodGet, async}, {http.MethodGet, async + "/" + id}, {http.MethodPost, async}, {http.MethodDelete, async + "/" + id},
		} {
			if status, _ := d.do(t, call[0], call[1], ""); status != http.StatusTooManyRequests {
				t.Errorf("%s %s = %d, want 429", call[0], call[1], status)
			}
		}
		// Who has no key of the account spends nothing of it.
		d.sleep(t, 100*time.Millisecond)
		resp, err := d.send(t.Context(), http.MethodGet, async, "guess", "")
		if err != nil || resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("wrong key: %v, %v", resp, err)
		}
		d.job(t, id)
	})
}

func TestRetryAfter(t *testing.T) {
	for after, want := range map[time.Duration]string{0: "", time.Millisecond: "1", 2 * time.Second: "2", 2001 * time.Millisecond: "3", edentest.Never: "9223372037"} {
		throughBoth(t, edentest.Options{Rate: 0.001, Burst: 1, RetryAfter: after}, func(t *testing.T, d *door) {
			d.list(t, "")
			resp, err := d.send(t.Context(), http.MethodGet, async, edentest.DefaultToken, "")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if got := resp.Header.Get("Retry-After"); resp.StatusCode != http.StatusTooManyRequests || got != want {
				t.Errorf("RetryAfter %v: %d with %q, want 429 with %q", after, resp.StatusCode, got, want)
			}
			for name := range resp.Header {
				if len(name) > 12 && name[:12] == "X-Ratelimit-" {
					t.Errorf("a header %s that the service does not send", name)
				}
			}
		})
	}
}

func TestSetRate(t *testing.T) {
	inMemory(t, edentest.Options{}, func(t *testing.T, d *door) {
		id := d.Submit(edentest.Script{})
		for i, s := range []struct {
			set  func()
			step step
		}{
			{func() {}, step{0, 11, 10}},
			{func() { d.SetRate(1) }, step{time.Second - 1, 1, 0}},
			{func() {}, step{1, 2, 1}},
			{func() { d.SetRate(-1) }, step{0, 100, 100}},
			{func() { d.SetRate(10) }, step{10 * time.Second, 11, 10}},
			{func() { d.SetBackgroundRate(9) }, step{100 * time.Second, 11, 9}},
			// What the others spent before they fell silent is spent.
			{func() { d.sleep(t, 10*time.Second); d.SetBackgroundRate(0) }, step{0, 11, 9}},
			{func() {}, step{time.Second, 11, 10}},
			// What they were refused is not spent, however long they have tried.
			{func() { d.SetBackgroundRate(100); d.sleep(t, time.Hour); d.SetBackgroundRate(0) }, step{0, 1, 0}},
			{func() {}, step{2 * time.Second, 11, 10}},
		} {
			s.set()
			d.sleep(t, s.step.pause)
			if got := d.admitted(t, id, s.step.requests); got != s.step.admitted {
				t.Errorf("step %d: %d of %d admitted, want %d", i, got, s.step.requests, s.step.admitted)
			}
		}
	})
}
