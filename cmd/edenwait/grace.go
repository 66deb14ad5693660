package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// grace limits how long a write may block on a reader that has stopped reading. There
// is no limit at first, so a pipe slows down its writer as usual. After a signal or
// --timeout there is a short grace period.
type grace struct {
	began   chan struct{} // closed when the grace period begins
	once    sync.Once
	beganAt time.Time
}

const (
	// graceAtEnd is how long all remaining writes may take.
	graceAtEnd = 3 * time.Second
	// graceAfter is how long each write after that may take.
	graceAfter = 200 * time.Millisecond
)

func newGrace() *grace { return &grace{began: make(chan struct{})} }

// until begins the grace period when the context ends.
func (p *grace) until(ctx context.Context) {
	context.AfterFunc(ctx, func() {
		p.once.Do(func() {
			p.beganAt = time.Now()
			close(p.began)
		})
	})
}

// wait waits for done, and reports whether it came before the end of the grace period.
func (p *grace) wait(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-p.began:
	}
	timer := time.NewTimer(max(graceAfter, graceAtEnd-time.Since(p.beganAt)))
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// do calls a function that may block, and reports whether it has returned. If it has
// not, its goroutine stays behind; the process is about to end.
func (p *grace) do(call func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		call()
	}()
	return p.wait(done)
}

// errBlocked is the error of a write that nobody has read.
var errBlocked = errors.New("the output is not being read")

// graceWriter is a writer whose reader may stop reading. After errBlocked it writes
// nothing more, since the last write may have been partial.
type graceWriter struct {
	to io.Writer
	*grace

	mu      sync.Mutex
	blocked bool
}

func (w *graceWriter) Write(p []byte) (n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.blocked {
		return 0, errBlocked
	}
	// A caller may reuse its buffer after this returns. Only the buffer of a large
	// result is never reused, so it is not copied.
	if len(p) <= 64<<10 {
		p = bytes.Clone(p)
	}
	var written int
	var failed error
	if !w.do(func() { written, failed = w.to.Write(p) }) {
		w.blocked = true
		return 0, errBlocked
	}
	return written, failed
}

// fileOf returns the file behind a writer or reader, if there is one.
func fileOf(stream any) (*os.File, bool) {
	if w, ok := stream.(*graceWriter); ok {
		stream = w.to
	}
	file, ok := stream.(*os.File)
	return file, ok
}
