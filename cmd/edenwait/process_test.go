//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/edenwait/edenwait/edentest"
)

// startAccount starts a fake API.
func startAccount(t *testing.T, options edentest.Options) *edentest.Server {
	t.Helper()
	return protocol{}.account(t, options)
}

// TestInterrupted: the first signal stops asking, and what is done is written.
func TestInterrupted(t *testing.T) { overWire(t, testInterrupted) }

func testInterrupted(t *testing.T, w protocol) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			server := w.account(t, edentest.Options{Rate: -1})
			done, never := server.Submit(edentest.Script{}), server.Submit(edentest.Script{After: edentest.Never})
			out := filepath.Join(t.TempDir(), "out.jsonl")
			cmd := trusting(t, command(t, "wait", "--base-url", server.URL, "--rate", "1000", "-o", out, done, never), server)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the first line", func() bool { n, err := countLines(readFile(t, out)); return err == nil && n == 1 })
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if got := code(t, cmd); got != exitUnfinished {
				t.Errorf("exit code %d, want %d", got, exitUnfinished)
			}
			if n, err := countLines(readFile(t, out)); n != 1 || err != nil {
				t.Errorf("%d lines, %v, want 1", n, err)
			}
			if want := "edenwait: interrupted, 1 job not ended; run the same command again to resume\n"; !strings.HasSuffix(stderr.String(), want) {
				t.Errorf("stderr is %q, want %q at its end", stderr.String(), want)
			}
		})
	}
}

// TestInterruptedTwice: the second signal does not wait for anything, here for a
// reader of stdout that has gone to sleep.
func TestInterruptedTwice(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1, Workload: edentest.Workload{Durations: edentest.Fixed(0), OutputBytes: 1 << 20}})
	cmd := command(t, "wait", "--base-url", server.URL, "--rate", "1000", "-q", "-i", idsFile(t, server.SubmitAll(4, edentest.Workload{Durations: edentest.Fixed(0), OutputBytes: 1 << 20})))
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 1)); err != nil { // it has begun to write more than a pipe holds
		t.Fatal(err)
	}
	ended := make(chan *os.ProcessState, 1)
	go func() {
		state, _ := cmd.Process.Wait() // and not cmd.Wait, which would read stdout and free it
		ended <- state
	}()
	eventually(t, "its end", func() bool {
		_ = cmd.Process.Signal(os.Interrupt) // soon after the first one, others do not count
		return len(ended) == 1
	})
	if state := <-ended; state.ExitCode() != exitUnfinished {
		t.Errorf("%v", state)
	}
	// Without the second signal it ends too, after a while, with a message.
	if text := readFile(t, stderr.Name()); len(text) > 0 {
		t.Errorf("stderr is %q", text)
	}
}

// TestInterruptedByTimeout: timeout(1) and others send two signals for one event.
func TestInterruptedByTimeout(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	cmd := command(t, "wait", "--base-url", server.URL, server.Submit(edentest.Script{After: edentest.Never}))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a request", func() bool { return server.Stats().Requests() > 0 })
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGHUP} { // two of one kind can merge into one
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
	}
	if got := code(t, cmd); got != exitUnfinished || !strings.Contains(stderr.String(), "interrupted, 1 job not ended") {
		t.Errorf("exit code %d, stderr %q", got, stderr.String())
	}
}

// TestNohup: a signal that the shell has said to ignore stays ignored.
func TestNohup(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	never := server.Submit(edentest.Script{After: edentest.Never})
	cmd := inShell(command(t, "wait", "--base-url", server.URL, never), `trap "" HUP`)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, signal := range []os.Signal{syscall.SIGHUP, os.Interrupt} {
		before := server.Stats().Requests()
		eventually(t, "another request", func() bool { return server.Stats().Requests() > before })
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
	}
	if got := code(t, cmd); got != exitUnfinished || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("exit code %d, stderr %q", got, stderr.String())
	}
}

// inShell has a shell do something first, then become the command.
func inShell(cmd *exec.Cmd, first string) *exec.Cmd {
	cmd.Args = append([]string{"sh", "-c", first + `; exec edenwait "$@"`}, cmd.Args...)
	cmd.Path = "/bin/sh"
	return cmd
}

// TestClosedPipe: who reads the results goes away.
func TestClosedPipe(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	cmd := command(t, "wait", "--base-url", server.URL, "--rate", "1000", "-i", idsFile(t, server.SubmitAll(5, edentest.Workload{Durations: edentest.Fixed(0)})))
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := read.Close(); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = write, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	if got := code(t, cmd); got != exitUnfinished {
		t.Errorf("exit code %d, want %d", got, exitUnfinished)
	}
	if !strings.Contains(stderr.String(), "edenwait: cannot write the results: write ") || !strings.Contains(stderr.String(), "broken pipe") {
		t.Errorf("stderr is %q", stderr.String())
	}
}

// TestFileTooLarge: a file that can take no more keeps its whole lines, and
// nothing of the one that did not fit.
func TestFileTooLarge(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the shell's unit of ulimit -f differs")
	}
	server := startAccount(t, edentest.Options{Rate: -1})
	ids := idsFile(t, server.SubmitAll(40, edentest.Workload{Durations: edentest.Fixed(0)}))
	out := filepath.Join(t.TempDir(), "out.jsonl")
	args := []string{"wait", "--base-url", server.URL, "--rate", "1000", "-i", ids, "-o", out}
	cmd := inShell(command(t, args...), "ulimit -f 8")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if got := code(t, cmd); got != exitUnfinished || !strings.Contains(stderr.String(), "file too large") {
		t.Errorf("exit code %d, stderr %q", got, stderr.String())
	}
	kept, err := countLines(readFile(t, out))
	if err != nil || kept == 0 || kept == 40 {
		t.Fatalf("%d lines, %v", kept, err)
	}
	again := command(t, args...)
	if err := again.Start(); err != nil {
		t.Fatal(err)
	}
	if got := code(t, again); got != exitSucceeded {
		t.Errorf("the next run: exit code %d", got)
	}
	if n, err := countLines(readFile(t, out)); n != 40 || err != nil {
		t.Errorf("%d lines, %v, want 40", n, err)
	}
}

// TestNothingIsHeld: a line is there as soon as its job has ended, and ids are
// taken while others are still to come.
func TestNothingIsHeld(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	cmd := command(t, "wait", "--base-url", server.URL, "--rate", "1000", "-i", "-")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	for range 5 {
		id := server.Submit(edentest.Script{})
		if _, err := io.WriteString(stdin, id+"\n"); err != nil {
			t.Fatal(err)
		}
		line, err := lines.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, `{"id":"`+id+`","outcome":"success"`) {
			t.Fatalf("got %q, %v", line, err)
		}
	}
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(lines); len(rest) > 0 || err != nil {
		t.Errorf("more: %q, %v", rest, err)
	}
	if got := code(t, cmd); got != exitSucceeded {
		t.Errorf("exit code %d", got)
	}
}

// TestKilled: ten thousand jobs, and a run that is killed ten times, at whatever
// moment. Together the runs lose no line, double none and tear none.
func TestKilled(t *testing.T) {
	t.Parallel()
	jobs, kills := 10_000, 10
	if testing.Short() {
		jobs, kills = 2000, 4
	}
	folder := t.TempDir()
	ids, out := filepath.Join(folder, "ids.txt"), filepath.Join(folder, "out.jsonl")
	url := startEmulate(t, "--jobs", strconv.Itoa(jobs), "--rate", "-1", "--durations", "uniform:0s,300ms", "--write-ids", ids)
	run := func() (cmd *exec.Cmd, ended <-chan struct{}) {
		cmd = command(t, "wait", "--base-url", url, "--rate", "5000", "-q", "-i", ids, "-o", out)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		over := make(chan struct{})
		go func() {
			defer close(over)
			_ = cmd.Wait() // the exit code is checked
		}()
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			<-over
		})
		return cmd, over
	}
	size := func() int64 {
		info, err := os.Stat(out)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	for i := range kills {
		cmd, ended := run()
		// The moment is when the file has grown by so much: anywhere, mostly
		// within a line, if the kernel ever shows half a write.
		target := size() + rand.Int64N(int64(jobs*450/(kills+2))) // a line is some 450 bytes
		// On a machine that is busy with other things the run can be over by then.
		eventually(t, "a longer file", func() bool {
			select {
			case <-ended:
				return true
			default:
				return size() >= target
			}
		})
		_ = cmd.Process.Kill()
		<-ended
		// A tear, made by hand where none happened, since it seldom does.
		if i%2 == 0 {
			if err := os.Truncate(out, size()-rand.Int64N(min(size(), 300)+1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	last, ended := run()
	<-ended
	if got := last.ProcessState.ExitCode(); got != exitSucceeded {
		t.Errorf("the last run: exit code %d", got)
	}
	text := readFile(t, out)
	if n, err := countLines(text); n != jobs || err != nil {
		t.Errorf("%d lines, %v, want %d", n, err, jobs)
	}
	for _, id := range strings.Fields(string(readFile(t, ids))) {
		if !bytes.Contains(text, []byte(`{"id":"`+id+`","outcome":"success"`)) {
			t.Fatalf("%s is lost", id)
		}
	}
}

// TestMemory: what a run needs does not grow with the outputs that pass through.
func TestMemory(t *testing.T) {
	t.Parallel()
	if raceDetector {
		t.Skip("the race detector needs more than the command")
	}
	const output = 20_000
	server := startAccount(t, edentest.Options{Rate: -1})
	peak := func(jobs int) int64 {
		ids := server.SubmitAll(jobs, edentest.Workload{Durations: edentest.Fixed(0), OutputBytes: output})
		cmd := command(t, "wait", "--base-url", server.URL, "--rate", "5000", "--max-in-flight", "32", "-q", "-i", idsFile(t, ids), "-o", filepath.Join(t.TempDir(), "out.jsonl"))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if got := code(t, cmd); got != exitSucceeded {
			t.Fatalf("exit code %d", got)
		}
		kilobytes := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss // bytes, on a Mac
		if runtime.GOOS == "darwin" {
			kilobytes /= 1024
		}
		return kilobytes * 1024
	}
	few, many := peak(300), peak(3000)
	t.Logf("%d MB for 300 jobs, %d MB for 3000, whose outputs are %d MB", few>>20, many>>20, 3000*output>>20)
	if grown := many - few; grown > 2700*output/2 {
		t.Errorf("it grew by %d MB with %d MB more of outputs", grown>>20, 2700*output>>20)
	}
}

var exported = regexp.MustCompile(`^export EDENAI_API_KEY='edentest' EDENAI_BASE_URL='(http://127\.0\.0\.1:\d+)' EDENWAIT_EMULATE_PID=(\d+)\n$`)

// startEmulate runs emulate in a process of its own until the test ends.
func startEmulate(t *testing.T, args ...string) (url string) {
	t.Helper()
	cmd := command(t, append([]string{"emulate", "-q"}, args...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := io.ReadAll(stdout) // to its end: stdout is closed after the line
	match := exported.FindSubmatch(line)
	if err != nil || match == nil {
		t.Fatalf("emulate: %q, %v", line, err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // the exit code shows whether it arrived
		if _, err := cmd.Process.Wait(); err != nil {
			t.Error(err)
		}
	})
	return string(match[1])
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return text
}
