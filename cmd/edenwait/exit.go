package main

import (
	"errors"
	"fmt"
)

// The exit codes. They tell a script what to do next: go on, look at the
// results, ask a human, or run the same command again.
const (
	exitSucceeded  = 0
	exitFailed     = 1 // some jobs have no success: failed, without a result, given up
	exitUsage      = 2 // wrong usage or configuration; a key or an account that is refused
	exitUnfinished = 3 // interrupted, out of time, or the results could not be written
)

// exitCodes is what the help says about them.
const exitCodes = `Exit codes:
  0  all jobs succeeded
  1  some did not: failed, unknown to the API, given up, or a malformed id
  2  wrong usage or configuration: a key that the API refuses, an account or a URL
     where none of the jobs is known, a file without an id in it, a results file
     that is not one or that another run writes to
  3  interrupted, out of time, or the results or the picture could not be written;
     what is done is written, and the same command goes on from there`

var (
	// errInterrupted is the cause of a context that a signal has ended.
	errInterrupted = errors.New("interrupted")
	// errTimeout is the cause of a context that --timeout has ended.
	errTimeout = errors.New("--timeout passed")
)

// exit is an error that knows its exit code. Any other is a wrong usage: so are
// all that the command library makes.
type exit struct {
	code int
	err  error // nil if everything was said already
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// What to do about jobs that have not ended.
const (
	hintKept  = "the results are kept for 7 days"
	hintAgain = "the same command goes on from here"
)

// cannot is the end of what the environment does not allow: a file that is
// missing, or another's. The usage, which is printed after other errors of that
// code, would be of no help.
func cannot(flag string, err error) error {
	var known *exit
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &exit{exitUsage, fmt.Errorf("%s: %w", flag, err)}
}

// unfinished is the end of what cannot be gone on with.
func unfinished(format string, args ...any) error {
	return &exit{exitUnfinished, fmt.Errorf(format, args...)}
}
