package edentest

import (
	"io"
	"sync"
	"time"
)

// A line carries all bodies, so many bits per second. They take turns, a piece
// each, and so share it equally.
type line struct {
	bits float64 // per second

	mu   sync.Mutex
	free time.Time // when all that was reserved has been carried
}

// piece returns how many bytes are carried at once: what takes about 20 ms, so
// that a small body is not kept waiting for long by many large ones.
func (l *line) piece() int { return int(min(max(512, l.bits/8/50), 16<<10)) }

// reserve returns how long it takes until n more bytes have been carried.
func (l *line) reserve(n int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(nanoseconds(float64(n) * 8 / l.bits * float64(time.Second)))
	return l.free.Sub(now)
}

// carry returns what r reads as it comes out of the line; pause waits, or returns
// why it need not. A nil line is without bound.
func (l *line) carry(r io.Reader, pause func(time.Duration) error) io.Reader {
	if l == nil {
		return r
	}
	return &carried{line: l, from: r, pause: pause}
}

// A carried body reserves whole pieces, however little is read at once: who reads
// little would otherwise get less than others.
type carried struct {
	line  *line
	from  io.Reader
	pause func(time.Duration) error
	piece []byte
	here  []byte // of the piece, not yet read
	err   error  // after it
}

// Read implements io.Reader.
func (c *carried) Read(p []byte) (int, error) {
	if len(c.here) == 0 && c.err == nil {
		if c.piece == nil {
			c.piece = make([]byte, c.line.piece())
		}
		n, err := io.ReadFull(c.from, c.piece)
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		c.here, c.err = c.piece[:n], err
		if n > 0 {
			if err := c.pause(c.line.reserve(n)); err != nil {
				c.here, c.err = nil, err
			}
		}
	}
	n := copy(p, c.here)
	c.here = c.here[n:]
	if len(c.here) > 0 {
		return n, nil
	}
	return n, c.err
}
