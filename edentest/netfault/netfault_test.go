package netfault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	_ "github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/cenkalti/backoff/v4"
	"github.com/rs/zerolog"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// overWire runs a test over each protocol: the API itself speaks HTTP/2 over TLS.
func overWire(t *testing.T, test func(t *testing.T, tls bool)) {
	t.Helper()
	t.Run("HTTP1", func(t *testing.T) { test(t, false) })
	t.Run("HTTP2", func(t *testing.T) { test(t, true) })
}

// network is an API behind a proxy.
type network struct {
	t       *testing.T
	scheme  string
	api     *edentest.Server
	proxy   *toxiproxy.Proxy
	failed  chan struct{} // receives once for each failed request
	client  *http.Client
	outputs map[string]string // of the jobs, by id
	ids     []string
	config  edenwait.Config // quick, so that much goes wrong in a short time
}

// newNetwork has n jobs that run for a second at most.
func newNetwork(t *testing.T, tls bool, n int) *network {
	t.Helper()
	start := edentest.Start
	if tls {
		start = edentest.StartTLS
	}
	w := &network{t: t, api: start(edentest.Options{Rate: -1}), failed: make(chan struct{}, 10_000), outputs: map[string]string{}}
	t.Cleanup(w.api.Close)
	scheme, address, _ := strings.Cut(w.api.URL, "://")
	w.scheme = scheme
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	w.proxy = toxiproxy.NewProxy(server, "eden", "127.0.0.1:0", address)
	w.up()
	t.Cleanup(w.proxy.Stop)
	for i := range n {
		output := fmt.Sprintf(`{"job":%d,"text":%q}`, i, strings.Repeat("x", 4000))
		id := w.api.Submit(edentest.Script{After: time.Duration(i) * time.Second / time.Duration(n), Output: json.RawMessage(output)})
		w.ids, w.outputs[id] = append(w.ids, id), output
	}
	transport := w.api.Client().Transport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	w.client = &http.Client{Transport: &watched{next: transport, failed: w.failed}}
	w.config = edenwait.Config{
		Rate: 500, RequestTimeout: 500 * time.Millisecond, MaxErrors: 10_000,
		BackOff: func() backoff.BackOff { return backoff.NewConstantBackOff(20 * time.Millisecond) },
	}
	return w
}

// alone has every request take a connection of its own, so that what strikes
// some connections strikes some requests all along.
func (w *network) alone() {
	w.client.Transport.(*watched).next.(*http.Transport).DisableKeepAlives = true
}

func (w *network) up() {
	w.t.Helper()
	if err := w.proxy.Start(); err != nil {
		w.t.Fatal(err)
	}
}

// toxic adds a toxic to what the server sends.
func (w *network) toxic(kind string, share float32, attributes map[string]int) {
	w.t.Helper()
	data, err := json.Marshal(map[string]any{"name": kind, "type": kind, "stream": "downstream", "toxicity": share, "attributes": attributes})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.proxy.Toxics.AddToxicJson(bytes.NewReader(data)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *network) cure(kind string) {
	w.t.Helper()
	if err := w.proxy.Toxics.RemoveToxic(context.Background(), kind); err != nil {
		w.t.Fatal(err)
	}
}

// patience is far more than anything here takes. It is no assertion about time:
// it has a regression fail with a message, where it would hang until go test
// gives up.
const patience = 2 * time.Minute

// failures waits for so many more failed requests, and returns false if they do
// not come, or the test is over.
func (w *network) failures(n int) bool {
	late := time.After(patience)
	for i := range n {
		select {
		case <-w.failed:
		case <-w.t.Context().Done():
			return false
		case <-late:
			w.t.Errorf("only %d of %d requests failed within %v", i, n, patience)
			return false
		}
	}
	return true
}

// wait waits for all jobs; each must be there, with its output.
func (w *network) wait(ctx context.Context) ([]edenwait.Result, error) {
	w.t.Helper()
	config := w.config
	config.Token, config.BaseURL, config.HTTPClient = edentest.DefaultToken, w.scheme+"://"+w.proxy.Listen, w.client
	waiter, err := edenwait.New(config)
	if err != nil {
		w.t.Fatal(err)
	}
	return waiter.WaitAll(ctx, w.ids)
}

func (w *network) waitForAll() {
	w.t.Helper()
	ctx, cancel := context.WithTimeoutCause(w.t.Context(), 2*patience, fmt.Errorf("not done within %v", 2*patience))
	defer cancel()
	results, err := w.wait(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	for i, r := range results {
		if r.ID != w.ids[i] || string(r.Job.Output) != w.outputs[r.ID] {
			w.t.Errorf("result %d: %s with an output of %d bytes, want %s with %d", i, r.ID, len(r.Job.Output), w.ids[i], len(w.outputs[w.ids[i]]))
		}
	}
}

// struck fails the test if the network never did any harm.
func (w *network) struck() {
	w.t.Helper()
	if len(w.failed) == 0 {
		w.t.Error("no request failed")
	}
}

// watched tells of failed requests, bodies included.
type watched struct {
	next   http.RoundTripper
	failed chan<- struct{}
}

// RoundTrip implements http.RoundTripper.
func (w *watched) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		w.fail()
		return nil, err
	}
	resp.Body = &watchedBody{ReadCloser: resp.Body, fail: sync.OnceFunc(w.fail)}
	return resp, nil
}

func (w *watched) fail() {
	select {
	case w.failed <- struct{}{}:
	default:
	}
}

// TestSlow: late, in small pieces, through a narrow line, with a slow end.
func TestSlow(t *testing.T) { overWire(t, testSlow) }

func testSlow(t *testing.T, tls bool) {
	for _, toxic := range []struct {
		kind       string
		attributes map[string]int
	}{
		{"latency", map[string]int{"latency": 50, "jitter": 40}},
		{"slicer", map[string]int{"average_size": 64, "size_variation": 32, "delay": 100}},
		{"bandwidth", map[string]int{"rate": 200}},
		{"slow_close", map[string]int{"delay": 50}},
	} {
		t.Run(toxic.kind, func(t *testing.T) {
			t.Parallel()
			w := newNetwork(t, tls, 30)
			w.toxic(toxic.kind, 1, toxic.attributes)
			w.waitForAll()
		})
	}
}

// TestCut: half of all connections are reset, at once or inside an answer,
// or fall silent.
func TestCut(t *testing.T) { overWire(t, testCut) }

func testCut(t *testing.T, tls bool) {
	for _, toxic := range []struct {
		kind       string
		attributes map[string]int
	}{
		{"reset_peer", map[string]int{"timeout": 0}},
		{"reset_peer", map[string]int{"timeout": 5}},
		{"limit_data", map[string]int{"bytes": 300}},
		{"timeout", map[string]int{"timeout": 0}},
		{"timeout", map[string]int{"timeout": 50}},
	} {
		t.Run(fmt.Sprint(toxic.kind, toxic.attributes), func(t *testing.T) {
			t.Parallel()
			w := newNetwork(t, tls, 20)
			w.alone()
			w.toxic(toxic.kind, 0.5, toxic.attributes)
			w.waitForAll()
			if toxic.kind != "reset_peer" || toxic.attributes["timeout"] == 0 {
				w.struck()
			}
		})
	}
}

// TestHalfOpen: the connections that are kept alive fall silent, all of them,
// until a while later new ones can be had.
func TestHalfOpen(t *testing.T) { overWire(t, testHalfOpen) }

func testHalfOpen(t *testing.T, tls bool) {
	w := newNetwork(t, tls, 20)
	w.toxic("timeout", 1, map[string]int{"timeout": 0})
	go func() {
		w.failures(5)
		w.cure("timeout")
	}()
	w.waitForAll()
}

// TestAway: the server goes away, connections and port, and comes back.
func TestAway(t *testing.T) { overWire(t, testAway) }

func testAway(t *testing.T, tls bool) {
	w := newNetwork(t, tls, 20)
	back := make(chan struct{})
	go func() {
		defer close(back)
		for range 3 {
			w.proxy.Stop()
			if !w.failures(40) {
				return
			}
			w.up()
		}
	}()
	w.waitForAll()
	// The jobs may have ended before it went the last time.
	for {
		select {
		case <-back:
			return
		case w.failed <- struct{}{}:
		}
	}
}

// TestAwayForHalfAMinute: under the defaults, with their delays and their
// MaxErrors, half a minute without a server costs no result.
func TestAwayForHalfAMinute(t *testing.T) { overWire(t, testAwayForHalfAMinute) }

func testAwayForHalfAMinute(t *testing.T, tls bool) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes a minute by the wall clock")
	}
	w := newNetwork(t, tls, 20)
	w.config = edenwait.Config{}
	w.proxy.Stop()
	gone := time.Now()
	go func() {
		for time.Since(gone) < 30*time.Second {
			if !w.failures(1) {
				return
			}
		}
		w.up()
	}()
	w.waitForAll() // which nothing but up can let end
}

// TestEndsWhileSilent: ctx ends while every request hangs on a connection that
// says nothing.
func TestEndsWhileSilent(t *testing.T) { overWire(t, testEndsWhileSilent) }

func testEndsWhileSilent(t *testing.T, tls bool) {
	w := newNetwork(t, tls, 20)
	w.toxic("timeout", 1, map[string]int{"timeout": 0})
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("enough")
	go func() {
		w.failures(3)
		cancel(stop)
	}()
	results, err := w.wait(ctx)
	if !errors.Is(err, stop) || !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want %v", err, stop)
	}
	for i, r := range results {
		var gaveUp *edenwait.GaveUpError
		if r.ID != w.ids[i] || !errors.As(r.Err, &gaveUp) || !errors.Is(r.Err, stop) {
			t.Errorf("result %d: %+v", i, r)
		}
	}
}
