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
   "error":"what happened","reason":"one word for it"}

Lines go to stdout or to --output; progress, logs and the summary to stderr.
"error" means that there is no final response: an unknown job, a job given up, a
malformed id. The reasons: job_failed, not_found, gone, rejected, too_large,
unexpected_status; on stdout only: invalid_id, max_wait, max_errors, other.

--ids-file reads one id per line and skips blank lines and # comments. It also
reads a column of a CSV file, by its header (public_id, job_id, id) or because
its cells are UUIDs, and JSON: the answers of submits, arrays of ids or of jobs,
pages of the job list. UTF-8 and UTF-16 are both read. From stdin (-) ids may go
on arriving while others are waited for. An empty list exits with 0; a file with
text but without an id exits with 2. A malformed id is reported on stderr with
its file and line.

With --output a job that has its line counts as done, also where that says "fail"
or "error", and is not polled again: run the same command again to resume,
whatever ended it. --retry-errors removes the lines with "error" of these ids
first, and polls their jobs again. A job given up (--max-wait, or a server that
does not answer) and a malformed id have a line on stdout, but none in the file.

If the API knows none of the ids, no line says so: the key, --eu or --base-url
are then likely wrong. The exit code is 2.

With --listen, webhooks are taken at any path of that address, and each has its
job polled at once. Polling goes on beside them. What a delivery says is not
believed, so --webhook-key is optional.

With --metrics, Prometheus can scrape /metrics at that address while the wait
lasts. docs/telemetry.md has the names, a dashboard and alerts.

Ctrl-C stops polling, writes what is done and exits with 3; a second one exits at
once.

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
	f.StringVarP(&flags.output, "output", "o", "", "append results to this `file`, and resume where it ends")
	f.BoolVar(&flags.retryErrors, "retry-errors", false, "with --output: poll jobs again whose line says \"error\"")
	f.Float64Var(&flags.rate, "rate", 10, "requests per second, at most: the account's limit")
	f.IntVar(&flags.maxInFlight, "max-in-flight", usualInFlight, "requests at the same time, at most, or more if --rate needs it; fewer suit a slow line")
	f.DurationVar(&flags.requestTimeout, "request-timeout", 30*time.Second, "time limit for the header of an answer, and for each silence after it")
	f.Int64Var(&flags.maxResponseBytes, "max-response-bytes", 128<<20, "largest response to read, in `bytes`")
	f.DurationVar(&flags.timeout, "timeout", 0, "stop after this long, with exit code 3 (default no limit)")
	f.DurationVar(&flags.maxWait, "max-wait", 0, "give a job up after this long (default no limit)")
	f.BoolVar(&flags.failFast, "fail-fast", false, "stop at the first job that does not succeed")
	f.BoolVarP(&flags.quiet, "quiet", "q", false, "no progress, no summary, no warnings")
	f.StringVar(&flags.logLevel, "log-level", "warn", "log from this `level` on: debug, info, warn or error")
	f.StringVar(&flags.logFormat, "log-format", "console", "`format` of the log: console or json")
	f.StringVar(&flags.timeline, "timeline", "", "draw the batch into this SVG `file` when it ends")
	f.StringVar(&flags.listenAddr, "listen", "", "take webhooks at this `address`, such as 127.0.0.1:8080, to learn of ends at once")
	f.StringVar(&flags.webhookKey, "webhook-key", "", "with --listen: answer 401 to deliveries that no key of this PEM `file` has signed")
	f.StringVar(&flags.metricsAddr, "metrics", "", "serve metrics for Prometheus at this `address`, such as 127.0.0.1:9464")
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
	config, err := f.config(ctx)
	if err != nil {
		return err
	}
	b := newBatch(config, f.options())
	if err := b.prepare(); err != nil {
		return err
	}
	stdin, stdout, stderr := cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	if err := f.clash(stdin, stdout); err != nil {
		return err
	}
	if w, ok := stderr.(*patientWriter); ok {
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
	b.config.Trace = shown.trace()
	from, err := openSource(ctx, args, f.idsFiles, stdin)
	if err != nil {
		return cannot("--ids-file", err)
	}
	defer from.close()
	f.askTerminal(stdin, stderr)
	if err := b.open(ctx, from, stdout, stderr); err != nil {
		return err
	}
	if hooks != nil {
		hooks.serve(b.waiter, shown.reject, b.console.say)
	}
	if shown != nil {
		shown.serve(b.waiter, b.console.say)
	}
	return b.run(ctx, from, stderr)
}

// askTerminal says that ids can be typed.
func (f *waitFlags) askTerminal(stdin io.Reader, stderr io.Writer) {
	for _, name := range f.idsFiles {
		if name == "-" && isTerminal(stdin) && !f.quiet {
			say(stderr, "reading ids from the terminal, one per line, Ctrl-D ends them")
			return
		}
	}
}

// check finds what is wrong with the flags themselves.
func (f *waitFlags) check(args []string) error {
	switch {
	case len(args) == 0 && len(f.idsFiles) == 0:
		return errors.New("no ids: name some, or use --ids-file (- reads stdin)")
	case f.timeout < 0:
		return fmt.Errorf("--timeout is %v, want a positive duration", f.timeout)
	case f.timeline != "" && filepath.Ext(f.timeline) != ".svg":
		return fmt.Errorf("--timeline is %s, want a name that ends in .svg", f.timeline)
	case f.retryErrors && (f.output == "" || f.output == "-"):
		return errors.New("--retry-errors needs --output: it is about the lines of that file")
	case f.webhookKey != "" && f.listenAddr == "":
		return errors.New("--webhook-key needs --listen: it is about the deliveries that come there")
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

// usualInFlight is the library's default at a usual rate.
const usualInFlight = 64

// config is what the flags ask of the library.
func (f *waitFlags) config(ctx context.Context) (edenwait.Config, error) {
	c := edenwait.Config{
		Rate: f.rate, MaxInFlight: f.maxInFlight, RequestTimeout: f.requestTimeout, MaxResponseBytes: f.maxResponseBytes,
		MaxWait: f.maxWait, FailFast: f.failFast,
	}
	if f.maxInFlight == usualInFlight {
		c.MaxInFlight = 0 // the library's default, which is more where --rate needs it
	}
	return c, f.account.config(ctx, &c)
}

// options is what the flags ask of the batch.
func (f *waitFlags) options() options {
	return options{
		output: f.output, retryErrors: f.retryErrors, timeline: f.timeline,
		quiet: f.quiet, logLevel: f.logLevel, logFormat: f.logFormat,
	}
}
