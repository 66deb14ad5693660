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

// Transport returns a RoundTripper for the caller's own requests to the API, such
// as submits: each takes its turn in the Waiter's Rate before next sends it. While
// polls and own requests both want more, each gets half. A 429 slows own requests,
// and polls too unless polls are answered well meanwhile.
//
// Only requests to BaseURL's scheme, host and path prefix are paced. Others pass
// untouched. It retries nothing, changes nothing, and reads no body. It takes no
// place of MaxInFlight, and works whether or not a call is under way. The Waiter's
// own requests take no second turn, so its Config.HTTPClient may use it too.
//
// A request whose context ends while it waits in line costs no turn. Its error says
// how long it waited, and matches the context's. Mind that http.Client.Timeout
// counts the time in line: prefer a context, and ResponseHeaderTimeout.
//
// A client that retries belongs around it, so that each try takes a turn. Retry
// submits after 429 only: any other failure may have been billed.
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
	if err == nil {
		limited := resp.StatusCode == http.StatusTooManyRequests
		var wait time.Duration
		if limited {
			wait = min(parseRetryAfter(resp.Header, time.Now()), maxRetryAfter)
		}
		t.driver.observe(sent, limited, wait)
	}
	return resp, err
}

// CloseIdleConnections closes those of the RoundTripper below, as
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
			return nil
		}
	case <-ctx.Done():
	}
	t.driver.withdraw(ticket)
	return fmt.Errorf("edenwait: waited %v in line for the rate limit, %d requests were ahead: %w",
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

// under reports whether a path is a prefix of the other, or below it.
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
