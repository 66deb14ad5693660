package edenwait_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
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
			server := w.Counted(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
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
		server := w.Counted(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
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
	server := testbed.Protocol{HTTP2: true}.Start(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(rw, `{"public_id":%q,"status":"processing"}`, testbed.SomeID)
	}))
	pinging := testbed.Trusting()
	pinging.HTTP2 = &http.HTTP2Config{SendPingTimeout: 50 * time.Millisecond, PingTimeout: 50 * time.Millisecond}
	for name, client := range map[string]*http.Client{
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

func impatient() *http.Transport {
	transport := testbed.Trusting()
	transport.ResponseHeaderTimeout = 200 * time.Millisecond
	return transport
}

// TestNoStreamIsReset: an answer that was read is not cancelled, of whichever
// status and length.
func TestNoStreamIsReset(t *testing.T) {
	server := testbed.Protocol{HTTP2: true}.Start(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("page") {
		case "2":
			rw.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(rw, `{"detail":"away"}`)
		case "3":
			rw.Header().Set("Content-Length", "12")
			fmt.Fprint(rw, `{"items":[]}`)
			rw.(http.Flusher).Flush() // what ends the stream comes apart
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

// TestSilenceIsNoticed: by default, a connection over HTTP/2 that has gone silent
// is replaced within some seconds, whatever waits on it.
func TestSilenceIsNoticed(t *testing.T) {
	_, _ = testbed.Roots(), testbed.Certificate() // made outside the bubble
	synctest.Test(t, func(t *testing.T) {
		server := testbed.StartPiped(t, 2, func(rw http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(rw, `{"public_id":%q,"status":"processing"}`, testbed.SomeID)
		})
		poller := server.Poller(t, edenwait.Config{})
		if _, err := poller.Get(t.Context(), testbed.SomeID); err != nil {
			t.Fatal(err)
		}
		if n := server.FallSilent(); n != 1 {
			t.Fatalf("%d connections", n)
		}
		began := time.Now()
		err := errors.New("not asked")
		for lost := 0; err != nil; lost++ {
			if _, err = poller.Get(t.Context(), testbed.SomeID); lost > 3 {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("answered again after %v", took)
		}
	})
}

// silence is a batch whose connections go silent. New ones work.
type silence struct {
	version int // of HTTP
	jobs    int
	noList  bool
	callers bool            // the client is the caller's
	at      []time.Duration // when
	onPage  bool            // or as soon as a page is requested after that
}

func (s silence) String() string {
	client, list := "own client", "list"
	if s.callers {
		client = "client of the caller's"
	}
	if s.noList {
		list = "no list"
	}
	if s.onPage {
		list = "list under way"
	}
	return fmt.Sprintf("HTTP/%d, %s, %d jobs, %s, silent at %v", s.version, client, s.jobs, list, s.at)
}

// run waits for the jobs, which end 4 to 8 s after their start.
func (s silence) run(t *testing.T) (took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		began, at := time.Now(), s.at
		var server *testbed.Piped
		server = testbed.StartPiped(t, s.version, func(w http.ResponseWriter, r *http.Request) {
			if s.onPage && len(at) > 0 && time.Since(began) > at[0] && r.URL.RawQuery != "" {
				at = at[1:]
				server.FallSilent()
			}
			api.ServeHTTP(w, r)
		})
		config := edenwait.Config{Token: edentest.DefaultToken, BaseURL: "https://example.com", DisableList: s.noList}
		if transport := server.Transport(); s.callers {
			config.HTTPClient = &http.Client{Transport: transport}
			defer transport.CloseIdleConnections()
		} else {
			config.Source = server.Poller(t, edenwait.Config{Token: edentest.DefaultToken})
		}
		waiter, err := edenwait.New(config)
		if err != nil {
			t.Fatal(err)
		}
		ids := api.SubmitAll(s.jobs, edentest.Workload{Durations: edentest.Uniform{Min: 4 * time.Second, Max: 8 * time.Second}})
		if !s.onPage {
			for _, at := range s.at {
				time.AfterFunc(at, func() { server.FallSilent() })
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
		defer cancel()
		if _, err = waiter.WaitAll(ctx, ids); err != nil {
			t.Errorf("%v: %.400v", s, err)
		}
		took = time.Since(began)
	})
	return took
}

// TestSilence: every connection goes silent while a batch is under way, once or
// twice. Nothing is lost, and a new connection is used soon: over HTTP/2 after pings,
// where the client is the Waiter's own, and after requests that were not answered in
// time elsewhere.
func TestSilence(t *testing.T) {
	_, _ = testbed.Roots(), testbed.Certificate() // made outside the bubble
	for _, version := range []int{1, 2} {
		for _, callers := range []bool{false, true} {
			for _, jobs := range []int{5, 20, 200} {
				for _, s := range []silence{
					{at: []time.Duration{5 * time.Second}},
					{at: []time.Duration{5 * time.Second}, noList: true},
					{at: []time.Duration{5 * time.Second}, onPage: true},
					{at: []time.Duration{5 * time.Second, 17 * time.Second}},
					{at: []time.Duration{5 * time.Second, 17 * time.Second}, noList: true},
				} {
					s.version, s.callers, s.jobs = version, callers, jobs
					took := s.run(t)
					each := 15 * time.Second
					if version == 1 || callers {
						each = 37 * time.Second // of which RequestTimeout is thirty
					}
					most := time.Duration(len(s.at))*each + 10*time.Second + time.Duration(jobs)*100*time.Millisecond
					t.Logf("%v: done after %v, want %v at most", s, took, most)
					if took > most {
						t.Errorf("%v: done after %v, want %v at most", s, took, most)
					}
				}
			}
		}
	}
}

// TestSilentInMemory: a client of the caller's whose one connection goes silent, at
// any request.
func TestSilentInMemory(t *testing.T) {
	for _, on := range []edentest.Kind{edentest.Get, edentest.List} {
		for _, skip := range []int{0, 1, 10, 100} {
			synctest.Test(t, func(t *testing.T) {
				api, waiter := testbed.New(t, edentest.Options{
					Latency: 40 * time.Millisecond, Faults: []edentest.Fault{{On: on, Skip: skip, Times: 1, Do: edentest.Silence()}},
				}, edenwait.Config{})
				ids := api.SubmitAll(150, edentest.Workload{Durations: edentest.Uniform{Max: 2 * time.Minute}})
				began := time.Now()
				if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
					t.Error(err)
				}
				took := time.Since(began)
				t.Logf("%v, after %d: done after %v", on, skip, took)
				if took > 4*time.Minute {
					t.Errorf("%v, after %d: done after %v", on, skip, took)
				}
			})
		}
	}
}

// prober is a RoundTripper of the caller's that sends a request when its connections are
// closed, to have a new one.
type prober struct {
	http.RoundTripper
	closed func()
}

func (p *prober) CloseIdleConnections() { p.closed() }

func TestRequestWhileConnectionsAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Rate: -1, Faults: []edentest.Fault{{Do: edentest.Stall(), Times: 2}}})
		id := api.Submit(edentest.Script{})
		prober := &prober{RoundTripper: api.Client().Transport}
		poller, err := edenwait.NewPoller(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: &http.Client{Transport: prober}})
		if err != nil {
			t.Fatal(err)
		}
		probes := 0
		prober.closed = func() {
			if probes++; probes > 1 {
				return
			}
			if _, err := poller.Get(t.Context(), id); err != nil {
				t.Error(err)
			}
		}
		for range 2 {
			if _, err := poller.Get(t.Context(), id); err == nil {
				t.Error("it was answered")
			}
		}
		if probes != 1 {
			t.Errorf("%d probes", probes)
		}
	})
}
