package edentest

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// Client returns a client whose requests reach the API in memory, for any host in their
// URL. It opens no connection and leaves no goroutine, so it may be used inside a
// testing/synctest bubble. Options.Latency and the delays of faults then use the bubble's
// clock.
//
// It behaves like [http.Transport]. Requests end with their context, at any point of the
// answer. A compressed body is decompressed unless the request sets Accept-Encoding.
// Errors have the types of package net.
//
// Each call returns a client with a separate connection. This matters only for
// [Silence].
func (a *API) Client() *http.Client {
	t := &transport{api: a}
	t.CloseIdleConnections()
	return &http.Client{Transport: t}
}

type transport struct {
	api  *API
	conn atomic.Pointer[memoryConn] // for the next request
}

// CloseIdleConnections gives later requests a new connection. http.Client calls it.
func (t *transport) CloseIdleConnections() { t.conn.Store(new(memoryConn)) }

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	conn := t.conn.Load()
	if r.Close { // the last of its connection
		t.conn.CompareAndSwap(conn, new(memoryConn))
	}
	ctx := r.Context()
	sent, err := readSent(ctx, r.Body)
	if err != nil {
		return nil, err
	}
	half := t.api.opts.Latency / 2
	if err := pause(ctx, half); err != nil {
		return nil, err
	}
	if conn.silent.Load() {
		return nil, hang(ctx)
	}
	ans := t.api.serve(r, sent)
	if ans.wire == silent {
		conn.silent.Store(true)
	}
	if ans.wire == refused {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	if err := pause(ctx, after(max(0, t.api.opts.Latency-half), ans.Delay)); err != nil {
		return nil, err
	}
	switch {
	case conn.silent.Load(), ans.wire == hung, ans.wire == stalled && ans.bodyless(r.Method):
		return nil, hang(ctx)
	case ans.wire == dropped:
		return nil, reset()
	}

	ans.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	resp := &http.Response{
		Status:        strconv.Itoa(ans.Status) + " " + http.StatusText(ans.Status),
		StatusCode:    ans.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        ans.Header,
		ContentLength: int64(len(ans.Body)),
		Request:       r,
	}
	if ans.pad > 0 {
		resp.ContentLength = -1
	} else if bodyAllowed(ans.Status) {
		ans.Header.Set("Content-Length", strconv.Itoa(len(ans.Body)))
	}
	if r.Method == http.MethodHead || resp.ContentLength == 0 {
		resp.Body = http.NoBody
		return resp, nil
	}
	b := newBody(ctx, &ans, conn, t.api.line)
	resp.Body = b
	if ans.Header.Get("Content-Encoding") == "gzip" && r.Header.Get("Accept-Encoding") == "" {
		resp.Body = &gunzipped{body: b}
		resp.Header.Del("Content-Encoding")
		resp.Header.Del("Content-Length")
		resp.ContentLength = -1
		resp.Uncompressed = true
	}
	return resp, nil
}

// hang returns when the request is given up, and why it was.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// readSent reads and closes the body of a request, which may come slowly, or
// never: a pipe that nobody writes to must not keep a request that was given up.
// Closing it is what lets its reader end.
func readSent(ctx context.Context, body io.ReadCloser) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	defer body.Close()
	if body == http.NoBody {
		return nil, nil
	}
	var sent []byte
	read := make(chan error, 1)
	go func() {
		b, err := io.ReadAll(body)
		sent = b
		read <- err
	}()
	select {
	case err := <-read:
		return sent, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// pause waits for d, or until the request is given up.
func pause(ctx context.Context, d time.Duration) error {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	// Both may have happened, and select has no order.
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
