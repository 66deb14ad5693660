//go:build !windows

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"

	"github.com/edenwait/edenwait/edentest"
)

// terminal is a pseudo-terminal with a screen, as a person has it.
type terminal struct {
	t    *testing.T
	cmd  *exec.Cmd
	tty  *os.File
	view vt10x.Terminal
	done chan struct{}

	mu  sync.Mutex
	raw bytes.Buffer
}

// onTerminal starts a command with its stderr, and its stdout unless that is set,
// on a terminal of this size, with these variables beside the usual ones.
func onTerminal(t *testing.T, cmd *exec.Cmd, columns, rows int, variables ...string) *terminal {
	t.Helper()
	width, height := columns, rows
	if columns == 0 { // a terminal that reports no size
		width, height = 200, 24
	}
	term := &terminal{t: t, cmd: cmd, view: vt10x.New(vt10x.WithSize(width, height)), done: make(chan struct{})}
	cmd.Env = append(slices.DeleteFunc(cmd.Env, func(v string) bool { return strings.HasPrefix(v, "NO_COLOR=") }), "TERM=xterm", "LC_ALL=C.UTF-8")
	cmd.Env = append(cmd.Env, variables...)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)})
	if err != nil {
		t.Fatal(err)
	}
	term.tty = tty
	t.Cleanup(func() { _ = tty.Close() })
	go func() {
		defer close(term.done)
		// Ends with an error when the command does, on Linux.
		_, _ = io.Copy(term, tty)
	}()
	return term
}

// Write takes what the command draws.
func (term *terminal) Write(p []byte) (int, error) {
	term.mu.Lock()
	defer term.mu.Unlock()
	term.raw.Write(p)
	return term.view.Write(p)
}

// lines are the lines of the screen that are not empty.
func (term *terminal) lines() []string {
	term.mu.Lock()
	defer term.mu.Unlock()
	var lines []string
	for line := range strings.Lines(term.view.String()) {
		if line = strings.TrimRight(line, " \n"); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func (term *terminal) drawn() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.raw.String()
}

// see waits until a line of the screen matches.
func (term *terminal) see(pattern string) string {
	term.t.Helper()
	re := regexp.MustCompile(pattern)
	var found string
	defer func() {
		if found == "" {
			term.t.Logf("the screen:\n%s", strings.Join(term.lines(), "\n"))
		}
	}()
	eventually(term.t, pattern, func() bool {
		for _, line := range term.lines() {
			if re.MatchString(line) {
				found = line
				return true
			}
		}
		return false
	})
	return found
}

func (term *terminal) resize(columns, rows int) {
	term.t.Helper()
	term.mu.Lock()
	term.view.Resize(columns, rows)
	term.mu.Unlock()
	if err := pty.Setsize(term.tty, &pty.Winsize{Cols: uint16(columns), Rows: uint16(rows)}); err != nil {
		term.t.Fatal(err)
	}
}

func (term *terminal) press(key string) {
	term.t.Helper()
	if _, err := io.WriteString(term.tty, key); err != nil {
		term.t.Fatal(err)
	}
}

func (term *terminal) code() int {
	term.t.Helper()
	got := code(term.t, term.cmd)
	<-term.done
	return got
}

const (
	ctrlC = "\x03"
	ctrlD = "\x04"
)

// fiveJobs are three that succeed, one that fails, and one that never ends.
func fiveJobs(server *edentest.Server) []string {
	return []string{
		server.Submit(edentest.Script{}), server.Submit(edentest.Script{}), server.Submit(edentest.Script{}),
		server.Submit(edentest.Script{Status: "fail"}), server.Submit(edentest.Script{After: edentest.Never}),
	}
}

func TestBar(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	out := filepath.Join(t.TempDir(), "out.jsonl")
	cmd := command(t, append([]string{"wait", "--base-url", server.URL, "--rate", "1000", "-o", out}, fiveJobs(server)...)...)
	term := onTerminal(t, cmd, 105, 24)

	full := term.see(`^█+░+ +80%  3 succeeded  1 failed  1 waiting  \d+ requests  +[\d.]+/s  [\dhms]+ left$`)
	if n := strings.Count(full, "█"); n != 24 {
		t.Errorf("%d of 30 columns are filled, want 24: %q", n, full)
	}
	if !strings.Contains(term.drawn(), "\x1b[32m3 succeeded\x1b[0m") || !strings.Contains(term.drawn(), "\x1b[31m1 failed\x1b[0m") {
		t.Errorf("no colors in %q", term.drawn())
	}
	if lines := term.lines(); len(lines) != 1 {
		t.Errorf("more than the bar is on the screen: %q", lines)
	}

	// Made narrow it has less to say, and made wide it says all again.
	term.resize(45, 24)
	term.see(`^█+░+ +80%  3 succeeded  1 failed  1 waiting$`)
	term.resize(35, 24)
	term.see(`^ 80%  3 succeeded  1 failed$`)
	term.resize(12, 24)
	term.see(`^ 80%$`)
	term.resize(120, 24)
	term.see(`^█+░+ +80%  3 succeeded  1 failed  1 waiting  \d+ requests  +[\d.]+/s  [\dhms]+ left$`)

	term.press(ctrlC)
	if got := term.code(); got != exitUnfinished {
		t.Errorf("exit code %d, want %d", got, exitUnfinished)
	}
	// What is left on the screen is the bar as it was, and below it the summary.
	lines := term.lines()
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "5 jobs in ") })
	if at < 1 || !strings.Contains(lines[at-1], "80%") || !strings.Contains(lines[at], "3 succeeded, 1 failed, 1 not ended") {
		t.Errorf("the screen is %q", lines)
	}
	if last := lines[len(lines)-1]; last != "edenwait: interrupted, 1 job not ended; run the same command again to resume" {
		t.Errorf("the last line is %q", last)
	}
	if n, err := countLines(readFile(t, out)); n != 4 || err != nil {
		t.Errorf("%d lines, %v, want 4", n, err)
	}
}

// TestBarOnResume: the bar covers the whole batch, earlier runs included.
func TestBarOnResume(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	out := filepath.Join(t.TempDir(), "out.jsonl")
	args := append([]string{"wait", "--base-url", server.URL, "--rate", "1000", "-o", out}, fiveJobs(server)...)
	first := command(t, append(args, "-q")...)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "four lines", func() bool { n, err := countLines(readFile(t, out)); return err == nil && n == 4 })
	if err := first.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if got := code(t, first); got != exitUnfinished {
		t.Fatalf("exit code %d", got)
	}
	term := onTerminal(t, command(t, append(args, server.Submit(edentest.Script{}))...), 120, 24)
	term.see(`^█+░+ +83%  4 succeeded  1 failed  1 waiting  `)
	term.press(ctrlC)
	if got := term.code(); got != exitUnfinished {
		t.Errorf("exit code %d, want %d", got, exitUnfinished)
	}
	term.see(`^6 jobs, 4 done in an earlier run, 2 now in .*: 4 succeeded, 1 failed, 1 not ended$`)
}

// TestBarAndResults: results and logs on the same terminal are complete and above the bar,
// also if --output names the terminal.
func TestBarAndResults(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	ids := fiveJobs(server)
	for _, output := range []string{"-", "/dev/stdout", "/dev/tty"} {
		t.Run(output, func(t *testing.T) {
			t.Parallel()
			cmd := command(t, append([]string{"wait", "--base-url", server.URL, "--rate", "1000", "--log-level", "info", "-o", output}, ids...)...)
			term := onTerminal(t, cmd, 800, 24)
			bar := term.see(`80%  3 succeeded  1 failed  1 waiting`)
			lines := term.lines()
			if last := lines[len(lines)-1]; last != bar {
				t.Errorf("below the bar: %q", last)
			}
			for _, id := range ids[:4] {
				if n := strings.Count(strings.Join(lines, "\n"), `{"id":"`+id+`","outcome":`); n != 1 {
					t.Errorf("%s is there %d times:\n%s", id, n, strings.Join(lines, "\n"))
				}
			}
			if !strings.Contains(lines[0], "info  batch started") || len(lines) != 6 {
				t.Errorf("the screen is %q", lines)
			}
			term.press(ctrlC)
			if got := term.code(); got != exitUnfinished {
				t.Errorf("exit code %d", got)
			}
		})
	}
}

// TestPlainTerminals: colors and bars only where the terminal and the user want them.
func TestPlainTerminals(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	never := server.Submit(edentest.Script{After: edentest.Never})
	for _, test := range []struct {
		name, variable string
		args           []string
		bar, escape    string
	}{
		{"NO_COLOR", "NO_COLOR=1", nil, `^ *░+ +0%  0 succeeded`, "\x1b[3"},
		{"ASCII", "LC_ALL=C", nil, `^\.+ +0%  0 succeeded`, "█"},
		{"dumb", "TERM=dumb", []string{"--log-level", "info"}, `batch started`, "\x1b"},
		{"unnamed", "TERM=", []string{"--log-level", "info"}, `batch started`, "\x1b"},
		{"quiet", "X=", []string{"--quiet", "--log-level", "info"}, `batch started`, "\x1b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cmd := command(t, append([]string{"wait", "--base-url", server.URL, never}, test.args...)...)
			term := onTerminal(t, cmd, 100, 24, test.variable)
			term.see(test.bar)
			term.press(ctrlC)
			if got := term.code(); got != exitUnfinished {
				t.Errorf("exit code %d", got)
			}
			if strings.Contains(term.drawn(), test.escape) {
				t.Errorf("%q is in %q", test.escape, term.drawn())
			}
		})
	}
}

// TestIDsFromTerminal: the user is told to type the ids.
func TestIDsFromTerminal(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	out := filepath.Join(t.TempDir(), "out.jsonl")
	term := onTerminal(t, command(t, "wait", "--base-url", server.URL, "--rate", "1000", "-o", out, "-i", "-"), 100, 24)
	term.see(`^edenwait: reading ids from the terminal: one per line, end with Ctrl-D$`)
	term.press(server.Submit(edentest.Script{}) + "\n")
	eventually(t, "its line", func() bool { n, err := countLines(readFile(t, out)); return err == nil && n == 1 })
	term.press(ctrlD)
	if got := term.code(); got != exitSucceeded {
		t.Errorf("exit code %d", got)
	}
}

// TestUnsized: a terminal that reports no size, as in some containers, has 80 columns until
// it reports one.
func TestUnsized(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	term := onTerminal(t, command(t, "wait", "--base-url", server.URL, server.Submit(edentest.Script{After: edentest.Never})), 0, 0)
	if bar := term.see(`^░+ +0%  0 succeeded  0 failed  1 waiting  `); len([]rune(bar)) > 79 {
		t.Errorf("the bar is wider than 80 columns: %q", bar)
	}
	if err := pty.Setsize(term.tty, &pty.Winsize{Cols: 20, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	term.see(`^  0%  0 succeeded$`)
	term.press(ctrlC)
	if got := term.code(); got != exitUnfinished {
		t.Errorf("exit code %d", got)
	}
}
