//go:build !windows

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// fullPipe is a pipe that takes nothing more, as one to a pager has when nobody
// looks further.
func fullPipe(t *testing.T) *os.File {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = read.Close(), write.Close() })
	for err == nil {
		if err = write.SetWriteDeadline(time.Now().Add(10 * time.Millisecond)); err == nil {
			_, err = write.Write(make([]byte, 4096))
		}
	}
	return write
}

// ends waits for a process that is to end by itself.
func ends(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // the exit code is checked
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		_ = cmd.Process.Kill()
		<-ended
		t.Error("it does not end")
	}
}

// TestNobodyReads: a signal and --timeout end the command while its output is not
// read, and what was done without being read is reported.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		signal         os.Signal
		stdout, stderr bool // nobody reads it
		device         bool // the lines go to a named pipe
		jobs           int
		args           []string
		report         string
	}{
		"stdout, a signal": {syscall.SIGTERM, true, false, false, 3, nil,
			"edenwait: interrupted, 1 job not ended, 3 results not written because the output is not being read: "},
		"stdout, out of time": {nil, true, false, false, 3, []string{"--timeout", "1s"}, "edenwait: --timeout passed, "},
		"stderr, out of time": {nil, false, true, false, 3, []string{"--timeout", "1s", "--log-level", "debug"}, ""},
		"both, a signal":      {syscall.SIGINT, true, true, false, 3, []string{"--log-level", "warn"}, ""},
		"both, out of time":   {nil, true, true, false, 3, []string{"--timeout", "1s"}, ""},
		"a named pipe, a signal": {syscall.SIGTERM, false, false, true, 3, nil,
			"edenwait: interrupted, 1 job not ended, 3 results not written because the output is not being read: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := startAccount(t, edentest.Options{Rate: -1})
			args := append([]string{"wait", "--base-url", server.URL, "--rate", "1000", server.Submit(edentest.Script{After: edentest.Never})}, test.args...)
			for range test.jobs {
				args = append(args, server.Submit(edentest.Script{}))
			}
			var stderr bytes.Buffer
			if test.device {
				pipe := filepath.Join(t.TempDir(), "pipe")
				if err := syscall.Mkfifo(pipe, 0o600); err != nil {
					t.Skip(err)
				}
				reader, err := os.OpenFile(pipe, os.O_RDWR, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer reader.Close()
				for err == nil {
					if err = reader.SetWriteDeadline(time.Now().Add(10 * time.Millisecond)); err == nil {
						_, err = reader.Write(make([]byte, 4096))
					}
				}
				args = append(args, "-o", pipe)
			}
			cmd := command(t, args...)
			if cmd.Stderr = &stderr; test.stderr {
				cmd.Stderr = fullPipe(t)
			}
			if test.stdout {
				cmd.Stdout = fullPipe(t)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if test.signal != nil {
				eventually(t, "all jobs are known to have ended", func() bool { return server.Stats().SeenEnded >= test.jobs })
				// The next poll of the job that never ends comes so much later that all
				// answers have been read by then.
				polled := server.Stats().Gets
				eventually(t, "the last job is polled again", func() bool { return server.Stats().Gets > polled })
				if err := cmd.Process.Signal(test.signal); err != nil {
					t.Fatal(err)
				}
			}
			ends(t, cmd)
			if got := cmd.ProcessState.ExitCode(); got != exitUnfinished {
				t.Errorf("exit code %d, want %d", got, exitUnfinished)
			}
			if !strings.Contains(stderr.String(), test.report) {
				t.Errorf("stderr is %q, want %q in it", stderr.String(), test.report)
			}
		})
	}
}

// TestStoppedTerminal: a terminal whose user has pressed Ctrl-S holds up no signal
// either.
func TestStoppedTerminal(t *testing.T) {
	t.Parallel()
	server := startAccount(t, edentest.Options{Rate: -1})
	cmd := command(t, append([]string{"wait", "--base-url", server.URL, "--rate", "1000"}, fiveJobs(server)...)...)
	term := onTerminal(t, cmd, 200, 24)
	term.see(`80%  3 succeeded  1 failed  1 waiting`)
	term.press("\x13")
	eventually(t, "nothing is drawn any more", func() bool {
		drawn, polled := term.drawn(), server.Stats().Gets
		// More than one drawing would have come by then.
		eventually(t, "the last job is polled three times more", func() bool { return server.Stats().Gets >= polled+3 })
		return drawn == term.drawn()
	})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ends(t, cmd)
	if got := cmd.ProcessState.ExitCode(); got != exitUnfinished {
		t.Errorf("exit code %d, want %d", got, exitUnfinished)
	}
}
