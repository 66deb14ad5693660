package edenwait

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// How long an HTTP/2 connection may be silent before it is pinged, and how long the ping
// may take. If a NAT forgets a connection, or a laptop moves, neither end notices. Go's
// transport would use the dead connection until the system drops it, after a quarter of
// an hour. HTTP/1.1 drops one within ten seconds too, and a slow line is not silent for
// that long.
const (
	pingAfter = 5 * time.Second
	pongIn    = 5 * time.Second
)

// client sends requests, and manages their connections.
type client struct {
	http *http.Client
	// renew makes the client's own transport. It is nil if the caller has set HTTPClient.
	renew func() (*http.Transport, *conns)

	mu       sync.Mutex
	own      *http.Transport
	conns    *conns
	inFlight int
	closing  bool // as soon as nothing is in flight
	timeouts int  // in a row, of requests sent since renewed
	renewed  time.Time
	answered time.Time // when the last answer came
}

// newClient copies the caller's client, or makes one whose idle connections
// last from one wave of requests to the next.
func newClient(config Config) *client {
	c := &client{http: &http.Client{}}
	if config.HTTPClient != nil {
		*c.http = *config.HTTPClient
		c.http.Timeout = 0 // see requestTimeout
	} else if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		base := transport.Clone() // as it is now, whatever becomes of it
		c.renew = func() (*http.Transport, *conns) { return newTransport(base, config.MaxInFlight) }
		c.own, c.conns = c.renew()
	}
	// A redirect could carry the token to another host, and the API sends none.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// requestTimeout is RequestTimeout, or the Timeout of the caller's client where
// that is shorter: as a bound of the whole request it would cut off an answer
// whose bytes keep coming.
func requestTimeout(config Config) time.Duration {
	if config.HTTPClient != nil && config.HTTPClient.Timeout > 0 {
		return min(config.RequestTimeout, config.HTTPClient.Timeout)
	}
	return config.RequestTimeout
}

func newTransport(base *http.Transport, connections int) (*http.Transport, *conns) {
	t, open := base.Clone(), newConns()
	t.MaxIdleConnsPerHost = connections
	t.MaxIdleConns = max(t.MaxIdleConns, connections)
	if t.HTTP2 == nil {
		t.HTTP2 = &http.HTTP2Config{}
	}
	if t.HTTP2.SendPingTimeout == 0 {
		t.HTTP2.SendPingTimeout, t.HTTP2.PingTimeout = pingAfter, pongIn
	}
	if proxy := t.Proxy; proxy != nil {
		t.Proxy = func(r *http.Request) (*url.URL, error) {
			if r.URL.Scheme == "http" {
				return nil, nil // unencrypted, to this machine: must not pass through a proxy
			}
			return proxy(r)
		}
	}
	if t.OnProxyConnectResponse == nil {
		// Package net/http would put the proxy's own text into an error.
		t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
			if answer.StatusCode == http.StatusOK {
				return nil
			}
			return &failure{text: strings.TrimSpace(fmt.Sprintf("the proxy does not connect: HTTP %d %s", answer.StatusCode, http.StatusText(answer.StatusCode)))}
		}
	}
	dial := t.DialContext
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	t.DialContext = open.dialer(dial)
	return t, open
}

// sharesHeader reports whether requests may share a header: a cookie jar, or a
// RoundTripper of the caller's, may add to it.
func (c *client) sharesHeader() bool { return c.renew != nil }

const (
	// tooManyTimeouts is how many requests in a row are not answered in time before
	// the connection is no longer used. One may be a slow answer.
	tooManyTimeouts = 2
	// lastTimeout is how long the last request on such a connection waits for its
	// header, at most: it is there to be rid of the connection, most likely a dead one,
	// and in an outage all others wait for it.
	lastTimeout = 5 * time.Second
)

// begin counts a request. It returns the client's own transport, if any, and whether the
// request is to be the last one on its connection. Over HTTP/2, that is the only way to
// drop a connection that other requests wait on, and it works through any RoundTripper:
// the transport uses a new connection for new requests, and closes the old connection
// with its last stream.
func (c *client) begin(now time.Time) (own *http.Transport, last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight++
	c.closing = false
	if last = c.timeouts >= tooManyTimeouts; last {
		c.timeouts, c.renewed = 0, now
	}
	return c.own, last
}

// do sends the request: by the own transport without an http.Client around it,
// which would copy every header for redirects that are not followed.
func (c *client) do(own *http.Transport, r *http.Request) (*http.Response, error) {
	if own != nil {
		return own.RoundTrip(r)
	}
	return c.http.Do(r)
}

// end counts a request that was sent at began, and closes what is left when it
// was the last and that is wanted.
func (c *client) end(began time.Time, timedOut, answered bool) {
	if c.count(began, timedOut, answered) {
		c.closeUnused()
	}
}

// count counts a request that has ended, and reports whether to close what is unused.
func (c *client) count(began time.Time, timedOut, answered bool) (closeUnused bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight--
	switch {
	case answered:
		c.timeouts, c.answered = 0, time.Now()
	case timedOut && began.After(c.renewed):
		if c.inFlight > 0 && c.answered.Before(began) {
			c.timeouts = tooManyTimeouts // others have not been answered either, for as long
		}
		// The silent one is closed if nothing else waits on it. Over HTTP/1.1, those
		// that are idle are most likely silent too, and each would cost one request its
		// whole time. For a client of the caller's, one slow answer is no reason.
		c.timeouts++
		closeUnused = c.own != nil || c.timeouts >= tooManyTimeouts
	}
	if c.closing && c.inFlight == 0 {
		c.closeOwn()
	}
	return closeUnused
}

// closeUnused closes idle connections, without the lock: the RoundTripper may be the
// caller's, and may send a request itself.
func (c *client) closeUnused() {
	c.mu.Lock()
	own := c.own
	c.mu.Unlock()
	if own != nil {
		own.CloseIdleConnections()
	} else {
		c.http.CloseIdleConnections()
	}
}

// closeIdle closes the connections of a client of our own, as soon as no request
// is in flight: requests whose context has ended are on their way out, and their
// streams keep an HTTP/2 connection from being idle for a moment longer.
func (c *client) closeIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own == nil {
		return
	}
	if c.closing = c.inFlight > 0; !c.closing {
		c.closeOwn()
	}
}

// closeOwn closes idle connections in good order, and cuts the others. Where there
// are any, the next request has a new transport: the old one learns only later
// that they are gone, and would have it fail.
func (c *client) closeOwn() {
	c.closing = false
	c.own.CloseIdleConnections()
	if before := c.conns; before.busy() {
		c.own, c.conns = c.renew()
		before.close()
	}
}

// conns are the open connections of a transport. It closes only idle ones, and
// learns late that one is: a stream that was cancelled ends after its request.
type conns struct {
	mu      sync.Mutex
	open    map[*conn]struct{}
	dialing int
	closed  bool // for good
}

func newConns() *conns { return &conns{open: map[*conn]struct{}{}} }

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

func (c *conns) dialer(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c.mu.Lock()
		c.dialing++
		c.mu.Unlock()
		raw, err := dial(ctx, network, addr)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.dialing--
		if err != nil {
			return nil, err
		}
		if c.closed { // nobody waits for it any more
			_ = raw.Close()
			return nil, net.ErrClosed
		}
		tracked := &conn{Conn: raw, of: c}
		c.open[tracked] = struct{}{}
		return tracked, nil
	}
}

func (c *conns) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open) > 0 || c.dialing > 0
}

func (c *conns) close() {
	c.mu.Lock()
	open := c.open
	c.open, c.closed = map[*conn]struct{}{}, true
	c.mu.Unlock()
	for tracked := range open {
		_ = tracked.Conn.Close() // there is nobody to tell
	}
}

// conn is an open connection.
type conn struct {
	net.Conn
	of *conns
}

// Close closes the connection.
func (c *conn) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}
