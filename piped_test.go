package edenwait_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
)

// piped is a server in a synctest bubble whose clients speak TLS to it over
// connections in memory, so that what takes minutes on a wire takes none.
type piped struct {
	version int
	accept  chan net.Conn
	closed  chan struct{}

	mu    sync.Mutex
	conns []*pipe
}

// pipe is an end of a connection that can go silent: what is written is lost.
type pipe struct {
	net.Conn
	mu     sync.Mutex
	silent bool
}

func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	silent := p.silent
	p.mu.Unlock()
	if silent {
		return len(b), nil
	}
	return p.Conn.Write(b)
}

// Accept implements net.Listener.
func (p *piped) Accept() (net.Conn, error) {
	select {
	case conn := <-p.accept:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *piped) Close() error { return nil }

// Addr implements net.Listener.
func (p *piped) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443} }

func startPiped(t *testing.T, version int, handler nethttp.HandlerFunc) *piped {
	t.Helper()
	p := &piped{version: version, accept: make(chan net.Conn), closed: make(chan struct{})}
	protocols := &nethttp.Protocols{}
	protocols.SetHTTP1(version == 1)
	protocols.SetHTTP2(version == 2)
	server := &nethttp.Server{Handler: handler, Protocols: protocols, TLSConfig: &tls.Config{Certificates: httptestCertificates(), MinVersion: tls.VersionTLS12}}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.ServeTLS(p, "", "") })
	t.Cleanup(func() {
		close(p.closed)
		_ = server.Close()
		p.mu.Lock()
		for _, conn := range p.conns {
			_ = conn.Close()
		}
		p.mu.Unlock()
		serving.Wait()
	})
	return p
}

// httptestCertificates are those that httptestRoots trusts.
var httptestCertificates = sync.OnceValue(func() []tls.Certificate {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return server.TLS.Certificates
})

// transport is http.DefaultTransport with connections to the server.
func (p *piped) transport() *nethttp.Transport {
	transport := trusting()
	transport.Protocols = &nethttp.Protocols{}
	transport.Protocols.SetHTTP1(p.version == 1)
	transport.Protocols.SetHTTP2(p.version == 2)
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		here, there := net.Pipe()
		select {
		case p.accept <- there:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		conn := &pipe{Conn: here}
		p.conns = append(p.conns, conn)
		return conn, nil
	}
	return transport
}

func (p *piped) poller(t *testing.T, config edenwait.Config) *edenwait.Poller {
	t.Helper()
	if config.BaseURL = "https://example.com"; config.Token == "" {
		config.Token = "secret-key"
	}
	var poller *edenwait.Poller
	withDefaultTransport(p.transport(), func() {
		var err error
		if poller, err = edenwait.NewPoller(config); err != nil {
			t.Fatal(err)
		}
	})
	return poller
}

func (p *piped) fallSilent() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		conn.mu.Lock()
		conn.silent = true
		conn.mu.Unlock()
	}
	return len(p.conns)
}

// TestSilenceIsNoticed: by default, a connection over HTTP/2 that has gone silent
// is replaced within some seconds, whatever waits on it.
func TestSilenceIsNoticed(t *testing.T) {
	_, _ = httptestRoots(), httptestCertificates() // made outside the bubble
	synctest.Test(t, func(t *testing.T) {
		server := startPiped(t, 2, func(rw nethttp.ResponseWriter, _ *nethttp.Request) {
			fmt.Fprintf(rw, `{"public_id":%q,"status":"processing"}`, someID)
		})
		poller := server.poller(t, edenwait.Config{})
		if _, err := poller.Get(t.Context(), someID); err != nil {
			t.Fatal(err)
		}
		if n := server.fallSilent(); n != 1 {
			t.Fatalf("%d connections", n)
		}
		began := time.Now()
		err := errors.New("not asked")
		for lost := 0; err != nil; lost++ {
			if _, err = poller.Get(t.Context(), someID); lost > 3 {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("answered again after %v", took)
		}
	})
}
