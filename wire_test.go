package edenwait_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// protocol is how requests travel: the API itself speaks HTTP/2 over TLS.
type protocol struct{ http2 bool }

// overWire runs a test over each.
func overWire(t *testing.T, test func(t *testing.T, w protocol)) {
	t.Helper()
	t.Run("HTTP1", func(t *testing.T) { test(t, protocol{}) })
	t.Run("HTTP2", func(t *testing.T) { test(t, protocol{http2: true}) })
}

// start serves on loopback.
func (w protocol) start(t testing.TB, handler nethttp.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	w.run(server)
	t.Cleanup(server.Close)
	return server
}

func (w protocol) run(server *httptest.Server) {
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that a test cuts short
	if server.EnableHTTP2 = w.http2; w.http2 {
		server.StartTLS()
	} else {
		server.Start()
	}
}

// serve is a Poller, with a client of its own, of a server with the handler.
func (w protocol) serve(t testing.TB, handler nethttp.HandlerFunc, config edenwait.Config) *edenwait.Poller {
	t.Helper()
	server := w.start(t, handler)
	config.BaseURL = server.URL
	return w.poller(t, config)
}

func (w protocol) serveBody(t testing.TB, status int, body string) *edenwait.Poller {
	t.Helper()
	return w.serve(t, func(rw nethttp.ResponseWriter, r *nethttp.Request) {
		if w.http2 != (r.ProtoMajor == 2) {
			t.Errorf("asked over %s", r.Proto)
		}
		rw.WriteHeader(status)
		fmt.Fprint(rw, body)
	}, edenwait.Config{})
}

func (w protocol) poller(t testing.TB, config edenwait.Config) *edenwait.Poller {
	t.Helper()
	if config.Token == "" {
		config.Token = "secret-key"
	}
	var poller *edenwait.Poller
	withDefaultTransport(trusting(), func() {
		var err error
		if poller, err = edenwait.NewPoller(config); err != nil {
			t.Fatal(err)
		}
	})
	return poller
}

// account is a fake API on loopback, and a transport for it like an own client's.
func (w protocol) account(t testing.TB, opts edentest.Options) (*edentest.Server, *nethttp.Transport) {
	t.Helper()
	transport := trusting()
	if !w.http2 {
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

// waiter is a Waiter of the account, with a client of its own.
func (w protocol) waiter(t testing.TB, server *edentest.Server, transport *nethttp.Transport, config edenwait.Config) (waiter *edenwait.Waiter) {
	t.Helper()
	config.Token, config.BaseURL = edentest.DefaultToken, server.URL
	withDefaultTransport(transport, func() {
		var err error
		if waiter, err = edenwait.New(config); err != nil {
			t.Fatal(err)
		}
	})
	return waiter
}

// trusting is http.DefaultTransport on a machine that trusts httptest's servers.
func trusting() *nethttp.Transport {
	defaultTransport.Lock()
	defer defaultTransport.Unlock()
	transport := nethttp.DefaultTransport.(*nethttp.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: httptestRoots(), MinVersion: tls.VersionTLS12}
	return transport
}

// httptestRoots has the certificate of each TLS server of httptest: they share it.
var httptestRoots = sync.OnceValue(func() *x509.CertPool {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return roots
})

// defaultTransport guards http.DefaultTransport, for tests that run in parallel.
var defaultTransport sync.Mutex

// withDefaultTransport runs what makes a client of its own.
func withDefaultTransport(transport nethttp.RoundTripper, run func()) {
	defaultTransport.Lock()
	defer defaultTransport.Unlock()
	before := nethttp.DefaultTransport
	nethttp.DefaultTransport = transport
	defer func() { nethttp.DefaultTransport = before }()
	run()
}

// A tap stands between a client and a server that speak HTTP/2 over TLS. It can
// fall silent, as a NAT does that has forgotten a connection: what is sent on then
// arrives nowhere, and nobody is told. New connections are as good as before.
type tap struct {
	URL    string
	server *httptest.Server
	listen net.Listener

	mu     sync.Mutex
	conns  []*tapped
	resets int // RST_STREAM frames of the client
}

type tapped struct {
	client, server net.Conn
	silent         chan struct{}
}

func newTap(t *testing.T, server *httptest.Server) *tap {
	t.Helper()
	config := server.TLS.Clone()
	config.NextProtos = []string{"h2"}
	listen, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	p := &tap{URL: "https://" + listen.Addr().String(), server: server, listen: listen}
	var pumps sync.WaitGroup
	pumps.Go(func() {
		for {
			client, err := listen.Accept()
			if err != nil {
				return
			}
			pumps.Go(func() { p.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = listen.Close()
		p.mu.Lock()
		for _, c := range p.conns {
			_, _ = c.client.Close(), c.server.Close()
		}
		p.mu.Unlock()
		pumps.Wait()
	})
	return p
}

func (p *tap) serve(client net.Conn) {
	server, err := tls.Dial("tcp", p.server.Listener.Addr().String(), &tls.Config{RootCAs: httptestRoots(), ServerName: "example.com", NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12})
	if err != nil {
		_ = client.Close()
		return
	}
	c := &tapped{client: client, server: server, silent: make(chan struct{})}
	p.mu.Lock()
	p.conns = append(p.conns, c)
	p.mu.Unlock()
	var pumps sync.WaitGroup
	pumps.Go(func() {
		defer server.Close()
		p.frames(bufio.NewReader(client), server, c.silent)
	})
	defer pumps.Wait()
	defer client.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := server.Read(buffer)
		if err != nil || !write(client, buffer[:n], c.silent) {
			return
		}
	}
}

// frames copies what the client sends, and counts the streams that it resets.
func (p *tap) frames(client *bufio.Reader, server net.Conn, silent chan struct{}) {
	const preface, header, rstStream = 24, 9, 3
	start := make([]byte, preface)
	if _, err := io.ReadFull(client, start); err != nil || !write(server, start, silent) {
		return
	}
	for {
		var head [header]byte
		if _, err := io.ReadFull(client, head[:]); err != nil {
			return
		}
		length := int(binary.BigEndian.Uint32(head[:])) >> 8
		if head[3] == rstStream {
			p.mu.Lock()
			p.resets++
			p.mu.Unlock()
		}
		frame := slices.Concat(head[:], make([]byte, length))
		if _, err := io.ReadFull(client, frame[header:]); err != nil || !write(server, frame, silent) {
			return
		}
	}
}

func write(to net.Conn, data []byte, silent chan struct{}) bool {
	select {
	case <-silent:
		return true // swallowed
	default:
		_, err := to.Write(data)
		return err == nil
	}
}

// fallSilent spoils the connections that are open, and returns how many.
func (p *tap) fallSilent() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		select {
		case <-c.silent:
		default:
			close(c.silent)
		}
	}
	return len(p.conns)
}

func (p *tap) resetStreams() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.resets
}
