// Command edenwait waits for Eden AI async jobs to end and writes their results as JSON
// lines. "edenwait help" lists what it can do. "edenwait demo" shows it at work without a
// key and without a network.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	// Package net/http writes there what a server sends behind the end of an answer,
	// which may be a part of an output.
	log.SetOutput(io.Discard)
	os.Exit(run(withSignals(context.Background()), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// withSignals returns a context that is cancelled by the first signal, with the cause
// errInterrupted. The second signal exits at once. Nothing needs cleanup then, since
// each line is one write.
func withSignals(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 2)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		// A signal that nohup has set to be ignored stays ignored. A shell without job
		// control ignores SIGINT for all background commands.
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	// With SIGPIPE ignored, a closed pipe is an error of the write, with a message.
	signal.Ignore(syscall.SIGPIPE)
	go awaitSignals(signals, func() { cancel(errInterrupted) }, func() { os.Exit(exitUnfinished) })
	return ctx
}

// echo is how long after the first signal others are part of it. One event often sends
// two: timeout(1) signals its child and then its group, the end of a systemd session is a
// SIGTERM and a SIGHUP, and a shell passes on the SIGHUP of its terminal.
const echo = 300 * time.Millisecond

// awaitSignals calls first at the first signal, and second at the second.
func awaitSignals(signals <-chan os.Signal, first, second func()) {
	<-signals
	first()
	for began := time.Now(); ; {
		if <-signals; time.Since(began) >= echo {
			second()
			return
		}
	}
}
