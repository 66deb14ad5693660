package testbed

import (
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// HangingID is a job whose GETs are not answered.
const HangingID = "44444444-4444-4444-8444-444444444444"

// Protocol is how requests travel: the API itself speaks HTTP/2 over TLS.
type Protocol struct{ HTTP2 bool }

// OverWire runs a test over each.
func OverWire(t *testing.T, test func(t *testing.T, w Protocol)) {
	t.Helper()
	t.Run("HTTP1", func(t *testing.T) { test(t, Protocol{}) })
	t.Run("HTTP2", func(t *testing.T) { test(t, Protocol{HTTP2: true}) })
}

// Start serves on loopback.
func (w Protocol) Start(t testing.TB, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	w.run(server)
	t.Cleanup(server.Close)
	return server
}

func (w Protocol) run(server *httptest.Server) {
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that a test cuts short
	if server.EnableHTTP2 = w.HTTP2; w.HTTP2 {
		server.StartTLS()
	} else {
		server.Start()
	}
}

// Serve is a Poller, with a client of its own, of a server with the handler.
func (w Protocol) Serve(t testing.TB, handler http.HandlerFunc, config edenwait.Config) *edenwait.Poller {
	t.Helper()
	server := w.Start(t, handler)
	config.BaseURL = server.URL
	return w.Poller(t, config)
}

// ServeBody is a Poller of a server whose every answer is this one.
func (w Protocol) ServeBody(t testing.TB, status int, body string) *edenwait.Poller {
	t.Helper()
	return w.Serve(t, func(rw http.ResponseWriter, r *http.Request) {
		if w.HTTP2 != (r.ProtoMajor == 2) {
			t.Errorf("asked over %s", r.Proto)
		}
		rw.WriteHeader(status)
		fmt.Fprint(rw, body)
	}, edenwait.Config{})
}

// Poller is one with a client of its own.
func (w Protocol) Poller(t testing.TB, config edenwait.Config) *edenwait.Poller {
	t.Helper()
	return pollerOf(t, Trusting(), config)
}

// pollerOf is a Poller with a client of its own, which has this transport.
func pollerOf(t testing.TB, transport http.RoundTripper, config edenwait.Config) *edenwait.Poller {
	t.Helper()
	if config.Token == "" {
		config.Token = "secret-key"
	}
	var poller *edenwait.Poller
	WithDefaultTransport(transport, func() {
		var err error
		if poller, err = edenwait.NewPoller(config); err != nil {
			t.Fatal(err)
		}
	})
	return poller
}

// Account is a fake API on loopback, and a transport for it like an own client's.
func (w Protocol) Account(t testing.TB, opts edentest.Options) (*edentest.Server, *http.Transport) {
	t.Helper()
	transport := Trusting()
	if !w.HTTP2 {
		server := edentest.Start(opts)
		t.Cleanup(server.Close)
		return server, transport
	}
	server := edentest.StartTLS(opts)
	t.Cleanup(server.Close)
	transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	transport.TLSClientConfig.RootCAs.AddCert(server.Certificate())
	return server, transport
}

// Waiter is a Waiter of the account, with a client of its own.
func (w Protocol) Waiter(t testing.TB, server *edentest.Server, transport *http.Transport, config edenwait.Config) (waiter *edenwait.Waiter) {
	t.Helper()
	config.Token, config.BaseURL = edentest.DefaultToken, server.URL
	WithDefaultTransport(transport, func() {
		var err error
		if waiter, err = edenwait.New(config); err != nil {
			t.Fatal(err)
		}
	})
	return waiter
}
