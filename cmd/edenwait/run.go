package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// run runs the command with the given arguments and streams, and returns the exit code.
// Only the environment is global.
func run(ctx context.Context, args []string, stdin io.Reader, out, err io.Writer) int {
	grace := newGrace()
	grace.until(ctx)
	stdout, stderr := &graceWriter{to: out, grace: grace}, &graceWriter{to: err, grace: grace}
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
		message(stderr, "%v", failure)
		fmt.Fprintf(stderr, "Run '%s --help' for usage.\n", called.CommandPath())
		return exitUsage
	}
	if known.err != nil {
		message(stderr, "%v", known.err)
	}
	return known.code
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "edenwait",
		Short: "Wait for Eden AI async jobs to end",
		Long: `edenwait waits for Eden AI async jobs to end and writes their results as JSON
lines. It polls one job or a million, stays within the account's rate limit, and
loses no result.

  edenwait demo                                    try it without a key
  edenwait wait ID                                 wait for one job
  edenwait wait --ids-file ids.txt --output results.jsonl

The key is read from EDENAI_API_KEY or from --token-file. It cannot be a flag, since
other users of the machine can read flags.

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

// rejectUnknownArgs makes the commands help and completion fail for unknown arguments. By
// default they print their help and exit with 0.
func rejectUnknownArgs(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			cmd.Args = func(_ *cobra.Command, args []string) error {
				if topic, left, err := root.Find(args); topic == nil || err != nil || len(left) > 0 {
					return fmt.Errorf("unknown help topic %q: want one of %s", strings.Join(args, " "), names(root))
				}
				return nil
			}
		case "completion":
			cmd.Args = cobra.ArbitraryArgs
			cmd.RunE = func(cmd *cobra.Command, args []string) error {
				if len(args) > 0 {
					return fmt.Errorf("unknown shell %q: want one of %s", args[0], names(cmd))
				}
				return cmd.Help()
			}
		}
	}
}

// names returns the names of the subcommands.
func names(cmd *cobra.Command) string {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return strings.Join(names, ", ")
}
