package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
	"github.com/edenwait/edenwait/edentest"
)

// emulateFlags are the flags of emulate.
type emulateFlags struct {
	addr      string
	token     string
	jobs      int
	writeIDs  string
	durations string
	faults    []string
	options   edentest.Options
	webhooks  webhookFlags
	allowHTTP bool
	quiet     bool
}

func newEmulate() *cobra.Command {
	var flags emulateFlags
	cmd := &cobra.Command{
		Use:   "emulate",
		Short: "Serve a fake Eden AI API, for tests in any language",
		Long: `Serve a fake of the four endpoints for async jobs on a loopback address. It has jobs
that run for a while and end, the account's rate limit, and faults.

It prints one line for eval to stdout, and then closes stdout, so this works:

  eval "$(edenwait emulate --jobs 100 --write-ids ids.txt &)"
  edenwait wait --ids-file ids.txt
  kill $EDENWAIT_EMULATE_PID

To serve other containers, use --addr :8080 --allow-http. In those, run: edenwait wait
--allow-http --base-url http://NAME:8080.

With --webhooks, a signed webhook is sent to the webhook_receiver of each submit.
SIGINT or SIGTERM ends the command with exit code 0.`,
		Example: `  edenwait emulate --addr 127.0.0.1:8080 --rate 50
  edenwait emulate --durations fixed:2s --fail-share 0.1 --fault status=503,share=0.05
  edenwait emulate --fault torn,on=get,times=3 --fault chaos=0.02`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return flags.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.addr, "addr", "127.0.0.1:0", "listen `address`; port 0 is any free port")
	f.BoolVar(&flags.allowHTTP, "allow-http", false, "with --addr: listen beyond this machine too, unencrypted")
	f.StringVar(&flags.token, "token", edentest.DefaultToken, "the `key` to accept")
	f.Float64Var(&flags.options.Rate, "rate", 10, "maximum requests per second, over all clients; negative is no limit")
	f.IntVar(&flags.options.Burst, "burst", 10, "maximum requests at once after an idle period")
	f.Uint64Var(&flags.options.Seed, "seed", 0, "`seed` of all random values")
	f.IntVar(&flags.jobs, "jobs", 0, "number of jobs at the start")
	f.StringVar(&flags.writeIDs, "write-ids", "", "write the ids of --jobs to this `file`, one per line")
	f.StringVar(&flags.durations, "durations", "lognormal:60s,1,20m", durationsHelp)
	f.Float64Var(&flags.options.Workload.FailureRate, "fail-share", 0, "`share` of jobs that fail, 0 to 1")
	f.IntVar(&flags.options.Workload.OutputBytes, "output-bytes", 0, "approximate `size` of an output in bytes; 0 means one sentence")
	f.DurationVar(&flags.options.Latency, "latency", 0, "round trip of a request")
	f.DurationVar(&flags.options.ListLag, "list-lag", 0, "delay of the job list")
	f.StringArrayVar(&flags.faults, "fault", nil, faultHelp)
	flags.webhooks.flags(cmd)
	f.BoolVarP(&flags.quiet, "quiet", "q", false, "print nothing to stderr")
	return cmd
}

func (f *emulateFlags) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	if f.writeIDs != "" && f.jobs == 0 {
		return errors.New("--write-ids needs --jobs")
	}
	if strings.ContainsFunc(f.token, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`'"$\`+"`", c) }) || f.token == "" {
		return errors.New("invalid --token: want printable ASCII without spaces and shell characters")
	}
	if f.options.Workload.Durations, err = parseDurations(f.durations); err != nil {
		return err
	}
	if f.options.Faults, err = parseFaults(f.faults); err != nil {
		return err
	}
	if f.options.Webhooks, err = f.webhooks.options(); err != nil {
		return err
	}
	f.options.Token = f.token
	f.options.DiscardRecords = true // it may run for days
	listener, err := f.listen()
	if err != nil {
		return err
	}
	api := edentest.New(f.options)
	defer api.Close()
	if err := f.webhooks.writePublicKey(api); err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := f.submit(api); err != nil {
		return errors.Join(err, listener.Close())
	}
	return f.serve(ctx, api, listener, stdout, stderr)
}

// mostJobs bounds --jobs, which needs gigabytes there: without memory the runtime ends the
// process with a trace instead of an error.
const mostJobs = 10_000_000

// check checks the values of the flags. edentest would replace a burst of 0 by its default,
// and would let no request through at a rate of NaN. NaN fails each comparison.
func (f *emulateFlags) check() error {
	o := f.options
	for _, bound := range []struct {
		ok    bool
		flag  string
		value any
		want  string
	}{
		{o.Rate < 0 || o.Rate > 0 && !math.IsInf(o.Rate, 1), "rate", o.Rate, "requests per second, or a negative number for no limit"},
		{o.Burst >= 1, "burst", o.Burst, "1 or more"},
		{f.jobs >= 0 && f.jobs <= mostJobs, "jobs", f.jobs, fmt.Sprintf("0 to %d", mostJobs)},
		{o.Workload.FailureRate >= 0 && o.Workload.FailureRate <= 1, "fail-share", o.Workload.FailureRate, "0 to 1"},
		{o.Workload.OutputBytes >= 0, "output-bytes", o.Workload.OutputBytes, "0 or more"},
		{o.Latency >= 0, "latency", o.Latency, "0s or more"},
		{o.ListLag >= 0, "list-lag", o.ListLag, "0s or more"},
	} {
		if !bound.ok {
			return fmt.Errorf("--%s is %v, want %s", bound.flag, bound.value, bound.want)
		}
	}
	return nil
}

// listen refuses addresses other than loopback without --allow-http: the key is sent
// unencrypted, and the wait command would refuse such a URL too.
func (f *emulateFlags) listen() (net.Listener, error) {
	host, _, err := net.SplitHostPort(f.addr)
	if err != nil {
		return nil, fmt.Errorf("--addr: %w", err)
	}
	if !f.allowHTTP {
		if ip := net.ParseIP(cmp.Or(host, "127.0.0.1")); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, fmt.Errorf("--addr is %s, want a loopback address, or --allow-http", f.addr)
		}
		if host == "" {
			f.addr = "127.0.0.1" + f.addr
		}
	}
	listener, err := net.Listen("tcp", f.addr)
	return listener, usageError("--addr", err)
}

// localURL is the URL for programs on this machine.
func localURL(listener net.Listener) string {
	addr := listener.Addr().String()
	if host, port, err := net.SplitHostPort(addr); err == nil && net.ParseIP(host).IsUnspecified() {
		addr = net.JoinHostPort("127.0.0.1", port)
	}
	return "http://" + addr
}

// submit adds the jobs of --jobs.
func (f *emulateFlags) submit(api *edentest.API) (err error) {
	ids := api.SubmitAll(f.jobs, f.options.Workload)
	if f.writeIDs == "" {
		return nil
	}
	file, err := os.Create(f.writeIDs)
	if err != nil {
		return usageError("--write-ids", err)
	}
	w := bufio.NewWriter(file)
	for _, id := range ids {
		fmt.Fprintln(w, id)
	}
	return usageError("--write-ids", errors.Join(w.Flush(), file.Close()))
}

func (f *emulateFlags) serve(ctx context.Context, api *edentest.API, listener net.Listener, stdout, stderr io.Writer) error {
	server := &http.Server{Handler: api, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	_, err := fmt.Fprintf(stdout, "export %s='%s' %s='%s' EDENWAIT_EMULATE_PID=%d\n",
		keyVariable, f.token, urlVariable, localURL(listener), os.Getpid())
	if file, ok := fileOf(stdout); ok && !isTerminal(file) {
		err = errors.Join(err, file.Close()) // $(…) returns only then
	}
	if err != nil {
		return unfinished("%w", errors.Join(err, server.Close()))
	}
	select {
	case <-ctx.Done():
	case err := <-served:
		return unfinished("%w", err)
	}
	// Requests under way are cut off. A client under test should survive that too, and a
	// client that hangs must not keep this process alive.
	if err := server.Close(); err != nil {
		return unfinished("%w", err)
	}
	<-served
	if !f.quiet {
		s := api.Stats()
		message(stderr, "ended after %s: %d submits, %d gets, %d lists, %d deletes; %d over the rate limit, %d changed by a fault",
			report.Count(s.Requests(), "request"), s.Submits, s.Gets, s.Lists, s.Deletes, s.RateLimited, s.Faults)
	}
	return nil
}
