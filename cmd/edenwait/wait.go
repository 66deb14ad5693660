package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/ids"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
)

// waitFlags are the flags of wait.
type waitFlags struct {
	account
	idsFiles  []string
	output    string
	timeline  string
	rate      float64
	timeout   time.Duration
	maxWait   time.Duration
	failFast  bool
	quiet     bool
	logLevel  string
	logFormat string
}

func newWait() *cobra.Command {
	var flags waitFlags
	cmd := &cobra.Command{
		Use:   "wait [ID…]",
		Short: "Wait for jobs to end and write their results",
		Long: `Wait for jobs to end and write one JSON line a job, as it ends:

  {"id":…,"outcome":"success"|"fail"|"error","job":{the final response},"error":…}

Lines go to stdout or to --output; progress, logs and the summary to stderr.
"error" means that there is no final response to be had: an id that is none, a
job that the API does not know.

--ids-file takes one id a line and skips blank lines and # comments. It also reads
the first column of a CSV file, whose header it skips, and JSON: the answers of
submits, arrays of ids or of jobs, pages of the job list. From stdin (-) ids may
go on arriving while others are waited for. An empty list exits with 0.

With --output a job that has its line counts as done, also where that says "fail"
or "error", and is not asked about again: so the same command, run again after
whatever ended it, goes on where it stopped. To have a job asked about again,
delete its line; for all lines with "error", the next run tells a command that
does. A job given up (--max-wait, or a server that does not answer) has a line on
stdout, but none in the file: it may still end, and the next run asks again.

Ctrl-C stops asking, writes what is done and exits with 3; a second one exits at
once.

` + exitCodes,
		Example: `  edenwait wait 0f8a6f0e-5d1c-4b1e-9d55-0f7f2d8f9a11
  edenwait wait --ids-file ids.txt --output results.jsonl
  submit-all | edenwait wait --ids-file - | jq -r .job.output.text`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.run(cmd, args)
		},
	}
	flags.flags(cmd)
	f := cmd.Flags()
	f.StringArrayVarP(&flags.idsFiles, "ids-file", "i", nil, "read ids from this `file`; - is stdin; may be repeated")
	f.StringVarP(&flags.output, "output", "o", "", "append results to this `file`, and go on where it ends")
	f.Float64Var(&flags.rate, "rate", 10, "requests a second, at most: the account's limit")
	f.DurationVar(&flags.timeout, "timeout", 0, "stop after this long, with exit code 3 (default no limit)")
	f.DurationVar(&flags.maxWait, "max-wait", 0, "give a job up after this long (default no limit)")
	f.BoolVar(&flags.failFast, "fail-fast", false, "stop at the first job that does not succeed")
	f.BoolVarP(&flags.quiet, "quiet", "q", false, "no progress, no summary, no warnings")
	f.StringVar(&flags.logLevel, "log-level", "warn", "log from this `level` on: debug, info, warn or error")
	f.StringVar(&flags.logFormat, "log-format", "console", "`format` of the log: console or json")
	f.StringVar(&flags.timeline, "timeline", "", "draw the batch into this SVG `file` when it ends")
	complete(cmd, "log-level", logLevels)
	complete(cmd, "log-format", logFormats)
	return cmd
}

// complete offers the values of a flag to the shell.
func complete(cmd *cobra.Command, flag string, values []string) {
	// Fails only for a flag that does not exist.
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}

// run waits. Everything that can be wrong with the flags is found before the
// first request. What is opened may block, so the clock runs from the beginning.
func (f *waitFlags) run(cmd *cobra.Command, args []string) (err error) {
	if len(args) == 0 && len(f.idsFiles) == 0 {
		return errors.New("no ids: name some, or use --ids-file (- reads stdin)")
	}
	if f.timeout < 0 {
		return fmt.Errorf("--timeout is %v, want a positive duration", f.timeout)
	}
	if f.timeline != "" && filepath.Ext(f.timeline) != ".svg" {
		return fmt.Errorf("--timeline is %s, want a name that ends in .svg", f.timeline)
	}
	if f.quiet && !cmd.Flags().Changed("log-level") {
		f.logLevel = "error"
	}
	ctx := cmd.Context()
	if f.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, f.timeout, errTimeout)
		defer cancel()
	}
	b := newBatch(f)
	if err := b.prepare(ctx); err != nil {
		return err
	}
	if err := f.clash(cmd.InOrStdin(), cmd.OutOrStdout()); err != nil {
		return err
	}
	source, closeSource, err := f.source(ctx, cmd, args)
	if err != nil {
		return cannot("--ids-file", err)
	}
	defer closeSource()
	stderr := cmd.ErrOrStderr()
	if err := b.open(ctx, cmd.OutOrStdout(), stderr); err != nil {
		return err
	}
	return b.run(ctx, source, stderr)
}

// config is what the flags ask of the library.
func (f *waitFlags) config(ctx context.Context) (edenwait.Config, error) {
	c := edenwait.Config{Rate: f.rate, MaxWait: f.maxWait, FailFast: f.failFast}
	if f.rate == 0 {
		return c, errors.New("--rate is 0, want requests a second")
	}
	return c, f.account.config(ctx, &c)
}

// source yields the ids of the arguments, then those of the files. It opens all
// files first, so that a wrong name is found before anything is waited for.
func (f *waitFlags) source(ctx context.Context, cmd *cobra.Command, args []string) (iter.Seq2[string, error], func(), error) {
	var files []io.Reader
	closeAll := func() {
		for _, file := range files {
			if c, ok := file.(io.Closer); ok && file != cmd.InOrStdin() {
				_ = c.Close() // nothing was written
			}
		}
	}
	for _, name := range f.idsFiles {
		if name == "-" {
			stdin := cmd.InOrStdin()
			if isTerminal(stdin) && !f.quiet {
				say(cmd.ErrOrStderr(), "reading ids from the terminal, one a line, Ctrl-D ends them")
			}
			if file, ok := stdin.(*os.File); ok {
				if err := readable(file); err != nil {
					closeAll()
					return nil, nil, err
				}
			}
			files = append(files, stdin)
			continue
		}
		file, err := openIDs(ctx, name)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		files = append(files, file)
	}
	return func(yield func(string, error) bool) {
		for _, id := range args {
			if !yield(ids.Sanitize(id), nil) {
				return
			}
		}
		for i, file := range files {
			for id, err := range ids.NewReader(file).All() {
				if err != nil {
					err = fmt.Errorf("reading ids from %s: %w", f.idsFiles[i], err)
				}
				if !yield(id, err) {
					return
				}
			}
		}
	}, closeAll, nil
}

// openSink opens what the lines go to. Only a regular file can be gone on with;
// a device or a named pipe is written to like stdout.
func (f *waitFlags) openSink(ctx context.Context, stdout io.Writer, each func(string, resultlog.Outcome)) (sink, error) {
	if f.output == "" || f.output == "-" {
		return resultlog.Stream{Writer: stdout}, nil
	}
	if info, err := os.Stat(f.output); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		file, err := openFile(ctx, f.output, os.O_WRONLY)
		if err != nil {
			return nil, err
		}
		return device{resultlog.Stream{Writer: file}, file}, nil
	}
	return resultlog.Open(f.output, each)
}

// sink is where lines go.
type sink interface {
	Append(line []byte) error
	Close() error
}

// device is a Stream that was opened here.
type device struct {
	resultlog.Stream
	file *os.File
}

func (d device) Close() error { return d.file.Close() }
