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
func run(ctx context.Context, args []string, stdin io.Reader, out, err io.Writer) int {
	patience := newPatience()
	patience.until(ctx)
	stdout, stderr := &patientWriter{to: out, patience: patience}, &patientWriter{to: err, patience: patience}
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	called, failure := root.ExecuteContextC(ctx)
	if failure == nil {
		return exitSucceeded
	}
	var known *exit
	if !errors.As(failure, &known) {
		say(stderr, "%v", failure)
		fmt.Fprintf(stderr, "Run '%s --help' for usage.\n", called.CommandPath())
		return exitUsage
	}
	if known.err != nil {
		say(stderr, "%v", known.err)
	}
	return known.code
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
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	// Not cobra's own: a template for its text would link every exported method of
	// every type, a fifth of the binary.
	showVersion := root.Flags().BoolP("version", "v", false, "print the version")
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		if *showVersion {
			return printVersion(cmd)
		}
		return cmd.Help()
	}
	root.AddCommand(newWait(), newDemo(), newEmulate(), newVersion())
	rejectUnknownArgs(root)
	return root
}

// rejectUnknownArgs has the library's own commands say that they do not know
// something with an exit code too. They print their help instead, as if all were
// well.
func rejectUnknownArgs(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			cmd.Args = func(_ *cobra.Command, args []string) error {
				if topic, left, err := root.Find(args); topic == nil || err != nil || len(left) > 0 {
					return fmt.Errorf("no help on %q, want a command: %s", strings.Join(args, " "), names(root))
				}
				return nil
			}
		case "completion":
			cmd.Args = cobra.ArbitraryArgs
			cmd.RunE = func(cmd *cobra.Command, args []string) error {
				if len(args) > 0 {
					return fmt.Errorf("no completion for %q, want a shell: %s", args[0], names(cmd))
				}
				return cmd.Help()
			}
		}
	}
}

// names are those of the commands below one.
func names(cmd *cobra.Command) string {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return strings.Join(names, ", ")
}
