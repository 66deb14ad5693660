package edentest_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// Close must not wait for answers that never end, nor leave anything behind.
func TestServerClose(t *testing.T) {
	for name, start := range map[string]func(edentest.Options) *edentest.Server{"HTTP1": edentest.Start, "HTTP2": edentest.StartTLS} {
		t.Run(name, func(t *testing.T) {
			testServerClose(t, start(edentest.Options{Faults: []edentest.Fault{{Do: edentest.Stall()}}}))
		})
	}
}

func testServerClose(t *testing.T, server *edentest.Server) {
	d := &door{server.API, server.Client(), server.URL, false}
	resp, err := d.send(t.Context(), http.MethodGet, async, edentest.DefaultToken, "")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	server.Close()
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("a stalled body ended well")
	}
	if _, err := d.send(t.Context(), http.MethodGet, async, edentest.DefaultToken, ""); err == nil {
		t.Error("a closed server answered")
	}
	if got := server.Stats().Lists; got != 1 {
		t.Errorf("%d lists, want 1", got)
	}
	server.Close()
}

// A stalled answer without a body must not hold up Close either, whatever its
// client goes on to send over the connection.
func TestServerCloseEndsStalledDelete(t *testing.T) {
	server := edentest.Start(edentest.Options{Faults: []edentest.Fault{{On: edentest.Delete, Do: edentest.Stall()}}})
	path := async + "/" + server.Submit(edentest.Script{})
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, call := range []string{"DELETE " + path, "GET " + async} {
		if _, err := io.WriteString(conn, call+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer edentest\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	testbed.Eventually(t, "a DELETE", func() bool { return server.Stats().Deletes > 0 })
	server.Close()
	if answer, err := io.ReadAll(conn); len(answer) > 0 {
		t.Errorf("%q, %v came before the end", answer, err)
	}
	if n := server.Stats().Lists; n > 0 {
		t.Errorf("%d lists", n)
	}
}

// An API is a handler for any server, and for none.
func TestHandler(t *testing.T) {
	api := edentest.New(edentest.Options{Faults: []edentest.Fault{{Skip: 1, Do: edentest.Reset()}}})
	r := httptest.NewRequest(http.MethodGet, async, nil)
	r.Header.Set("Authorization", "Bearer "+edentest.DefaultToken)
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("recovered %v, want http.ErrAbortHandler", err)
		}
	}()
	api.ServeHTTP(httptest.NewRecorder(), r)
}
