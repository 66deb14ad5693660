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

// patience is how long a reader that has stopped reading is waited for: without
// end at first, which is what makes a pipe slow down its writer, but only a
// moment after a signal or --timeout.
type patience struct {
	over  chan struct{} // closed at that time
	once  sync.Once
	ended time.Time // when that was
}

const (
	// patienceAtEnd is how long everything that is left may take to write.
	patienceAtEnd = 3 * time.Second
	// patienceAfter is how long each later write may take.
	patienceAfter = 200 * time.Millisecond
)

func newPatience() *patience { return &patience{over: make(chan struct{})} }

// until ends the patience with a context.
func (p *patience) until(ctx context.Context) {
	context.AfterFunc(ctx, func() {
		p.once.Do(func() {
			p.ended = time.Now()
			close(p.over)
		})
	})
}

// wait reports whether something was done before the patience ended.
func (p *patience) wait(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-p.over:
	}
	timer := time.NewTimer(max(patienceAfter, patienceAtEnd-time.Since(p.ended)))
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// do calls what may block. The result is whether it has returned; if not, it is
// left behind, and the process is about to end.
func (p *patience) do(call func()) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		call()
	}()
	return p.wait(done)
}

// errBlocked is a write that nobody has read.
var errBlocked = errors.New("nobody reads what is written")

// patientWriter is a writer whose reader may stop reading. After errBlocked
// nothing more is written: the last write may have been in part.
type patientWriter struct {
	to io.Writer
	*patience

	mu      sync.Mutex
	blocked bool
}

func (w *patientWriter) Write(p []byte) (n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.blocked {
		return 0, errBlocked
	}
	// A caller may use its buffer again once this has returned, all but that of a
	// large result, which is not worth a copy.
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

// fileOf is the file that a writer or reader is, or writes to.
func fileOf(stream any) (*os.File, bool) {
	if w, ok := stream.(*patientWriter); ok {
		stream = w.to
	}
	file, ok := stream.(*os.File)
	return file, ok
}
