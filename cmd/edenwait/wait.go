package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/edenwait/edenwait"
)

// waitFlags are the flags of wait.
type waitFlags struct {
	account
	idsFiles         []string
	output           string
	retryErrors      bool
	timeline         string
	rate             float64
	maxInFlight      int
	requestTimeout   time.Duration
	maxResponseBytes int64
	timeout          time.Duration
	maxWait          time.Duration
	failFast         bool
	quiet            bool
	logLevel         string
	logFormat        string
	listenAddr       string
	webhookKey       string
	metricsAddr      string
}

func newWait() *cobra.Command {
	var flags waitFlags
	cmd := &cobra.Command{
		Use:   "wait [ID…]",
		Short: "Wait for jobs to end and write their results",
		Long: `Wait for jobs to end and write one JSON line per job, as it ends:

  {"id":…,"outcome":"success"|"fail"|"error","job":{the final response},
   "error":"what happened","reason":"one word"}

Lines go to stdout or to --output. Progress, logs and the summary go to stderr.
The outcome "error" is for unknown jobs, jobs given up, malformed ids, and
undocumented statuses. The reasons are job_failed, not_found, gone, rejected, too_large and
unexpected_status. On stdout there are also invalid_id, max_wait, max_errors and other.

--ids-file reads one id per line and skips blank lines and # comments. It also reads
a column of a CSV file, by its header (public_id, job_id, id) or because its cells
are UUIDs, and JSON: responses to submits, arrays of ids or of jobs, pages of the job
list. The encoding is UTF-8 or UTF-16. From stdin (-), ids may keep arriving while
the command waits. An empty list exits with 0. A file with text but without an id
exits with 2. A malformed id is reported on stderr with its file and line.

With --output, a job with a line in the file is done, even if the line says "fail" or
"error". It is not polled again. Run the same command again to resume, however it
ended. --retry-errors first removes the "error" lines of these ids, and then
polls their jobs again. A job given up (--max-wait, or a server that does not answer)
and a malformed id have a line on stdout, but none in the file.

If the API knows none of the jobs, no line is written and the exit code is 2: the
key, --eu or --base-url is probably wrong.

With --listen, the command receives webhooks on any path of that address, and polls
the job of each at once. Polling continues as well. A delivery is only a hint, so
--webhook-key is optional.

With --metrics, Prometheus can scrape /metrics at that address until the command ends.
docs/telemetry.md has the names, a dashboard and alerts.

Ctrl-C stops polling, writes the finished results and exits with 3. A second Ctrl-C
exits at once.

` + exitCodes,
		Example: `  edenwait wait 0f8a6f0e-5d1c-4b1e-9d55-0f7f2d8f9a11
  edenwait wait --ids-file ids.txt --output results.jsonl
  submit-all | edenwait wait --ids-file - | jq -r .job.output.text
  jq -r 'select(.reason == "not_found").id' results.jsonl`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.run(cmd, args)
		},
	}
	flags.flags(cmd)
	f := cmd.Flags()
	f.StringArrayVarP(&flags.idsFiles, "ids-file", "i", nil, "read ids from this `file`; - is stdin; may be repeated")
	f.StringVarP(&flags.output, "output", "o", "", "append results to this `file`; run again to resume")
	f.BoolVar(&flags.retryErrors, "retry-errors", false, "with --output: poll again the jobs whose line says \"error\"")
	f.Float64Var(&flags.rate, "rate", 10, "maximum requests per second: the account's limit")
	f.IntVar(&flags.maxInFlight, "max-in-flight", usualInFlight, "maximum requests at the same time; the default grows with --rate")
	f.DurationVar(&flags.requestTimeout, "request-timeout", 30*time.Second, "time limit for the header of a response, and for each pause in its body")
	f.Int64Var(&flags.maxResponseBytes, "max-response-bytes", 128<<20, "maximum size of a response, in `bytes`")
	f.DurationVar(&flags.timeout, "timeout", 0, "stop after this time, with exit code 3 (default no limit)")
	f.DurationVar(&flags.maxWait, "max-wait", 0, "give up on a job after this time (default no limit)")
	f.BoolVar(&flags.failFast, "fail-fast", false, "stop at the first job that does not succeed")
	f.BoolVarP(&flags.quiet, "quiet", "q", false, "print no progress, summary or warnings")
	f.StringVar(&flags.logLevel, "log-level", "warn", "minimum `level` of the log: debug, info, warn or error")
	f.StringVar(&flags.logFormat, "log-format", "console", "`format` of the log: console or json")
	f.StringVar(&flags.timeline, "timeline", "", "draw the batch as SVG into this `file` when it ends")
	f.StringVar(&flags.listenAddr, "listen", "", "receive webhooks at this `address`, such as 127.0.0.1:8080, and poll their jobs at once")
	f.StringVar(&flags.webhookKey, "webhook-key", "", "with --listen: reject deliveries that are not signed with a key in this PEM `file`")
	f.StringVar(&flags.metricsAddr, "metrics", "", "serve metrics for Prometheus at this `address`, such as 127.0.0.1:9464")
	complete(cmd, "log-level", logLevels)
	complete(cmd, "log-format", logFormats)
	return cmd
}

// complete sets the completions for the values of a flag.
func complete(cmd *cobra.Command, flag string, values []string) {
	// Fails only for a flag that does not exist.
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err)
	}
}

// run runs wait. Wrong flags are reported before the first request. The time limit
// includes opening the files, which may block.
func (f *waitFlags) run(cmd *cobra.Command, args []string) (err error) {
	if err := f.check(args); err != nil {
		return err
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
	if err := f.checkTimeline(cmd.OutOrStdout()); err != nil {
		return err
	}
	config, err := f.config(ctx)
	if err != nil {
		return err
	}
	b := newBatch(config, f.options())
	if err := b.prepare(); err != nil {
		return err
	}
	stdin, stdout, stderr := cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	if w, ok := stderr.(*graceWriter); ok {
		w.until(ctx)
	}
	hooks, err := f.listen(ctx)
	if err != nil {
		return err
	}
	defer hooks.close()
	shown, err := f.scrape(ctx)
	if err != nil {
		return err
	}
	defer shown.close()
	b.config.Trace = b.trace(shown.jobEnd)
	from, err := openSource(ctx, args, f.idsFiles, stdin)
	if err != nil {
		return usageError("--ids-file", err)
	}
	defer from.close()
	f.promptTerminal(stdin, stderr)
	if err := b.open(ctx, from, stdout, stderr); err != nil {
		return err
	}
	if hooks != nil {
		hooks.serve(b.waiter, shown.reject, b.console.message)
	}
	if shown != nil {
		shown.serve(b.waiter, b.console.message)
	}
	return b.run(ctx, from, stderr)
}

// promptTerminal tells the user to type ids, if they come from a terminal.
func (f *waitFlags) promptTerminal(stdin io.Reader, stderr io.Writer) {
	for _, name := range f.idsFiles {
		if name == "-" && isTerminal(stdin) && !f.quiet {
			message(stderr, "reading ids from the terminal: one per line, end with Ctrl-D")
			return
		}
	}
}

// check checks the values of the flags.
func (f *waitFlags) check(args []string) error {
	switch {
	case len(args) == 0 && len(f.idsFiles) == 0:
		return errors.New("no ids: pass them as arguments, or use --ids-file (- reads stdin)")
	case f.timeout < 0:
		return fmt.Errorf("--timeout is %v, want a positive duration", f.timeout)
	case f.timeline != "" && filepath.Ext(f.timeline) != ".svg":
		return fmt.Errorf("--timeline is %s, want a file name that ends in .svg", f.timeline)
	case f.retryErrors && (f.output == "" || f.output == "-"):
		return errors.New("--retry-errors needs --output: it removes lines from that file")
	case f.webhookKey != "" && f.listenAddr == "":
		return errors.New("--webhook-key needs --listen: it checks the deliveries there")
	case f.rate == 0:
		return errors.New("--rate is 0, want requests per second")
	case f.maxInFlight == 0:
		return errors.New("--max-in-flight is 0, want 1 or more")
	case f.requestTimeout == 0:
		return errors.New("--request-timeout is 0s, want a positive duration")
	case f.maxResponseBytes == 0:
		return errors.New("--max-response-bytes is 0, want 1 or more")
	}
	return nil
}

// usualInFlight is the library's default at the default rate.
const usualInFlight = 64

// config returns the Config that the flags ask for.
func (f *waitFlags) config(ctx context.Context) (edenwait.Config, error) {
	c := edenwait.Config{
		Rate: f.rate, MaxInFlight: f.maxInFlight, RequestTimeout: f.requestTimeout, MaxResponseBytes: f.maxResponseBytes,
		MaxWait: f.maxWait, FailFast: f.failFast,
	}
	if f.maxInFlight == usualInFlight {
		c.MaxInFlight = 0 // the library's default, which grows with the rate
	}
	return c, f.account.config(ctx, &c)
}

// options returns the options that the flags ask for.
func (f *waitFlags) options() options {
	return options{
		output: f.output, retryErrors: f.retryErrors, timeline: f.timeline,
		quiet: f.quiet, logLevel: f.logLevel, logFormat: f.logFormat,
	}
}
