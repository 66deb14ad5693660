package edenwait

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Transport returns a RoundTripper for the caller's own requests to the API, such as
// submits. Each request waits in line for the Waiter's Rate before next sends it. If
// polls and own requests both need more than Rate, each gets half. A 429 to an own
// request slows own requests. It slows polls too, unless polls succeed meanwhile. A
// Retry-After of a 5xx to a poll pauses both.
//
//   - It limits only requests to BaseURL's scheme, host and path prefix.
//   - It does not retry or change requests, and does not read bodies.
//   - Requests do not count against MaxInFlight. No call needs to be under way.
//   - The Waiter's own requests do not wait in line a second time, so
//     Config.HTTPClient may use it too.
//   - A request whose context ends in line is not sent. Its error says how long it
//     waited, and matches the context's error.
//
// http.Client.Timeout includes the time in line. Prefer a context deadline, and
// ResponseHeaderTimeout. A client that retries belongs around the RoundTripper, so that
// each attempt waits in line. Retry submits only after a 429: after any other failure,
// the submit may have been billed.
//
// A nil next means http.DefaultTransport.
func (w *Waiter) Transport(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &transport{next: next, driver: w.driver, base: w.base}
}

type transport struct {
	next   http.RoundTripper
	driver *driver
	base   *url.URL // nil if there is none
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.paces(req) {
		return t.next.RoundTrip(req)
	}
	if err := t.await(req.Context()); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	sent := t.driver.time()
	resp, err := t.next.RoundTrip(req)
	if err == nil && resp != nil { // a RoundTripper without either is reported by http.Client
		limited := resp.StatusCode == http.StatusTooManyRequests
		var wait time.Duration
		if limited {
			wait = min(parseRetryAfter(resp.Header, time.Now()), maxRetryAfter)
		}
		t.driver.observe(sent, limited, wait)
	}
	return resp, err
}

// CloseIdleConnections closes the idle connections of the next RoundTripper, as
// http.Client.CloseIdleConnections expects.
func (t *transport) CloseIdleConnections() {
	if closer, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

// await waits for a turn.
func (t *transport) await(ctx context.Context) error {
	if ctx.Err() != nil {
		return contextCause(ctx)
	}
	began := time.Now()
	defer func() { t.driver.ownWaited.Add(int64(time.Since(began))) }()
	ticket, ahead, granted := t.driver.reserve()
	select {
	case <-granted:
		if ctx.Err() == nil {
			t.driver.ownSent.Add(1) // here, as the engine takes back a turn that is given up
			return nil
		}
	case <-ctx.Done():
	}
	t.driver.withdraw(ticket)
	return fmt.Errorf("edenwait: not sent after waiting %v for the rate limit, with %d requests ahead at first: %w",
		time.Since(began).Round(time.Millisecond), ahead, contextCause(ctx))
}

// paces reports whether the request goes to the API, and is not the Waiter's own.
func (t *transport) paces(req *http.Request) bool {
	if t.base == nil || req.URL == nil || req.Context().Value(waitersOwn{}) == t.driver {
		return false
	}
	return strings.EqualFold(req.URL.Scheme, t.base.Scheme) && hostPort(req.URL) == hostPort(t.base) &&
		under(req.URL.Path, t.base.Path)
}

// under reports whether one path equals the other or is below it.
func under(path, prefix string) bool {
	prefix = strings.TrimSuffix(prefix, "/")
	return strings.HasPrefix(path, prefix) && (len(path) == len(prefix) || path[len(prefix)] == '/')
}

// hostPort is the URL's host with its port, in one form.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
	}
	return net.JoinHostPort(strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), port)
}
