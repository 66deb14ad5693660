package edenwait

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// slowest is the rate, in bytes per second, below which an answer is a drip and
// not a slow line. Sixty-four downloads that share 4 Mbit/s have 7,800 each. A
// drip of a byte now and then would hold its place among MaxInFlight for hours.
const slowest = 1 << 10

// watchdog ends a request that makes no progress: no header within timeout, no
// byte for as long, or a rate below slowest for as long.
//
// The rule is a deadline that moves. It is the timeout ahead when the header
// comes, and each byte moves it by 1/slowest of a second, never further ahead
// than the timeout. So a line that is slow but steady is never cut off, a silence
// is at most the timeout, and what came fast before buys no time for a drip.
type watchdog struct {
	timeout time.Duration
	head    time.Duration // the time to the header
	ctx     context.Context
	cancel  context.CancelFunc
	body    io.Reader

	mu       sync.Mutex
	timer    *time.Timer
	deadline time.Time
	header   bool // has come
	fired    bool
}

func (w *watchdog) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline = time.Now().Add(w.head)
	w.timer = time.AfterFunc(w.head, w.check)
}

func (w *watchdog) stop() { w.timer.Stop() }

// check runs when the timer fires. It checks whether the deadline has moved since:
// resetting the timer at each read would cost more than the read.
func (w *watchdog) check() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if left := time.Until(w.deadline); left > 0 {
		w.timer.Reset(left)
		return
	}
	w.fired = true
	w.cancel()
}

// answered takes the body of the answer whose header has come.
func (w *watchdog) answered(body io.Reader) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.body, w.header, w.deadline = body, true, time.Now().Add(w.timeout)
}

// Read reads the body, but not past the end of its request: the body of a RoundTripper
// of the caller's may not notice it.
func (w *watchdog) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.body.Read(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	moved, furthest := w.deadline.Add(time.Duration(n)*(time.Second/slowest)), time.Now().Add(w.timeout)
	if moved.After(furthest) {
		moved = furthest
	}
	w.deadline = moved
	return n, err
}

// expired reports whether the watchdog has ended the request, and whether the
// header had come by then.
func (w *watchdog) expired() (expired, header bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fired, w.header
}

// maxTrusted is how much memory a Content-Length is given before the bytes have
// come.
const maxTrusted = 16 << 20

// readBody reads the body to its end, at most limit bytes of it, into memory of
// the right size where the server says it. It goes on to EOF whatever length was
// declared: over HTTP/2 a body that is closed earlier is a reset stream, which
// servers count as abuse, and the ContentLength of a response made by hand is
// often 0.
func readBody(resp *http.Response, from io.Reader, limit int64) ([]byte, error) {
	from, decoding, err := decoded(resp.Header, from)
	if err != nil {
		return nil, err
	}
	size := resp.ContentLength
	if decoding {
		size = -1
	}
	if size > limit {
		return nil, fmt.Errorf("%w: %d bytes, the bound is %d", ErrResponseTooLarge, size, limit)
	}
	from = io.LimitReader(from, limit+1)
	// One byte more than is declared: room in which to see the end.
	body := make([]byte, 0, max(min(size, maxTrusted), 511)+1)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if int64(len(body)) > limit {
			return nil, fmt.Errorf("%w: the bound is %d bytes", ErrResponseTooLarge, limit)
		}
		if err == io.EOF {
			return body, nil
		}
		if err != nil {
			return body, err
		}
	}
}

// decoded undoes the codings that the transport has left: it decodes gzip only
// where it has asked for it itself. Some say gzip of a body that they have decoded
// already, so the bytes decide.
func decoded(header http.Header, from io.Reader) (_ io.Reader, decoding bool, err error) {
	values := header["Content-Encoding"]
	if len(values) == 0 {
		return from, false, nil
	}
	codings := strings.Split(strings.ToLower(strings.Join(values, ",")), ",")
	if len(codings) > 4 {
		return nil, false, &failure{text: fmt.Sprintf("the answer has %d content codings, want gzip or none", len(codings))}
	}
	for i := len(codings) - 1; i >= 0; i-- {
		switch coding := strings.TrimSpace(codings[i]); coding {
		case "", "identity":
		case "gzip", "x-gzip":
			buffered := bufio.NewReader(from)
			from, decoding = buffered, true
			if magic, _ := buffered.Peek(2); string(magic) != "\x1f\x8b" {
				continue
			}
			if from, err = gzip.NewReader(buffered); err != nil {
				return nil, true, err
			}
		case "br", "zstd", "deflate", "compress":
			return nil, false, &failure{text: "the answer has the Content-Encoding " + coding + ", want gzip or none"}
		default:
			return nil, false, &failure{text: "the answer has an unknown Content-Encoding, want gzip or none"}
		}
	}
	return from, decoding, nil
}
