package edenwait_test

import (
	"context"
	"errors"
	"fmt"
	nethttp "net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// embedding is a Source of the caller's that has a Poller's methods.
type embedding struct{ *edenwait.Poller }

// TestConnectionsAreClosed: when the last call of a Waiter has ended, no
// connection of its own client is left open, nor a goroutine that reads it;
// whether its requests were answered or cut short.
func TestConnectionsAreClosed(t *testing.T) {
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		for _, source := range []string{"own", "embedded"} {
			api := edentest.New(edentest.Options{Rate: -1})
			hang := make(chan struct{})
			server := w.Counted(t, nethttp.HandlerFunc(func(rw nethttp.ResponseWriter, r *nethttp.Request) {
				if strings.HasSuffix(r.URL.Path, testbed.HangingID) {
					select {
					case <-hang:
					case <-r.Context().Done():
					}
					return
				}
				api.ServeHTTP(rw, r)
			}))
			t.Cleanup(func() { close(hang) })
			config := edenwait.Config{BaseURL: server.URL, Token: edentest.DefaultToken, Rate: 1000, DisableList: true}
			if source == "embedded" {
				config.Source = embedding{w.Poller(t, config)}
			}
			var waiter *edenwait.Waiter
			testbed.WithDefaultTransport(testbed.Trusting(), func() {
				var err error
				if waiter, err = edenwait.New(config); err != nil {
					t.Fatal(err)
				}
			})
			for call, wait := range map[string]func(ctx context.Context, ids []string) error{
				"WaitAll": func(ctx context.Context, ids []string) error { _, err := waiter.WaitAll(ctx, ids); return err },
				"Wait":    func(ctx context.Context, ids []string) error { _, err := waiter.Wait(ctx, ids[0]); return err },
				"AsCompleted": func(ctx context.Context, ids []string) error {
					for r := range waiter.AsCompleted(ctx, slices.Values(ids)) {
						return r.Err // the others are cut short
					}
					return nil
				},
				"a request under way": func(ctx context.Context, ids []string) error {
					for r := range waiter.AsCompleted(ctx, slices.Values(append([]string{testbed.HangingID}, ids...))) {
						return r.Err
					}
					return nil
				},
				"a context that ends": func(ctx context.Context, ids []string) error {
					ctx, cancel := context.WithCancel(ctx)
					defer cancel()
					for r := range waiter.AsCompleted(ctx, slices.Values(append([]string{testbed.HangingID}, ids...))) {
						if cancel(); r.ID == testbed.HangingID && !errors.Is(r.Err, context.Canceled) {
							return r.Err
						}
					}
					return nil
				},
			} {
				if err := wait(t.Context(), api.SubmitAll(20, edentest.Workload{Durations: edentest.Fixed(0)})); err != nil {
					t.Fatal(err)
				}
				server.WantNoneOpen(t, source+", "+call)
			}
		}
	})
}

// TestClientOfTheCallerStaysOpen: it may be in use elsewhere.
func TestClientOfTheCallerStaysOpen(t *testing.T) {
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		server := w.Counted(t, nethttp.HandlerFunc(func(rw nethttp.ResponseWriter, _ *nethttp.Request) {
			fmt.Fprintf(rw, `{"public_id":%q,"status":"success"}`, testbed.SomeID)
		}))
		client := server.Client()
		waiter, err := edenwait.New(edenwait.Config{BaseURL: server.URL, Token: "secret-key", HTTPClient: client, Rate: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := waiter.Wait(t.Context(), testbed.SomeID); err != nil {
				t.Fatal(err)
			}
		}
		if server.Mu.Lock(); server.Seen != 1 {
			t.Errorf("%d connections for three waits", server.Seen)
		}
		server.Mu.Unlock()
		client.CloseIdleConnections()
	})
}

// TestSilentConnection: a connection over HTTP/2 that has gone silent is
// replaced, by an own client and by one of the caller's. The pings of an own
// client are as frequent as http.DefaultTransport's, where those are set.
func TestSilentConnection(t *testing.T) {
	server := testbed.Protocol{HTTP2: true}.Start(t, nethttp.HandlerFunc(func(rw nethttp.ResponseWriter, _ *nethttp.Request) {
		fmt.Fprintf(rw, `{"public_id":%q,"status":"processing"}`, testbed.SomeID)
	}))
	pinging := testbed.Trusting()
	pinging.HTTP2 = &nethttp.HTTP2Config{SendPingTimeout: 50 * time.Millisecond, PingTimeout: 50 * time.Millisecond}
	for name, client := range map[string]*nethttp.Client{
		"own":       nil,
		"caller's":  {Transport: testbed.Trusting()},
		"wrapped":   {Transport: testbed.RoundTrip(testbed.Trusting().RoundTrip)},
		"timing":    {Transport: testbed.Trusting(), Timeout: 200 * time.Millisecond},
		"impatient": {Transport: impatient()},
	} {
		between := testbed.NewTap(t, server)
		config := edenwait.Config{BaseURL: between.URL, Token: "secret-key", HTTPClient: client, RequestTimeout: 200 * time.Millisecond}
		if client == nil {
			config.RequestTimeout = time.Minute
		}
		if name == "timing" || name == "impatient" {
			config.RequestTimeout = time.Minute
		}
		var poller *edenwait.Poller
		testbed.WithDefaultTransport(pinging, func() {
			var err error
			if poller, err = edenwait.NewPoller(config); err != nil {
				t.Fatal(err)
			}
		})
		if _, err := poller.Get(t.Context(), testbed.SomeID); err != nil {
			t.Fatal(name, err)
		}
		if n := between.FallSilent(); n != 1 {
			t.Errorf("%s: %d connections", name, n)
		}
		failed := 0
		for failed < 20 {
			// Several at once, so that the connection is never without a stream.
			errs := make(chan error, 4)
			for range cap(errs) {
				go func() {
					_, err := poller.Get(t.Context(), testbed.SomeID)
					errs <- err
				}()
			}
			good := true
			for range cap(errs) {
				good = <-errs == nil && good
			}
			if good {
				break
			}
			failed++
		}
		if failed > 3 {
			t.Errorf("%s: %d rounds of requests were lost", name, failed)
		}
		if client != nil {
			client.CloseIdleConnections()
		}
	}
}

func impatient() *nethttp.Transport {
	transport := testbed.Trusting()
	transport.ResponseHeaderTimeout = 200 * time.Millisecond
	return transport
}

// TestNoStreamIsReset: an answer that was read is not cancelled, of whichever
// status and length.
func TestNoStreamIsReset(t *testing.T) {
	server := testbed.Protocol{HTTP2: true}.Start(t, nethttp.HandlerFunc(func(rw nethttp.ResponseWriter, r *nethttp.Request) {
		switch r.URL.Query().Get("page") {
		case "2":
			rw.WriteHeader(nethttp.StatusServiceUnavailable)
			fmt.Fprint(rw, `{"detail":"away"}`)
		case "3":
			rw.Header().Set("Content-Length", "12")
			fmt.Fprint(rw, `{"items":[]}`)
			rw.(nethttp.Flusher).Flush() // what ends the stream comes apart
		default:
			fmt.Fprint(rw, `{"items":[]}`)
		}
	}))
	between := testbed.NewTap(t, server)
	poller := testbed.Protocol{HTTP2: true}.Poller(t, edenwait.Config{BaseURL: between.URL})
	for page := range 20 {
		if _, err := poller.List(t.Context(), edenwait.ListQuery{Page: page % 4}); (err != nil) != (page%4 == 2) {
			t.Error(err)
		}
	}
	if n := between.ResetStreams(); n > 0 {
		t.Errorf("%d of 20 streams were reset", n)
	}
}
