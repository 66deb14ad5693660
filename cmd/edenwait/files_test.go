package main

import (
	"context"
	"errors"
	"testing"
)

// TestAwait: what blocks is left behind when a signal comes.
func TestAwait(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	block := make(chan struct{})
	defer close(block)
	_, err := await(ctx, func() (int, error) {
		cancel(errInterrupted)
		<-block
		return 0, nil
	})
	var known *exit
	if !errors.As(err, &known) || known.code != exitUnfinished || err.Error() != "interrupted; results are kept for 7 days" {
		t.Errorf("got %v", err)
	}
	if n, err := await(t.Context(), func() (int, error) { return 7, errTimeout }); n != 7 || !errors.Is(err, errTimeout) {
		t.Errorf("got %d, %v", n, err)
	}
}
