//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/edenwait/edenwait/edentest"
)

// TestResultsFileIsGone: if another program takes away written lines, the run fails.
func TestResultsFileIsGone(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(path string) error{
		"removed":  os.Remove,
		"moved":    func(path string) error { return os.Rename(path, path+".1") },
		"replaced": func(path string) error { return os.Rename(idsFile(t, nil), path) },
		"emptied":  func(path string) error { return os.Truncate(path, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startAccount(t, edentest.Options{Rate: -1})
			out := filepath.Join(t.TempDir(), "out.jsonl")
			cmd := command(t, "wait", "--base-url", server.URL, "--rate", "1000", "-i", "-", "-o", out)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(stdin, server.Submit(edentest.Script{})+"\n"); err != nil {
				t.Fatal(err)
			}
			eventually(t, "its line", func() bool { n, err := countLines(readFile(t, out)); return err == nil && n == 1 })
			if err := change(out); err != nil {
				t.Skip(err)
			}
			if err := stdin.Close(); err != nil {
				t.Fatal(err)
			}
			if got := code(t, cmd); got != exitUnfinished || !strings.Contains(stderr.String(), "was changed by another program while results were written to it") {
				t.Errorf("exit code %d, stderr %q", got, stderr.String())
			}
		})
	}
}

// TestEveryLineIsText: what is not Unicode in an output is replaced, in a line
// that says so, and it is reported.
func TestEveryLineIsText(t *testing.T) {
	t.Parallel()
	latin1 := edentest.Edit("latin1", func(_ edentest.Request, a *edentest.Answer) {
		a.Body = bytes.ReplaceAll(a.Body, []byte("MARK"), []byte("caf\xe9 \\ud800"))
	})
	server := startAccount(t, edentest.Options{Rate: -1, Faults: []edentest.Fault{{On: edentest.Get, Do: latin1}}})
	out := filepath.Join(t.TempDir(), "out.jsonl")
	id := server.Submit(edentest.Script{Output: json.RawMessage(`{"text":"MARK","é":1}`)})
	cmd := command(t, "wait", "--base-url", server.URL, "--rate", "1000", "-o", out, id)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if got := code(t, cmd); got != exitSucceeded {
		t.Errorf("exit code %d, stderr %q", got, stderr.String())
	}
	text := readFile(t, out)
	if !utf8.Valid(text) || !json.Valid(text) || !bytes.Contains(text, []byte(`"replaced":7`)) || !bytes.Contains(text, []byte(`"text":"caf� \ufffd","é":1`)) {
		t.Errorf("the line is %q", text)
	}
	if want := "edenwait: job " + id + ": replaced 7 bytes of invalid Unicode in its line\n"; !strings.Contains(stderr.String(), want) {
		t.Errorf("stderr is %q, want %q", stderr.String(), want)
	}
}

// TestUnknownAtFirst: neither an unknown id at the head, nor jobs that the API
// does not know yet, make a key that may not list a wrong URL.
func TestUnknownAtFirst(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		faults []edentest.Fault
		args   []string
		code   int
		lines  int
	}{
		"an unknown id, the list forbidden": {[]edentest.Fault{{On: edentest.List, Do: edentest.Status(403, "", nil)}}, []string{jobID}, exitFailed, 6},
		"an unknown id, no list":            {[]edentest.Fault{{On: edentest.List, Do: edentest.Status(404, "", nil)}}, []string{jobID}, exitFailed, 6},
		"new jobs, the list forbidden": {[]edentest.Fault{
			{On: edentest.List, Do: edentest.Status(403, "", nil)}, {On: edentest.Get, Times: 5, Do: edentest.Status(404, "", nil)},
		}, nil, exitSucceeded, 5},
		"new jobs, no list": {[]edentest.Fault{
			{On: edentest.List, Do: edentest.Status(405, "", nil)}, {On: edentest.Get, Times: 5, Do: edentest.Status(404, "", nil)},
		}, nil, exitSucceeded, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startAccount(t, edentest.Options{Rate: -1, Faults: test.faults})
			out := filepath.Join(t.TempDir(), "out.jsonl")
			args := append([]string{"wait", "--base-url", server.URL, "--rate", "1000", "-o", out}, test.args...)
			for range 5 {
				args = append(args, server.Submit(edentest.Script{}))
			}
			cmd := command(t, args...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if got := code(t, cmd); got != test.code {
				t.Errorf("exit code %d, want %d; stderr %q", got, test.code, stderr.String())
			}
			if n, err := countLines(readFile(t, out)); n != test.lines || err != nil {
				t.Errorf("%d lines, %v, want %d", n, err, test.lines)
			}
		})
	}
}

// TestWrongURLEndsEarly: if a server knows none of many jobs and has no list, the rest is
// not polled.
func TestWrongURLEndsEarly(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	ids := server.SubmitAll(3000, edentest.Workload{})
	cmd := command(t, "wait", "--base-url", server.URL+"/elsewhere", "--rate", "200", "-q", "-i", idsFile(t, ids))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if got := code(t, cmd); got != exitUsage || !strings.Contains(stderr.String(), "the server is not the Eden AI API") {
		t.Errorf("exit code %d, stderr %q", got, stderr.String())
	}
	t.Logf("after %v", time.Since(began))
}

// TestNotSilent: without a terminal and without --quiet, a batch reports its progress.
func TestNotSilent(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	cmd := command(t, "wait", "--base-url", server.URL, server.Submit(edentest.Script{After: edentest.Never}), server.Submit(edentest.Script{}))
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stderr).ReadString('\n')
	if want := "edenwait: after 15s: 1 of 2 jobs done, 1 waiting, "; !strings.HasPrefix(line, want) {
		t.Errorf("got %q, %v, want %q", line, err, want)
	}
}
