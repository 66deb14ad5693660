package edenwait_test

import (
	"context"
	"errors"
	"io"
	nethttp "net/http"
	"runtime"
	"testing"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// vast is a body of spaces, of any size, that counts what is read of it.
type vast struct {
	left, read int64
	closed     bool
}

func (v *vast) Read(p []byte) (int, error) {
	if v.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), v.left))
	for i := range n {
		p[i] = ' '
	}
	v.left, v.read = v.left-int64(n), v.read+int64(n)
	return n, nil
}

func (v *vast) Close() error {
	v.closed = true
	return nil
}

// vastly answers with a body, and may claim that it has another length.
type vastly struct {
	status int
	claims int64
	body   *vast
}

// RoundTrip implements http.RoundTripper.
func (v vastly) RoundTrip(r *nethttp.Request) (*nethttp.Response, error) {
	return &nethttp.Response{StatusCode: v.status, Header: nethttp.Header{}, ContentLength: v.claims, Body: v.body, Request: r}, nil
}

// What a server sends beyond the bounds is not read, and what it claims to send
// gets no memory before it has come.
func TestPollerReadsAndTrustsInBounds(t *testing.T) {
	tests := []struct {
		status                     int
		limit, claims, sends, most int64 // in bytes; most of what is read
		is                         error
	}{
		{200, 100 << 20, 100<<20 + 1, 1 << 26, 0, edenwait.ErrResponseTooLarge},
		{200, 100 << 20, 100 << 20, 1 << 10, 1 << 10, nil},
		{200, 1 << 20, -1, 1 << 26, 1<<20 + 1, edenwait.ErrResponseTooLarge},
		{500, 100 << 20, -1, 1 << 26, 64 << 10, nil},
	}
	for _, tt := range tests {
		body := &vast{left: tt.sends}
		poller, err := edenwait.NewPoller(edenwait.Config{
			Token: "secret-key", MaxResponseBytes: tt.limit, HTTPClient: &nethttp.Client{Transport: vastly{tt.status, tt.claims, body}},
		})
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = poller.Get(context.Background(), testbed.SomeID)
		runtime.ReadMemStats(&after)
		if err == nil || !body.closed || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%+v: closed %v, %v", tt, body.closed, err)
		}
		if memory := after.TotalAlloc - before.TotalAlloc; body.read > tt.most || memory > 40<<20 {
			t.Errorf("%+v: %d bytes read, %d of memory", tt, body.read, memory)
		}
	}
}
