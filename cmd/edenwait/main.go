// Command edenwait waits for Eden AI async jobs to end and writes their results
// as JSON lines. Run "edenwait help" for what it can do, "edenwait demo" to see
// it at work without a key and without a network.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// Package net/http writes there what a server sends behind the end of an answer,
	// which may be a part of an output.
	log.SetOutput(io.Discard)
	os.Exit(run(withSignals(context.Background()), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// withSignals returns a context that the first signal ends, with errInterrupted.
// The second ends the process on the spot: lines are written whole and one by
// one, so there is nothing to tidy up.
func withSignals(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 2)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		// What nohup has said is to be ignored stays ignored. A shell without job
		// control says so of SIGINT to all it runs in the background.
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	// A closed pipe is an error of the write, with a message, instead of a silent
	// death.
	signal.Ignore(syscall.SIGPIPE)
	go func() {
		<-signals
		cancel(errInterrupted)
		<-signals
		os.Exit(exitUnfinished)
	}()
	return ctx
}
