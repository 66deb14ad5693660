package main

import (
	"errors"
	"fmt"
)

// The exit codes. Each tells a script what to do next: continue, look at the results,
// alert a human, or run the same command again.
const (
	exitSucceeded  = 0
	exitFailed     = 1 // some jobs did not succeed
	exitUsage      = 2 // wrong usage, configuration, key or account
	exitUnfinished = 3 // interrupted, out of time, or the results could not be written
)

// exitCodes is the help on exit codes.
const exitCodes = `Exit codes:
  0  all jobs succeeded
  1  some jobs failed, timed out, or are unknown to the API, or an id is malformed
  2  wrong usage or configuration, the API refuses the key, the API knows none of
     the jobs, an ids file has no id, or the --output file cannot be used
  3  interrupted, out of time, or a file could not be written. Finished results are
     written; run the same command again to resume`

var (
	// errInterrupted is the cause of a context that was cancelled by a signal.
	errInterrupted = errors.New("interrupted")
	// errTimeout is the cause of a context that ended after --timeout.
	errTimeout = errors.New("--timeout passed")
)

// exit is an error with its exit code. All other errors are usage errors, also the errors
// of the command library.
type exit struct {
	code int
	err  error // nil if nothing is left to print
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
	hintKept  = "results are kept for 7 days"
	hintAgain = "run the same command again to resume"
)

// usageError is an error of a flag's value, such as a file that is missing. The hint at
// --help, which other errors with this code get, would not help.
func usageError(flag string, err error) error {
	var known *exit
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &exit{exitUsage, fmt.Errorf("%s: %w", flag, err)}
}

// unfinished is an error with exitUnfinished.
func unfinished(format string, args ...any) error {
	return &exit{exitUnfinished, fmt.Errorf(format, args...)}
}
