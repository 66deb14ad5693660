package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/timeline"
)

// TestLineWithoutFields: a line speaks of no field of the library's Config.
func TestLineWithoutFields(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := newBatch(edenwait.Config{}, options{})
	b.sink = resultlog.Stream{Writer: &out}
	err := fmt.Errorf("edenwait: job %s: GET /: reading the answer: %w: the bound is 5 bytes", jobID, edenwait.ErrResponseTooLarge)
	if err := b.write(edenwait.Result{ID: jobID, Err: err}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.Contains(got, "MaxResponseBytes") || !strings.Contains(got, "larger than --max-response-bytes: the bound is 5 bytes") {
		t.Errorf("got %s", got)
	}
}

// TestTakenIsDrawn: a job is in the picture even if the batch ends before its first poll.
func TestTakenIsDrawn(t *testing.T) {
	t.Parallel()
	b := newBatch(edenwait.Config{}, options{})
	b.console = newConsole(io.Discard, io.Discard, false)
	b.picture = timeline.NewRecorder()
	from := &source{args: []string{jobID, "nonsense", strings.ToUpper(jobID)}}
	taken := slices.Collect(b.pending(from.all(), func(error) {}))
	var svg strings.Builder
	if err := b.picture.Draw(&svg); err != nil {
		t.Fatal(err)
	}
	if want := "0 of 1 job ended"; len(taken) != 2 || !strings.Contains(svg.String(), want) {
		t.Errorf("%q are waited for, and the picture does not say %q", taken, want)
	}
}

// unclosable is a sink that takes every line, and whose end does not come well.
type unclosable struct{ resultlog.Stream }

var errDisk = errors.New("the disk is broken")

func (unclosable) Close() error { return errDisk }

// TestCloseFails: results that are not safe at the end are no success.
func TestCloseFails(t *testing.T) {
	t.Parallel()
	var out, stderr bytes.Buffer
	b := newBatch(edenwait.Config{Token: "sk-x"}, options{logLevel: "error", logFormat: "console"})
	if err := b.prepare(); err != nil {
		t.Fatal(err)
	}
	if err := b.open(t.Context(), &source{}, &out, &stderr); err != nil {
		t.Fatal(err)
	}
	b.sink = unclosable{resultlog.Stream{Writer: &out}}
	err := b.run(t.Context(), &source{}, &stderr)
	var known *exit
	if !errors.As(err, &known) || known.code != exitUnfinished || !errors.Is(err, errDisk) {
		t.Errorf("got %v", err)
	}
}
