//go:build !windows

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"regexp"
	"syscall"
	"testing"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// TestEmulate: it listens for this machine alone, takes the key that it was given
// and no other, and a signal is its good end.
func TestEmulate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		signal os.Signal
		addr   string
		args   []string
		stderr string
	}{
		{os.Interrupt, ":0", nil, "edenwait: ended after 2 requests: 0 submits, 2 gets, 0 lists, 0 deletes; 0 over the rate limit, 0 changed by a fault\n"},
		{syscall.SIGTERM, "localhost:0", []string{"-q"}, ""},
	} {
		t.Run(test.signal.String(), func(t *testing.T) {
			t.Parallel()
			cmd := command(t, append([]string{"emulate", "--addr", test.addr, "--token", "sk-other"}, test.args...)...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := io.ReadAll(stdout)
			match := regexp.MustCompile(`^export EDENAI_API_KEY='sk-other' EDENAI_BASE_URL='(http://(?:127\.0\.0\.1|\[::1\]):\d+)' `).FindSubmatch(line)
			if err != nil || match == nil {
				t.Fatalf("got %q, %v", line, err)
			}
			for key, want := range map[string]error{"sk-other": edenwait.ErrNotFound, edentest.DefaultToken: edenwait.ErrUnauthorized} {
				poller, err := edenwait.NewPoller(edenwait.Config{Token: key, BaseURL: string(match[1])})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := poller.Get(t.Context(), jobID); !errors.Is(err, want) {
					t.Errorf("with the key %s: got %v, want %v", key, err, want)
				}
			}
			if err := cmd.Process.Signal(test.signal); err != nil {
				t.Fatal(err)
			}
			if got := code(t, cmd); got != exitSucceeded || stderr.String() != test.stderr {
				t.Errorf("exit code %d, stderr %q, want %q", got, stderr.String(), test.stderr)
			}
		})
	}
}
