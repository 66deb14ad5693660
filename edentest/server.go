package edentest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
)

// A Server is an API that listens on a loopback address, for clients that need a
// real connection, and for programs in other processes. It cannot be used inside
// a testing/synctest bubble, since a goroutine that waits for the network keeps
// the bubble's clock from advancing; use [API.Client] there.
type Server struct {
	*API
	URL string // scheme, address and port, without a trailing slash

	http   http.Server
	client *http.Client

	certificate *x509.Certificate // nil without TLS

	stop   context.CancelFunc // ends what is being served
	served sync.WaitGroup

	mu     sync.Mutex
	closed bool
}

// Start starts a Server on a free port of the loopback interface. It panics if it cannot
// listen, like httptest.NewServer. The caller should call Close when finished.
func Start(opts Options) *Server {
	s, l := listen(opts)
	s.URL = "http://" + l.Addr().String()
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	s.serve(func() error { return s.http.Serve(l) })
	return s
}

// StartTLS starts a Server like Start, with HTTP/2 and HTTP/1.1 over TLS. Its self-signed
// certificate is for localhost, 127.0.0.1 and ::1. The client that Client returns trusts
// it. Other clients can add Certificate to their pool. A client that does not request
// HTTP/2 gets HTTP/1.1.
func StartTLS(opts Options) *Server {
	s, l := listen(opts)
	s.URL = "https://" + l.Addr().String()
	cert, leaf := selfSigned()
	s.certificate = leaf
	s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	s.client = &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 100,
		ForceAttemptHTTP2:   true,
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	}}
	s.serve(func() error { return s.http.ServeTLS(l, "", "") })
	return s
}

// listen returns a server that is yet to be started, and what it is to serve.
func listen(opts Options) (*Server, net.Listener) {
	s := &Server{API: New(opts)} // first, since it may panic
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		if l, err = net.Listen("tcp6", "[::1]:0"); err != nil {
			panic(fmt.Sprintf("edentest: no port to listen on: %v", err))
		}
	}
	s.http.Handler = http.HandlerFunc(s.serveHTTP)
	// A connection that is cut does not end its request in every case: not when
	// the next request is there already, sent after an answer that looked whole.
	ctx, stop := context.WithCancel(context.Background())
	s.http.BaseContext, s.stop = func(net.Listener) context.Context { return ctx }, stop
	s.http.ConnContext = withConn
	return s, &listener{l}
}

// serve runs the server until it is closed.
func (s *Server) serve(run func() error) {
	s.served.Add(1)
	go func() {
		defer s.served.Done()
		if err := run(); !errors.Is(err, http.ErrServerClosed) {
			panic(fmt.Sprintf("edentest: %v", err))
		}
	}()
}

// Certificate returns the certificate of a server that StartTLS started, for a client's
// pool. It returns nil for other servers.
func (s *Server) Certificate() *x509.Certificate { return s.certificate }

// Client returns a client for the server that goes through the network. Its idle
// connections are closed by Close.
func (s *Server) Client() *http.Client { return s.client }

// Close closes all connections, stops the delivery of webhooks, and waits until no request
// is being served. The jobs and the records stay readable.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	_ = s.http.Close() // of a listener and connections that nobody needs any more
	s.stop()
	s.API.Close()
	s.client.CloseIdleConnections()
	s.served.Wait()
}

func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	// Counting must not begin once Close waits for the count to reach zero.
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	s.served.Add(1)
	s.mu.Unlock()
	defer s.served.Done()
	s.ServeHTTP(w, r)
}
