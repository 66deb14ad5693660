package main

import (
	"errors"
	"io"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/timeline"
)

// TestDrawBlocked: a picture that nobody reads is given up, and what its goroutine does
// later does not race.
func TestDrawBlocked(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	over := newGrace()
	over.beganAt = time.Now().Add(-graceAtEnd)
	close(over.began)
	b := &batch{console: &console{grace: over}, picture: timeline.NewRecorder(), pictureFile: &atomicFile{file: write}}
	for range 100 { // more than a pipe holds
		id := uuid.New()
		for range 100 {
			b.picture.Get(id)
		}
	}
	goroutines := runtime.NumGoroutine()
	if err := b.draw(io.Discard, nil); !errors.Is(err, errBlocked) {
		t.Errorf("%v", err)
	}
	if _, err := io.Copy(io.Discard, read); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the goroutine ends", func() bool { return runtime.NumGoroutine() <= goroutines })
}
