package webhook

import (
	"bufio"
	"context"
	"crypto/rsa"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestHandlerOverConnections: deliveries over real connections, mounted under a
// path.
func TestHandlerOverConnections(t *testing.T) {
	v := typical(t)
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			c := &calls{}
			mux := http.NewServeMux()
			mux.Handle("/deep/down/edenai/", Handler(c, Options{
				Keys: []*rsa.PublicKey{publicKey(t, "certificate.pem")}, OnEvent: c.event, OnReject: c.reject, MaxBytes: 1 << 20,
			}))
			server := httptest.NewUnstartedServer(mux)
			server.EnableHTTP2 = proto == "HTTP/2.0"
			server.StartTLS()
			defer server.Close()

			large := v.body[:len(v.body)-1] + `,"padding":"` + strings.Repeat("x", 3<<20) + `"}`
			const notify, event, reject = "notify " + id, "event " + id + " true", "reject"
			tests := []struct {
				name, method, signature string
				body                    io.Reader
				status                  int
				calls                   []string
			}{
				{"signed", "POST", v.signature, strings.NewReader(v.body), 200, []string{notify, event}},
				{"once more", "POST", strings.ToUpper(v.signature), strings.NewReader(v.body), 200, []string{notify, event}},
				{"without a length", "POST", v.signature, io.MultiReader(strings.NewReader(v.body)), 200, []string{notify, event}},
				{"forged", "POST", v.signature[2:] + "00", strings.NewReader(v.body), 401, []string{notify, reject}},
				{"a GET", "GET", "", nil, 405, []string{reject}},
				{"too large", "POST", v.signature, strings.NewReader(large), 413, []string{notify, reject}},
				{"too large, without a length", "POST", v.signature, io.MultiReader(strings.NewReader(large)), 413, []string{notify, reject}},
				{"signed, afterwards", "POST", v.signature, strings.NewReader(v.body), 200, []string{notify, event}},
			}
			for _, tt := range tests {
				req, err := http.NewRequest(tt.method, server.URL+"/deep/down/edenai/replica-7", tt.body)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("X-Edenai-Signature", tt.signature)
				resp, err := server.Client().Do(req)
				if got := c.taken(); !slices.Equal(got, tt.calls) {
					t.Errorf("%s: calls %q", tt.name, got)
				}
				if err != nil {
					// The server may close the connection before all of a large body is sent.
					if tt.status != 413 {
						t.Errorf("%s: %v", tt.name, err)
					}
					continue
				}
				answer, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if resp.Proto != proto || resp.StatusCode != tt.status || len(answer) != 0 || err != nil {
					t.Errorf("%s: %s, status %d, body %q, %v", tt.name, resp.Proto, resp.StatusCode, answer, err)
				}
			}
		})
	}
}

// pipeListener accepts in-memory connections, which keep a bubble's time.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l pipeListener) Close() error   { close(l.closed); return nil }
func (l pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// serve runs a server for the handler and returns a connection to it.
func serve(t *testing.T, h http.Handler) net.Conn {
	l := pipeListener{make(chan net.Conn), make(chan struct{})}
	server := &http.Server{Handler: h, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	go server.Serve(l)
	client, conn := net.Pipe()
	l.conns <- conn
	t.Cleanup(func() {
		client.Close()
		server.Close()
		time.Sleep(time.Second) // the server lingers on connections that it gave up
	})
	return client
}

func send(t *testing.T, conn net.Conn, signature, body string, length int) {
	t.Helper()
	_, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nX-Edenai-Signature: %s\r\nContent-Length: %d\r\n\r\n%s", signature, length, body)
	if err != nil {
		t.Fatal(err)
	}
}

func status(t *testing.T, from *bufio.Reader) int {
	t.Helper()
	resp, err := http.ReadResponse(from, nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

// TestSlowBody: a body that stalls gives its place back after 30 seconds, and is
// a hint.
func TestSlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := typical(t)
		c := &calls{}
		conn := serve(t, Handler(c, Options{OnReject: c.reject}))
		start := time.Now()
		send(t, conn, v.signature, v.body[:200], len(v.body))
		if got := status(t, bufio.NewReader(conn)); got != 503 || time.Since(start) != readTimeout {
			t.Errorf("status %d after %v", got, time.Since(start))
		}
		if got := c.taken(); !slices.Equal(got, []string{"notify " + id, "reject"}) {
			t.Errorf("calls %q", got)
		}
		if !strings.Contains(c.errs[0].Error(), "did not arrive within 30s") {
			t.Errorf("OnReject was called with %v", c.errs[0])
		}
	})
}

// TestSlowBodyOfALargeOne: a length that is too large is not waited for either.
func TestSlowBodyOfALargeOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := typical(t)
		c := &calls{}
		conn := serve(t, Handler(c, Options{}))
		start := time.Now()
		send(t, conn, v.signature, v.body[:200], 1<<40)
		if got := status(t, bufio.NewReader(conn)); got != 413 || time.Since(start) != readTimeout {
			t.Errorf("status %d after %v", got, time.Since(start))
		}
		if got := c.taken(); !slices.Equal(got, []string{"notify " + id}) {
			t.Errorf("calls %q", got)
		}
	})
}

// TestSlowOnEvent: the time for the body does not end the context of OnEvent,
// but the end of the request does.
func TestSlowOnEvent(t *testing.T) {
	var http1, http2 http.Protocols
	http1.SetHTTP1(true)
	http2.SetUnencryptedHTTP2(true)
	for _, protocols := range []http.Protocols{http1, http2} {
		synctest.Test(t, func(t *testing.T) {
			v := typical(t)
			ended := make(chan error, 1)
			conn := serve(t, Handler(&calls{}, Options{
				Keys: []*rsa.PublicKey{publicKey(t, "pkcs1.pem")},
				OnEvent: func(ctx context.Context, _ *Event) error {
					select {
					case <-time.After(10 * time.Minute):
					case <-ctx.Done():
					}
					ended <- ctx.Err()
					return nil
				},
			}))
			transport := &http.Transport{
				Protocols:   &protocols,
				DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil },
			}
			defer transport.CloseIdleConnections()
			deliver := func(ctx context.Context) (*http.Response, error) {
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://hooks.example/", strings.NewReader(v.body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header = signedWith(v.signature)
				return transport.RoundTrip(req)
			}
			// Twice, since a deadline that stayed would end the second.
			for range 2 {
				resp, err := deliver(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if err := <-ended; resp.StatusCode != 200 || err != nil || protocols.HTTP1() != (resp.ProtoMajor == 1) {
					t.Errorf("%v: %s, status %d, the context: %v", protocols, resp.Proto, resp.StatusCode, err)
				}
				resp.Body.Close()
				time.Sleep(time.Minute)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if _, err := deliver(ctx); err == nil {
				t.Errorf("%v: answered", protocols)
			}
			if err := <-ended; err == nil {
				t.Errorf("%v: the context did not end with the request", protocols)
			}
		})
	}
}
