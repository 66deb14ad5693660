//go:build !windows

// Command screens makes the pictures in docs/command. It builds the command, runs it on a
// pseudo-terminal, and draws the screen.
//
//	go run ./docs/screens docs/command
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

const (
	columns = 96
	rows    = 30
	// timeLimit ends a session that hangs.
	timeLimit = 2 * time.Minute
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: screens FOLDER")
		os.Exit(2)
	}
	if err := screens(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "screens: %v\n", err)
		os.Exit(1)
	}
}

func screens(folder string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	folder, err = filepath.Abs(folder)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "screens")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	s := &studio{folder: folder, work: work, program: filepath.Join(work, "edenwait")}
	build := exec.CommandContext(ctx, "go", "build", "-o", s.program, "github.com/edenwait/edenwait/cmd/edenwait")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the command: %w", err)
	}
	for _, scene := range []func(context.Context) error{s.demo, s.wait, s.timelines} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	return nil
}

// studio makes the pictures.
type studio struct {
	folder, work, program string
	env                   []string
}

// demo makes two pictures: halfway, and at the end.
func (s *studio) demo(ctx context.Context) error {
	session, err := s.start(ctx, "edenwait demo")
	if err != nil {
		return err
	}
	if err := session.until(ctx, regexp.MustCompile(`^edenwait .*[4-6]\d%`)); err != nil {
		return err
	}
	if err := s.save("demo-running.svg", session.picture()); err != nil {
		return err
	}
	if err := session.end(0); err != nil {
		return err
	}
	return s.save("demo.svg", session.picture())
}

// wait makes two pictures of a batch in which some jobs fail.
func (s *studio) wait(ctx context.Context) error {
	stop, err := s.emulate(ctx, "--jobs", "200", "--rate", "50", "--durations", "lognormal:6s,0.5,12s", "--fail-share", "0.08", "--seed", "4")
	if err != nil {
		return err
	}
	defer stop()
	session, err := s.start(ctx, "edenwait wait --ids-file ids.txt --rate 50 --output results.jsonl")
	if err != nil {
		return err
	}
	if err := session.until(ctx, regexp.MustCompile(` [5-7]\d%  .* left$`)); err != nil {
		return err
	}
	if err := s.save("wait-running.svg", session.picture()); err != nil {
		return err
	}
	if err := session.end(1); err != nil {
		return err
	}
	return s.save("wait.svg", session.picture())
}

// timelines makes two pictures with --timeline, of a small batch and of a large one.
func (s *studio) timelines(ctx context.Context) error {
	for name, args := range map[string][]string{
		"timeline.svg":      {"--jobs", "40", "--rate", "10"},
		"timeline-many.svg": {"--jobs", "2000", "--rate", "200"},
	} {
		stop, err := s.emulate(ctx, append(args, "--durations", "lognormal:6s,0.5,15s", "--fail-share", "0.08")...)
		if err != nil {
			return err
		}
		wait := exec.CommandContext(ctx, s.program, "wait", "-q", "--ids-file", "ids.txt", "--rate", args[3], "--timeline", filepath.Join(s.folder, name))
		wait.Dir, wait.Env = s.work, s.env
		err = wait.Run()
		stop()
		var failed *exec.ExitError
		if err != nil && (!errors.As(err, &failed) || failed.ExitCode() != 1) { // 1: some of the jobs fail
			return err
		}
	}
	return nil
}

func (s *studio) save(name string, picture []byte) error {
	if err := os.MkdirAll(s.folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.folder, name), picture, 0o644)
}
