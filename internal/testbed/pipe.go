package testbed

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/edenwait/edenwait"
)

// Piped is a server in a synctest bubble whose clients speak TLS to it over
// connections in memory, so that what takes minutes on a wire takes none.
type Piped struct {
	version int
	accept  chan net.Conn
	closed  chan struct{}

	mu    sync.Mutex
	conns []*pipe
}

// pipe is an end of a connection that can go silent: writes are lost.
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
func (p *Piped) Accept() (net.Conn, error) {
	select {
	case conn := <-p.accept:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (p *Piped) Close() error { return nil }

// Addr implements net.Listener.
func (p *Piped) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443} }

// StartPiped serves in the bubble until the test ends.
func StartPiped(t *testing.T, version int, handler http.HandlerFunc) *Piped {
	t.Helper()
	p := &Piped{version: version, accept: make(chan net.Conn), closed: make(chan struct{})}
	protocols := &http.Protocols{}
	protocols.SetHTTP1(version == 1)
	protocols.SetHTTP2(version == 2)
	server := &http.Server{Handler: handler, Protocols: protocols, TLSConfig: &tls.Config{Certificates: Certificate(), MinVersion: tls.VersionTLS12}}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.ServeTLS(p, "", "") })
	t.Cleanup(func() {
		close(p.closed)
		// Before the server: if both ends said goodbye at once, each would wait for the
		// other to read, and the server's lock keeps the bubble's time from passing.
		p.mu.Lock()
		for _, conn := range p.conns {
			_ = conn.Close()
		}
		p.mu.Unlock()
		_ = server.Close()
		serving.Wait()
	})
	return p
}

// Transport is http.DefaultTransport with connections to the server.
func (p *Piped) Transport() *http.Transport {
	transport := Trusting()
	transport.Protocols = &http.Protocols{}
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

// Poller returns a Poller of the server with a client of its own.
func (p *Piped) Poller(t *testing.T, config edenwait.Config) *edenwait.Poller {
	t.Helper()
	config.BaseURL = "https://example.com"
	return pollerOf(t, p.Transport(), config)
}

// FallSilent spoils the connections that are open, and returns how many.
func (p *Piped) FallSilent() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		conn.mu.Lock()
		conn.silent = true
		conn.mu.Unlock()
	}
	return len(p.conns)
}
