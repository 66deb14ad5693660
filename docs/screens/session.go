//go:build !windows

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// session is a command on a terminal.
type session struct {
	cmd   *exec.Cmd
	tty   *os.File
	drawn chan struct{} // closed when nothing more will be drawn

	mu   sync.Mutex
	view vt10x.Terminal
}

// start runs a command line on a terminal. The line itself is on the screen too.
func (s *studio) start(ctx context.Context, line string) (*session, error) {
	words := strings.Fields(line)
	session := &session{view: vt10x.New(vt10x.WithSize(columns, rows)), drawn: make(chan struct{})}
	if _, err := session.Write([]byte("$ " + line + "\r\n")); err != nil {
		return nil, err
	}
	session.cmd = exec.CommandContext(ctx, s.program, words[1:]...)
	session.cmd.Dir = s.work
	session.cmd.Env = append(os.Environ(), s.env...)
	session.cmd.Env = append(session.cmd.Env, "TERM=xterm-256color", "LC_ALL=C.UTF-8", "NO_COLOR=")
	tty, err := pty.StartWithSize(session.cmd, &pty.Winsize{Cols: columns, Rows: rows})
	if err != nil {
		return nil, err
	}
	session.tty = tty
	go func() {
		defer close(session.drawn)
		_, _ = io.Copy(session, tty) // ends with an error when the command ends
	}()
	return session, nil
}

// Write writes to the screen.
func (s *session) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.Write(p)
}

// until waits until a line of the screen matches.
func (s *session) until(ctx context.Context, pattern *regexp.Regexp) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		s.mu.Lock()
		screen := s.view.String()
		s.mu.Unlock()
		for line := range strings.Lines(screen) {
			if pattern.MatchString(strings.TrimRight(line, " \n")) {
				return nil
			}
		}
		select {
		case <-ticker.C:
		case <-s.drawn:
			return fmt.Errorf("%s was not on the screen before the end:\n%s", pattern, screen)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// end waits for the command to end with an exit code.
func (s *session) end(code int) error {
	err := s.cmd.Wait()
	<-s.drawn
	_ = s.tty.Close()
	if got := s.cmd.ProcessState.ExitCode(); got != code {
		return fmt.Errorf("%v: exit code %d, want %d: %w", s.cmd.Args, got, code, err)
	}
	return nil
}

// emulate starts a fake API, and sets its key and URL in the environment of later commands.
// stop ends it.
func (s *studio) emulate(ctx context.Context, args ...string) (stop func(), err error) {
	cmd := exec.CommandContext(ctx, s.program, append([]string{"emulate", "--write-ids", "ids.txt"}, args...)...)
	cmd.Dir = s.work
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(err, cmd.Wait())
	}
	s.env = nil
	for _, word := range strings.Fields(line)[1:] {
		s.env = append(s.env, strings.ReplaceAll(word, "'", ""))
	}
	return func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}, nil
}
