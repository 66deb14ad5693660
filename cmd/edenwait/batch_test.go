package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/ledger"
)

// TestLineWithoutFields: a line speaks of no field of the library's Config.
func TestLineWithoutFields(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := newBatch(&waitFlags{})
	b.sink = ledger.Stream{Writer: &out}
	err := fmt.Errorf("edenwait: job %s: GET /: reading the answer: %w: the bound is 5 bytes", jobID, edenwait.ErrResponseTooLarge)
	if err := b.write(edenwait.Result{ID: jobID, Err: err}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.Contains(got, "MaxResponseBytes") || !strings.Contains(got, "larger than what is read of one: the bound is 5 bytes") {
		t.Errorf("got %s", got)
	}
}
