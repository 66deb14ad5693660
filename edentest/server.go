package edentest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
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
	stop   context.CancelFunc // ends what is being served
	served sync.WaitGroup

	mu     sync.Mutex
	closed bool
}

// Start starts a Server on a free port of the loopback interface. Like
// httptest.NewServer it panics if there is none. The caller should call Close
// when finished.
func Start(opts Options) *Server {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		if l, err = net.Listen("tcp6", "[::1]:0"); err != nil {
			panic(fmt.Sprintf("edentest: no port to listen on: %v", err))
		}
	}
	s := &Server{API: New(opts), URL: "http://" + l.Addr().String()}
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	s.http.Handler = http.HandlerFunc(s.serveHTTP)
	// A connection that is cut does not end its request in every case: not when
	// the next request is there already, sent after an answer that looked whole.
	ctx, stop := context.WithCancel(context.Background())
	s.http.BaseContext, s.stop = func(net.Listener) context.Context { return ctx }, stop
	s.served.Add(1)
	go func() {
		defer s.served.Done()
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			panic(fmt.Sprintf("edentest: %v", err))
		}
	}()
	return s
}

// Client returns a client for the server that goes through the network. Its idle
// connections are closed by Close.
func (s *Server) Client() *http.Client { return s.client }

// Close cuts all connections and returns when no request is being served any
// more. The jobs and the records stay readable.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	_ = s.http.Close() // of a listener and connections that nobody needs any more
	s.stop()
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

// ServeHTTP implements [http.Handler]. Faults that cut the connection need a
// ResponseWriter that can be hijacked; with another they abort the handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // half a request is none
	}
	half := a.opts.Latency / 2
	if pause(ctx, half) != nil {
		return // nobody is there to be answered
	}
	ans := a.serve(r, sent)
	if ans.wire == refused {
		hangUp(w, nil)
		return
	}
	if pause(ctx, a.opts.Latency-half+ans.Delay) != nil {
		return
	}
	switch {
	case ans.wire == stalled && ans.bodyless(r.Method):
		<-ctx.Done()
		return
	case ans.wire == dropped:
		hangUp(w, nil)
		return
	case ans.wire == broken:
		hangUp(w, &ans)
		return
	}
	h := w.Header()
	for name, values := range ans.Header {
		h[name] = values
	}
	if ans.pad == 0 && bodyAllowed(ans.Status) {
		h.Set("Content-Length", strconv.Itoa(len(ans.Body)))
	}
	w.WriteHeader(ans.Status)
	ans.send(ctx, w)
}

// send writes the body. A client that goes away is no concern of the service, so
// errors of writing end it and are not reported.
func (ans *Answer) send(ctx context.Context, w http.ResponseWriter) {
	flush := http.NewResponseController(w).Flush
	switch ans.wire {
	case stalled:
		if _, err := w.Write(ans.Body[:len(ans.Body)/2]); err != nil {
			return
		}
		if err := flush(); err != nil {
			return
		}
		<-ctx.Done()
	case slow:
		size, rest := ans.pieces()
		for piece := range slices.Chunk(ans.Body, size) {
			if pause(ctx, rest) != nil {
				return
			}
			if _, err := w.Write(piece); err != nil {
				return
			}
			if err := flush(); err != nil {
				return
			}
		}
	default:
		_, _ = io.Copy(w, ans.content())
	}
}

// hangUp ends the connection with a reset, after half of ans if that is not nil.
func hangUp(w http.ResponseWriter, ans *Answer) {
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() {
		if c, ok := conn.(*net.TCPConn); ok {
			_ = c.SetLinger(0) // makes Close send a reset
		}
		_ = conn.Close()
	}()
	if ans == nil {
		return
	}
	// What was promised and does not come makes this answer recognizably cut.
	_, _ = fmt.Fprintf(buf, "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Length: %d\r\n",
		ans.Status, http.StatusText(ans.Status), time.Now().UTC().Format(http.TimeFormat), len(ans.Body))
	_ = ans.Header.Write(buf)
	_, _ = buf.WriteString("\r\n")
	_, _ = buf.Write(ans.Body[:len(ans.Body)/2])
	_ = buf.Flush()
}
