//go:build !windows

package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// TestSilentConnection: a connection goes silent, and then the next. What waits on
// them is polled over new ones, over HTTP/2 as soon as pings have not been answered.
func TestSilentConnection(t *testing.T) { overWire(t, testSilentConnection) }

func testSilentConnection(t *testing.T, w protocol) {
	server := w.account(t, edentest.Options{Rate: -1, Faults: []edentest.Fault{
		{On: edentest.Get, Skip: 5, Times: 1, Do: edentest.Silence()}, {Skip: 30, Times: 1, Do: edentest.Silence()},
	}})
	out := filepath.Join(t.TempDir(), "out.jsonl")
	args := []string{"wait", "--base-url", server.URL, "--rate", "20", "-i", idsFile(t, server.SubmitAll(40, edentest.Workload{Durations: edentest.Fixed(time.Second)})), "-o", out}
	if !w.http2 { // where only time tells
		args = append(args, "--request-timeout", "3s")
	}
	cmd := trusting(t, command(t, args...), server)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if got := code(t, cmd); got != exitSucceeded {
		t.Errorf("exit code %d: %s", got, stderr.String())
	}
	if n, err := countLines(readFile(t, out)); n != 40 || err != nil {
		t.Errorf("%d lines, %v, want 40", n, err)
	}
}

// TestSlowLine: outputs that take longer than --request-timeout together, over a line
// that carries them one after another or some at once.
func TestSlowLine(t *testing.T) { overWire(t, testSlowLine) }

func testSlowLine(t *testing.T, w protocol) {
	server := w.account(t, edentest.Options{Rate: -1, Bandwidth: 4e6}) // half a megabyte per second
	ids := server.SubmitAll(12, edentest.Workload{Durations: edentest.Fixed(0), OutputBytes: 200_000})
	file := idsFile(t, append(ids, server.SubmitAll(1, edentest.Workload{Durations: edentest.Fixed(0), OutputBytes: 400_000})...))
	for _, inFlight := range []string{"2", "64"} {
		out := filepath.Join(t.TempDir(), "out.jsonl")
		cmd := trusting(t, command(t, "wait", "--base-url", server.URL, "--rate", "1000", "--max-in-flight", inFlight, "--request-timeout", "1s",
			"--max-response-bytes", "300000", "-i", file, "-o", out), server)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if got := code(t, cmd); got != exitFailed {
			t.Errorf("exit code %d: %s", got, stderr.String())
		}
		text := string(readFile(t, out))
		if n, err := countLines([]byte(text)); n != 13 || err != nil || strings.Count(text, `"outcome":"success"`) != 12 {
			t.Errorf("%d lines, %v, want 13, of which 12 of success", n, err)
		}
		if !strings.Contains(text, `"reason":"too_large"`) || !strings.Contains(text, "the bound is 300000 bytes") && !strings.Contains(text, "the bound is 300000") {
			t.Errorf("no line says what is too large")
		}
	}
}
