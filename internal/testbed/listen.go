package testbed

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"
)

// Listen has serve called for each connection, over TLS if there is a config, and
// returns the address. When serve returns, the client reads to the end of what was
// sent, and closes the connection, which lasts 5 s at most.
func Listen(t *testing.T, config *tls.Config, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
				stream := conn.(halfConn)
				if config != nil {
					secure := tls.Server(conn, config)
					if secure.Handshake() != nil {
						return
					}
					stream = secure
				}
				serve(stream)
				_ = stream.CloseWrite()
				_, _ = io.Copy(io.Discard, stream)
			}()
		}
	}()
	return l.Addr().String()
}

// halfConn can close what it sends.
type halfConn interface {
	net.Conn
	CloseWrite() error
}

// Raw answers each connection with these bytes.
func Raw(t *testing.T, answer string) string {
	t.Helper()
	return "http://" + Listen(t, nil, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 64<<10))
		_, _ = io.WriteString(conn, answer)
	})
}
