package edentest

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// pieces returns how many bytes of a dripping body come at once, and the pause
// before each of these pieces, which are some twenty.
func (ans *Answer) pieces() (size int, rest time.Duration) {
	const about = 20
	n := len(ans.Body)
	size = max(1, (n+about-1)/about)
	return size, ans.drip / time.Duration(max(1, (n+size-1)/size))
}

// content reads the body as it leaves the service.
func (ans *Answer) content() io.Reader {
	if ans.pad == 0 || len(ans.Body) == 0 {
		return bytes.NewReader(ans.Body)
	}
	return io.MultiReader(
		bytes.NewReader(ans.Body[:1]),
		io.LimitReader(spaces{}, ans.pad),
		bytes.NewReader(ans.Body[1:]),
	)
}

// spaces reads as whitespace without end.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// A body is what the client of the in-memory door reads: the content, through
// whatever happens on the wire.
type body struct {
	ctx     context.Context
	conn    *memoryConn
	content io.Reader
	wire    wire
	left    int           // slow: bytes to come; broken, stalled: until that happens
	here    int           // slow: bytes of the current piece to come
	size    int           // slow: bytes in a piece
	rest    time.Duration // slow: before a piece
	once    sync.Once
	closed  chan struct{}
}

func newBody(ctx context.Context, ans *Answer, conn *memoryConn, line *line) *body {
	left := len(ans.Body)
	if ans.wire != slow {
		left /= 2
	}
	size, rest := ans.pieces()
	b := &body{
		ctx:    ctx,
		conn:   conn,
		wire:   ans.wire,
		left:   left,
		size:   size,
		rest:   rest,
		closed: make(chan struct{}),
	}
	b.content = line.carry(ans.content(), b.rests)
	return b
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		return 0, context.Cause(b.ctx)
	}
	select {
	case <-b.closed:
		return 0, http.ErrBodyReadAfterClose
	default:
	}
	n := len(p)
	switch b.wire {
	case slow:
		if b.here == 0 && b.left > 0 {
			if err := b.rests(b.rest); err != nil {
				return 0, err
			}
			b.here = min(b.size, b.left)
		}
		n = min(n, max(1, b.here)) // the last Read, past the end, is to see EOF
	case broken:
		if b.left == 0 {
			return 0, reset()
		}
		n = min(n, b.left)
	case stalled:
		if b.left == 0 {
			return 0, b.wait(nil)
		}
		n = min(n, b.left)
	}
	n, err := b.content.Read(p[:n])
	if b.conn.silent.Load() {
		return 0, b.wait(nil)
	}
	b.left -= n
	b.here -= n
	return n, err
}

// rests waits for d, unless it need not be waited for.
func (b *body) rests(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	return b.wait(timer.C)
}

// wait returns nil when the time comes, or why it need not be waited for.
func (b *body) wait(until <-chan time.Time) error {
	select {
	case <-until:
		return nil
	case <-b.closed:
		return http.ErrBodyReadAfterClose
	case <-b.ctx.Done():
		return context.Cause(b.ctx)
	}
}

// Close implements io.Closer. It wakes a Read that waits.
func (b *body) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}

// reset is what a connection that the other end has reset reads as.
func reset() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}

// A gunzipped body decompresses another. The reader is made with the first Read,
// as in http.Transport, since even a gzip header can be torn.
type gunzipped struct {
	*body
	zr *gzip.Reader
}

// Read implements io.Reader.
func (g *gunzipped) Read(p []byte) (int, error) {
	if g.zr == nil {
		zr, err := gzip.NewReader(g.body)
		if err != nil {
			return 0, err
		}
		g.zr = zr
	}
	return g.zr.Read(p)
}
