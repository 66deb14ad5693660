package main

import (
	"strings"
	"testing"
	"time"
)

// TestRun: the program submits jobs, waits for them, and ends.
func TestRun(t *testing.T) {
	var out strings.Builder
	err := run(t.Context(), options{addr: "127.0.0.1:0", length: 500 * time.Millisecond, rate: 5, median: 50 * time.Millisecond}, &out)
	if err != nil || !strings.Contains(out.String(), "jobs succeeded") {
		t.Errorf("%v, %s", err, out.String())
	}
}
