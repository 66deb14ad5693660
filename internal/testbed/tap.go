package testbed

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// A Tap stands between a client and a server that speak HTTP/2 over TLS. It can
// fall silent, as a NAT does that has forgotten a connection: what is sent on then
// arrives nowhere, and nobody is told. New connections are as good as before.
type Tap struct {
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

// NewTap is a Tap before the server.
func NewTap(t *testing.T, server *httptest.Server) *Tap {
	t.Helper()
	config := server.TLS.Clone()
	config.NextProtos = []string{"h2"}
	listen, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	p := &Tap{URL: "https://" + listen.Addr().String(), server: server, listen: listen}
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

func (p *Tap) serve(client net.Conn) {
	server, err := tls.Dial("tcp", p.server.Listener.Addr().String(), &tls.Config{RootCAs: Roots(), ServerName: "example.com", NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12})
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
func (p *Tap) frames(client *bufio.Reader, server net.Conn, silent chan struct{}) {
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

// FallSilent spoils the connections that are open, and returns how many.
func (p *Tap) FallSilent() int {
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

// ResetStreams is how many streams the client has reset.
func (p *Tap) ResetStreams() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.resets
}
