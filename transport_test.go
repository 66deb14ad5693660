package edenwait_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// submitAndWait submits 296 jobs from eight goroutines while they are waited for.
func submitAndWait(t *testing.T, api *edentest.API, waiter *edenwait.Waiter, client *http.Client) (submitted time.Duration, ids []string) {
	t.Helper()
	arriving := make(chan string)
	began := time.Now()
	go func() {
		defer close(arriving)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for done := 0; done < 37; {
					id, status, err := testbed.Submit(context.Background(), client, edenwait.DefaultBaseURL, "")
					switch {
					case err != nil:
						t.Error(err)
						return
					case status == http.StatusTooManyRequests:
						time.Sleep(time.Second)
					default:
						arriving <- id
						done++
					}
				}
			})
		}
		group.Wait()
		submitted = time.Since(began)
	}()
	for r := range waiter.AsCompleted(context.Background(), func(yield func(string) bool) {
		for id := range arriving {
			if !yield(id) {
				return
			}
		}
	}) {
		if r.Err != nil {
			t.Error(r.Err)
		}
		ids = append(ids, r.ID)
	}
	return submitted, ids
}

// lateness is the mean time from a job's end to the GET that showed it.
func lateness(t *testing.T, api *edentest.API, ids []string) time.Duration {
	t.Helper()
	var sum time.Duration
	for _, id := range ids {
		end, _ := api.EndedAt(id)
		seen, ok := api.FirstSeenEnded(id)
		if !ok {
			t.Fatalf("no GET has shown the end of job %s", id)
		}
		sum += seen.Sub(end)
	}
	return sum / time.Duration(len(ids))
}

// Submits and polls share the account's limit without a 429.
func TestSubmitsWhileWaiting(t *testing.T) {
	for _, through := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond, Workload: testbed.MinuteLong, DiscardRecords: true})
			waiter := testbed.NewWaiter(t, api, edenwait.Config{})
			client := api.Client()
			if through {
				client = &http.Client{Transport: waiter.Transport(client.Transport)}
			}
			submitted, ids := submitAndWait(t, api, waiter, client)
			stats, late := api.Stats(), lateness(t, api, ids)
			t.Logf("through Transport: %v: %d jobs submitted within %v, known %v late, %d requests, %d 429s",
				through, len(ids), submitted, late, stats.Gets+stats.Lists+stats.Submits, stats.RateLimited)
			if through && (stats.RateLimited > 0 || submitted > 62*time.Second || late > 8*time.Second || len(ids) != 296) {
				t.Error("want no 429s, all submitted within 62 s, and at most 8 s late")
			}
		})
	}
}

// counting counts requests, and answers them all.
type counting struct {
	mu     sync.Mutex
	n      int
	closed bool
	status int
}

func (c *counting) RoundTrip(req *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return &http.Response{StatusCode: c.status, Body: http.NoBody, Request: req, Header: http.Header{}}, nil
}

func (c *counting) CloseIdleConnections() { c.closed = true }

// Only requests to the API are paced.
func TestTransportPacesTheAPIAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &counting{status: http.StatusOK}
		waiter, err := edenwait.New(edenwait.Config{Token: "key-0123456789", BaseURL: "https://gateway.example/eden"})
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Transport: waiter.Transport(next)}
		for _, test := range []struct {
			url   string
			paced bool
		}{
			{"https://gateway.example/eden/v3/universal-ai/async", true},
			{"https://GATEWAY.example:443/eden/v3/universal-ai", true},
			{"https://gateway.example/eden", true},
			{"https://gateway.example/edenmost", false},
			{"https://gateway.example/other", false},
			{"http://gateway.example/eden/v3", false},
			{"https://gateway.example:8443/eden/v3", false},
			{"https://cdn.example/file", false},
		} {
			began := time.Now()
			for range 21 {
				resp, err := client.Get(test.url)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			}
			if took := time.Since(began); test.paced != (took > time.Second) {
				t.Errorf("%s: 21 requests took %v", test.url, took)
			}
			time.Sleep(time.Second)
		}
		if client.CloseIdleConnections(); !next.closed {
			t.Error("CloseIdleConnections does not reach the transport below")
		}
	})
}

// body notices that it is closed.
type body struct {
	io.Reader
	closed bool
}

func (b *body) Close() error { b.closed = true; return nil }

// With a Source, no key goes to BaseURL, and it may be http.
func TestTransportPacesTheAPIOfASource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiter, err := edenwait.New(edenwait.Config{Source: testbed.Endless{}, BaseURL: "http://api.internal.example"})
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Transport: waiter.Transport(&counting{status: http.StatusOK})}
		began := time.Now()
		for range 21 {
			resp, err := client.Get("http://api.internal.example/jobs")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		if took := time.Since(began); took < time.Second {
			t.Errorf("21 requests took %v", took)
		}
	})
}

// A request whose context ends in line costs no turn, closes its body, and says
// what it waited for.
func TestTransportGivesUpInLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := &counting{status: http.StatusOK}
		waiter, err := edenwait.New(edenwait.Config{Token: "key-0123456789", Rate: 0.1})
		if err != nil {
			t.Fatal(err)
		}
		transport := waiter.Transport(next)
		get := func(ctx context.Context, b *body) error {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, edenwait.DefaultBaseURL+"/v3/universal-ai/async", b)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := transport.RoundTrip(req)
			if err == nil {
				resp.Body.Close()
			}
			return err
		}
		if err := get(context.Background(), &body{}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		b := &body{}
		err = get(ctx, b)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "3s") || !b.closed {
			t.Errorf("%v; body closed: %v", err, b.closed)
		}
		began := time.Now()
		if err := get(context.Background(), &body{}); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited > 7100*time.Millisecond || next.n != 2 {
			t.Errorf("the next waited %v, %d requests were sent", waited, next.n)
		}
	})
}

// endsAtItsTurn is a context that has ended when it is looked at again, and calls then.
type endsAtItsTurn struct {
	context.Context
	looked bool
	then   func()
}

// Err implements context.Context.
func (c *endsAtItsTurn) Err() error {
	if !c.looked {
		c.looked = true
		return nil
	}
	c.then()
	return context.Canceled
}

// A turn that comes in the moment when its context ends was never let go: Stats.Own
// does not count it, or it would have to go back.
func TestTransportCountsWhatItLetsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waiter, err := edenwait.New(edenwait.Config{Token: "key-0123456789"})
		if err != nil {
			t.Fatal(err)
		}
		looks := 0
		ctx := &endsAtItsTurn{Context: context.Background(), then: func() {
			looks++
			if n := waiter.Stats().Own; n != 0 {
				t.Errorf("Own is %d before a request is let go", n)
			}
		}}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, edenwait.DefaultBaseURL+"/v3/universal-ai/async", &body{})
		if err != nil {
			t.Fatal(err)
		}
		next := &counting{status: http.StatusOK}
		resp, err := waiter.Transport(next).RoundTrip(req)
		if err == nil {
			resp.Body.Close()
		}
		if !errors.Is(err, context.Canceled) || looks == 0 || next.n != 0 || waiter.Stats().Own != 0 {
			t.Errorf("%v after %d looks, %d requests were sent, Own is %d", err, looks, next.n, waiter.Stats().Own)
		}
	})
}

// The Waiter's own requests take one turn, also through its own Transport, and what
// a refused submit costs is not the polls' to pay.
func TestTransportOfTheWaitersOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		var transport http.RoundTripper
		client := &http.Client{Transport: testbed.RoundTrip(func(r *http.Request) (*http.Response, error) { return transport.RoundTrip(r) })}
		waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: client, DisableList: true})
		if err != nil {
			t.Fatal(err)
		}
		transport = waiter.Transport(api.Client().Transport)
		ids := api.SubmitAll(50, edentest.Workload{Durations: edentest.Fixed(0)})
		began := time.Now()
		if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 5200*time.Millisecond {
			t.Errorf("50 GETs took %v", took)
		}
	})
}

// A next RoundTripper that returns nothing at all is http.Client's to report.
func TestTransportOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken})
		if err != nil {
			t.Fatal(err)
		}
		own := &http.Client{Transport: w.Transport(testbed.RoundTrip(func(*http.Request) (*http.Response, error) { return nil, nil }))}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, edenwait.DefaultBaseURL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := own.Do(req); err == nil || !strings.Contains(err.Error(), "nil") {
			t.Error(resp, err)
		}
	})
}

// TestTransportOverTheWire: own requests beside polls, over one client or two.
func TestTransportOverTheWire(t *testing.T) {
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		server, transport := w.Account(t, edentest.Options{Rate: 200, Burst: 20, Workload: edentest.Workload{Durations: edentest.Fixed(0)}})
		waiter := w.Waiter(t, server, transport, edenwait.Config{Rate: 150})
		client := &http.Client{Transport: waiter.Transport(transport)}
		defer client.CloseIdleConnections()
		jobs := 0
		for result := range waiter.AsCompleted(t.Context(), func(yield func(string) bool) {
			for range 40 {
				id, status, err := testbed.Submit(t.Context(), client, server.URL, "")
				if err != nil || status != http.StatusAccepted {
					t.Errorf("%d, %v", status, err)
				}
				if !yield(id) {
					return
				}
			}
		}) {
			if jobs++; result.Err != nil {
				t.Error(result.Err)
			}
		}
		if s := waiter.Stats(); jobs != 40 || s.Own != 40 || s.OwnRateLimited+s.RateLimited > 0 {
			t.Errorf("%d jobs; %+v", jobs, s)
		}
	})
}
