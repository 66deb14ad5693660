package main

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain puts the test binary on the path under the command's name, by which
// it then knows that it is the command: what runs in a process of its own is
// what was built for the test, race detector and all.
//
// More tests run at once than there are processors, since most of them wait.
func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "8") // which the command line overrides
	testscript.Main(m, map[string]func(){"edenwait": main})
}

// raceDetector is whether the race detector is on, whose own memory grows.
var raceDetector bool

// unignoreSignals makes later child processes receive the signals that this process
// ignores, as under nohup or in the background of a script. An ignored signal is
// inherited, a handled one is not.
var unignoreSignals = sync.OnceFunc(func() {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
})

// command is edenwait in a process of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	unignoreSignals()
	// It is killed when the test ends, if it has not ended by then.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "edenwait", args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "EDENAI_API_KEY=edentest", "EDENAI_BASE_URL=", "NO_COLOR=1")
	t.Cleanup(func() {
		if cmd.Process != nil && cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return cmd
}

// code is the exit code of a command that has ended.
func code(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	_ = cmd.Wait() // its error is the code again
	if cmd.ProcessState == nil {
		t.Fatal("the process has not ended")
	}
	return cmd.ProcessState.ExitCode()
}
