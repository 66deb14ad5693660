package edenwait_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// paced is a body of which some bytes come at a time, after a while each. A wait
// of zero ends it with silence.
type paced struct {
	ctx   context.Context
	rest  []byte
	piece int
	every func() time.Duration
}

func (p *paced) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	silence := p.every()
	if silence == 0 {
		silence = 1000 * time.Hour
	}
	select {
	case <-time.After(silence):
	case <-p.ctx.Done():
		return 0, p.ctx.Err()
	}
	n := copy(b[:min(len(b), p.piece)], p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *paced) Close() error { return nil }

// body is a job's whose output has so many letters.
func bodyOf(letters int) []byte {
	return fmt.Appendf(nil, `{"public_id":%q,"status":"success","output":%q}`, testbed.SomeID, strings.Repeat("x", letters))
}

// TestSlowAnswers: an answer whose bytes keep coming is not cut off; a silence, and
// a drip, is.
func TestSlowAnswers(t *testing.T) {
	every := func(d time.Duration) func() time.Duration { return func() time.Duration { return d } }
	const timeout = 30 * time.Second
	after := func(bytes, piece int, every time.Duration, then time.Duration) func() time.Duration {
		pieces := bytes / piece
		return func() time.Duration {
			if pieces--; pieces >= 0 {
				return every
			}
			return then
		}
	}
	for name, tt := range map[string]struct {
		letters, piece int
		every          func() time.Duration
		clientTimeout  time.Duration
		least, most    time.Duration // until it is through or given up
		cut            bool
	}{
		"2 MB, of 20 Mbit/s for 64":     {2 << 20, 4000, every(100 * time.Millisecond), 0, 52 * time.Second, 53 * time.Second, false},
		"8 MB, of 4 Mbit/s for 64":      {8 << 20, 7800, every(time.Second), 0, 1075 * time.Second, 1077 * time.Second, false},
		"2 KB a second, in bursts":      {1 << 20, 50 << 10, every(25 * time.Second), 0, 500 * time.Second, 550 * time.Second, false},
		"the client has a Timeout":      {1 << 20, 50 << 10, every(5 * time.Second), 10 * time.Second, 100 * time.Second, 110 * time.Second, false},
		"silence":                       {1000, 1000, every(0), 0, timeout, timeout, true},
		"silence, the client's Timeout": {1000, 1000, every(0), 10 * time.Second, 10 * time.Second, 10 * time.Second, true},
		"silence after a part":          {100 << 10, 1000, after(50_000, 1000, time.Second, 0), 0, 78 * time.Second, 81 * time.Second, true},
		"a byte each second":            {1000, 1, every(time.Second), 0, timeout, timeout + time.Second, true},
		"ten bytes each 5 s":            {1000, 10, every(5 * time.Second), 0, timeout, timeout + time.Second, true},
		"500 bytes per second":          {100 << 10, 500, every(time.Second), 0, timeout, 2 * timeout, true},
		"a drip after much":             {8 << 20, 1000, after(7<<20, 1000, time.Millisecond, 2*time.Second), 0, timeout, 80 * time.Second, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			client := &http.Client{Timeout: tt.clientTimeout, Transport: testbed.RoundTrip(func(r *http.Request) (*http.Response, error) {
				body := bodyOf(tt.letters)
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: &paced{r.Context(), body, tt.piece, tt.every}, ContentLength: int64(len(body))}, nil
			})}
			poller, err := edenwait.NewPoller(edenwait.Config{Token: "secret-key", HTTPClient: client})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			_, err = poller.Get(t.Context(), testbed.SomeID)
			if errors.Is(err, context.DeadlineExceeded) != tt.cut || !tt.cut && err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(began); took < tt.least || took > tt.most {
				t.Errorf("%s: ended after %v, want %v to %v", name, took, tt.least, tt.most)
			}
		})
	}
}

// TestSlowAnswersOverTheWire: the same of real requests and answers, whose
// connections are in memory and whose time is the bubble's.
func TestSlowAnswersOverTheWire(t *testing.T) {
	_, _ = testbed.Roots(), testbed.Certificate() // made outside the bubble
	for _, version := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			server := testbed.StartPiped(t, version, func(rw http.ResponseWriter, r *http.Request) {
				piece := 10_000
				if r.URL.Path == "/v3/universal-ai/async/"+testbed.HangingID {
					piece = 100 // a byte now and then
				}
				for body := bodyOf(200_000); len(body) > 0; body = body[min(piece, len(body)):] {
					_, _ = rw.Write(body[:min(piece, len(body))])
					_ = http.NewResponseController(rw).Flush()
					select {
					case <-time.After(5 * time.Second):
					case <-r.Context().Done():
						return
					}
				}
			})
			poller := server.Poller(t, edenwait.Config{})
			began := time.Now()
			if _, err := poller.Get(t.Context(), testbed.SomeID); err != nil {
				t.Errorf("HTTP/%d: %v", version, err)
			}
			if took := time.Since(began); took < 100*time.Second {
				t.Errorf("HTTP/%d: it took only %v", version, took)
			}
			began = time.Now()
			if _, err := poller.Get(t.Context(), testbed.HangingID); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > time.Minute {
				t.Errorf("HTTP/%d: a drip ended after %v: %v", version, time.Since(began), err)
			}
		})
	}
}

// TestBodyIsReadToItsEnd: whatever length is declared, as those of mocks are.
func TestBodyIsReadToItsEnd(t *testing.T) {
	body := bodyOf(10_000)
	for _, length := range []int64{0, -1, 1, int64(len(body)) - 1, int64(len(body)), int64(len(body)) + 1, 1 << 20} {
		for name, shown := range map[string]io.Reader{"at once": bytes.NewReader(body), "by the byte": oneByOne{bytes.NewReader(body)}} {
			client := &http.Client{Transport: testbed.RoundTrip(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(shown), ContentLength: length}, nil
			})}
			poller, err := edenwait.NewPoller(edenwait.Config{Token: "secret-key", HTTPClient: client})
			if err != nil {
				t.Fatal(err)
			}
			if job, err := poller.Get(t.Context(), testbed.SomeID); err != nil || len(job.Output) != 10_002 {
				t.Errorf("a ContentLength of %d for %d bytes, %s: %v", length, len(body), name, err)
			}
		}
	}
}

type oneByOne struct{ r io.Reader }

func (o oneByOne) Read(b []byte) (int, error) { return o.r.Read(b[:1]) }

func gzipped(t testing.TB, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestCompressedAnswers: gzip that the transport has left is undone, in answers
// of every status, and the bound is that of the decoded size.
func TestCompressedAnswers(t *testing.T) {
	const limit = 20_000
	fits, tooLarge, refusal := bodyOf(10_000), bodyOf(limit), []byte(`{"detail":"the database is away"}`)
	for _, tt := range []struct {
		coding string
		status int
		body   []byte
		is     error
		says   string
	}{
		{"gzip", 200, gzipped(t, fits), nil, ""},
		{"GZIP", 200, gzipped(t, fits), nil, ""},
		{" x-gzip ", 200, gzipped(t, fits), nil, ""},
		{"identity", 200, fits, nil, ""},
		{"gzip", 200, fits, nil, ""}, // decoded by someone who has left the header
		{"gzip, gzip", 200, gzipped(t, gzipped(t, fits)), nil, ""},
		{"gzip", 200, gzipped(t, tooLarge), edenwait.ErrResponseTooLarge, ""},
		{"gzip", 200, gzipped(t, fits)[:40], io.ErrUnexpectedEOF, ""},
		{"gzip", 503, gzipped(t, refusal), nil, "the database is away"},
		{"gzip", 401, nil, edenwait.ErrUnauthorized, ""},
		{"br", 200, fits, nil, "Content-Encoding br, want gzip"},
		{"zstd, gzip", 200, gzipped(t, fits), nil, "Content-Encoding zstd, want gzip"},
	} {
		testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
			server := w.Start(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header().Set("Content-Encoding", tt.coding)
				rw.WriteHeader(tt.status)
				_, _ = rw.Write(tt.body)
			}))
			transport := testbed.Trusting()
			transport.DisableCompression = true
			defer transport.CloseIdleConnections()
			poller, err := edenwait.NewPoller(edenwait.Config{
				Token: "secret-key", BaseURL: server.URL, HTTPClient: &http.Client{Transport: transport}, MaxResponseBytes: limit,
			})
			if err != nil {
				t.Fatal(err)
			}
			job, err := poller.Get(t.Context(), testbed.SomeID)
			switch good := tt.is == nil && tt.says == ""; {
			case good && (err != nil || len(job.Output) != 10_002):
				t.Errorf("%q: %v", tt.coding, err)
			case tt.is != nil && !errors.Is(err, tt.is), !good && (err == nil || !strings.Contains(err.Error(), tt.says)):
				t.Errorf("%q, %d: %v", tt.coding, tt.status, err)
			}
		})
	}
}

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
func (v vastly) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: v.status, Header: http.Header{}, ContentLength: v.claims, Body: v.body, Request: r}, nil
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
			Token: "secret-key", MaxResponseBytes: tt.limit, HTTPClient: &http.Client{Transport: vastly{tt.status, tt.claims, body}},
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

// A 404 that is longer than is read of it is the API's all the same.
func TestLongNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Token: "key", Faults: []edentest.Fault{{Do: edentest.PadBody(100_000)}}})
		waiter, err := edenwait.New(edenwait.Config{Token: "key", HTTPClient: api.Client()})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := waiter.Wait(t.Context(), "00000000-0000-4000-8000-000000000001"); !errors.Is(err, edenwait.ErrNotFound) || time.Since(began) > 20*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// bodyFunc is a body that takes no notice of its request's end.
type bodyFunc func() (int, error)

func (f bodyFunc) Read([]byte) (int, error) { return f() }
func (f bodyFunc) Close() error             { return nil }

// A body that takes no notice of its request's end holds no request. After a 101, net/http
// hands out such a body too: the bare connection, whose reads nothing ends.
func TestBodyThatIgnoresItsRequest(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		read   bodyFunc
		took   time.Duration
	}{
		"never ends": {http.StatusOK, func() (int, error) { time.Sleep(time.Second); return 0, nil }, 30 * time.Second},
		"refused":    {http.StatusBadGateway, func() (int, error) { time.Sleep(time.Second); return 0, nil }, 30 * time.Second},
		"101":        {http.StatusSwitchingProtocols, func() (int, error) { time.Sleep(time.Hour); return 0, io.EOF }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				poller, err := edenwait.NewPoller(edenwait.Config{Token: "key", HTTPClient: &http.Client{Transport: testbed.RoundTrip(func(r *http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: c.status, Body: c.read, ContentLength: -1, Request: r}, nil
				})}})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				_, err = poller.Get(context.Background(), testbed.SomeID)
				if took := time.Since(began); err == nil || took < c.took || took > c.took+time.Second {
					t.Errorf("%v after %v, want an error after %v", err, took, c.took)
				}
			})
		})
	}
}
