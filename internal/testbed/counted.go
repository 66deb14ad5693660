package testbed

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Counted is a server that tells when its connections are closed.
type Counted struct {
	*httptest.Server
	Mu   sync.Mutex
	open map[net.Conn]bool
	Seen int
	none chan struct{} // closed while none is open
}

// Counted serves on loopback.
func (w Protocol) Counted(t *testing.T, handler http.Handler) *Counted {
	t.Helper()
	c := &Counted{Server: httptest.NewUnstartedServer(handler), open: map[net.Conn]bool{}, none: make(chan struct{})}
	close(c.none)
	c.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		c.Mu.Lock()
		defer c.Mu.Unlock()
		switch state {
		case http.StateNew:
			if c.Seen++; len(c.open) == 0 {
				c.none = make(chan struct{})
			}
			c.open[conn] = true
		case http.StateClosed:
			if delete(c.open, conn); len(c.open) == 0 {
				close(c.none)
			}
		default:
		}
	}
	w.run(c.Server)
	t.Cleanup(c.Close)
	return c
}

// WantNoneOpen waits until the last is closed: what is closed here is seen there
// when it is seen. The bound is for what never is.
func (c *Counted) WantNoneOpen(t *testing.T, after string) {
	t.Helper()
	c.Mu.Lock()
	none, seen := c.none, c.Seen
	c.Mu.Unlock()
	if seen == 0 {
		t.Errorf("%s: no connection was made", after)
	}
	select {
	case <-none:
	case <-time.After(time.Minute):
		t.Fatalf("%s: connections are still open", after)
	}
}
