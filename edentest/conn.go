package edentest

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
)

// A listener's connections can go silent.
type listener struct{ net.Listener }

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

// A conn that is silent swallows whatever either side sends.
type conn struct {
	net.Conn
	silent atomic.Bool
}

// Read implements net.Conn. It still sees the client close the connection, so that
// the server does not keep it forever.
func (c *conn) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if err != nil || !c.silent.Load() {
			return n, err
		}
	}
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	if c.silent.Load() {
		return len(p), nil // as a kernel takes in what nobody acknowledges
	}
	return c.Conn.Write(p)
}

// A memoryConn is what the requests of a client share: see Silence.
type memoryConn struct{ silent atomic.Bool }

type connKey struct{}

// withConn is a [net/http.Server]'s ConnContext.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, plain(c))
}

// connOf returns the connection over which a request came, or nil if another
// server than Start's has accepted it.
func connOf(ctx context.Context) *conn {
	c, _ := ctx.Value(connKey{}).(*conn)
	return c
}

// plain returns what TLS, if any, runs over.
func plain(c net.Conn) net.Conn {
	if t, ok := c.(*tls.Conn); ok {
		return t.NetConn()
	}
	return c
}

// tcp returns the TCP connection that c is made of, or nil.
func tcp(c net.Conn) *net.TCPConn {
	c = plain(c)
	if own, ok := c.(*conn); ok {
		c = own.Conn
	}
	t, _ := c.(*net.TCPConn)
	return t
}
