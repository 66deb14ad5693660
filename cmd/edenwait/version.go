package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/edenwait/edenwait"
	"github.com/spf13/cobra"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Short:             "Print the version",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return printVersion(cmd) },
	}
}

func printVersion(cmd *cobra.Command) error {
	if _, err := fmt.Fprintln(cmd.OutOrStdout(), version()); err != nil {
		return unfinished("%w", err)
	}
	return nil
}

// version returns the library's version, the commit if the build recorded it, and the Go
// version.
func version() string {
	var commit, changed string
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				commit = s.Value
			case "vcs.modified":
				if s.Value == "true" {
					changed = ", changed"
				}
			}
		}
		if commit == "" && info.Main.Version != "(devel)" {
			commit = info.Main.Version
		}
	}
	return fmt.Sprintf("edenwait %s (%s%s) %s %s/%s",
		edenwait.Version, cmp.Or(commit, "no commit known"), changed, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
