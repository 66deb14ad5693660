package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// run is the whole command: what main does, with everything that it touches
// passed in. The environment is the exception, as in most commands.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	called, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitSucceeded
	}
	var known *exit
	if !errors.As(err, &known) {
		say(stderr, "%v", err)
		fmt.Fprintf(stderr, "Run '%s --help' for usage.\n", called.CommandPath())
		return exitUsage
	}
	if known.err != nil {
		say(stderr, "%v", known.err)
	}
	return known.code
}

// say writes a message for people. Errors of the library already begin with the
// name that all messages begin with.
func say(stderr io.Writer, format string, args ...any) {
	text := strings.TrimPrefix(fmt.Sprintf(format, args...), "edenwait: ")
	fmt.Fprintf(stderr, "edenwait: %s\n", text)
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "edenwait",
		Short: "Wait for Eden AI async jobs to end",
		Long: `edenwait waits for Eden AI async jobs to end and writes their results as JSON
lines: one job or a million, inside the account's request limit, losing nothing.

  edenwait demo                                    see what it does; no key needed
  edenwait wait ID                                 wait for one job
  edenwait wait --ids-file ids.txt --output results.jsonl

The key is read from EDENAI_API_KEY or from --token-file, never from a flag,
which everybody on the machine could read.

` + exitCodes,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(newWait(), newDemo(), newEmulate(), newVersion())
	return root
}
