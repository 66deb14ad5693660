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
	quiet     bool
}

func newEmulate() *cobra.Command {
	var flags emulateFlags
	cmd := &cobra.Command{
		Use:   "emulate",
		Short: "Serve an Eden AI account in a box, for tests in any language",
		Long: `Serve the four endpoints of async jobs on a loopback address, with jobs that
run for a while and end, the account's request limit, and faults if wanted.

One line goes to stdout, ready for eval, and stdout is closed after it, so that

  eval "$(edenwait emulate --jobs 100 --write-ids ids.txt &)"
  edenwait wait --ids-file ids.txt
  kill $EDENWAIT_EMULATE_PID

works as it stands. With --webhooks, jobs whose submit named a webhook_receiver are
delivered there, signed. SIGINT or SIGTERM ends it, with exit code 0.`,
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
	f.StringVar(&flags.addr, "addr", "127.0.0.1:0", "listen `address`; port 0 is any free one")
	f.StringVar(&flags.token, "token", edentest.DefaultToken, "the `key` to accept")
	f.Float64Var(&flags.options.Rate, "rate", 10, "requests a second, for all clients together; negative is no limit")
	f.IntVar(&flags.options.Burst, "burst", 10, "requests at once after a pause")
	f.Uint64Var(&flags.options.Seed, "seed", 0, "what everything random derives from")
	f.IntVar(&flags.jobs, "jobs", 0, "jobs that are there from the start")
	f.StringVar(&flags.writeIDs, "write-ids", "", "write their ids to this `file`, one a line")
	f.StringVar(&flags.durations, "durations", "lognormal:60s,1,20m", durationsHelp)
	f.Float64Var(&flags.options.Workload.FailureRate, "fail-share", 0, "`share` of jobs that fail, 0 to 1")
	f.IntVar(&flags.options.Workload.OutputBytes, "output-bytes", 0, "approximate `size` of an output; 0 is a sentence")
	f.DurationVar(&flags.options.Latency, "latency", 0, "round trip of a request")
	f.DurationVar(&flags.options.ListLag, "list-lag", 0, "how far the job list is behind")
	f.StringArrayVar(&flags.faults, "fault", nil, faultHelp)
	flags.webhooks.flags(cmd)
	f.BoolVarP(&flags.quiet, "quiet", "q", false, "nothing on stderr")
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
		return errors.New("--token holds what a shell or a header would not take literally")
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
	if err := f.webhooks.putKey(api); err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := f.submit(api); err != nil {
		return errors.Join(err, listener.Close())
	}
	return f.serve(ctx, api, listener, stdout, stderr)
}

// check refuses what the account would take for something else, or at its word:
// a burst of 0 is the default's 10 to it, and no request is let through at a rate
// that is no number. Comparisons are written so that NaN fails them.
func (f *emulateFlags) check() error {
	o := f.options
	for _, bound := range []struct {
		ok    bool
		flag  string
		value any
		want  string
	}{
		{o.Rate < 0 || o.Rate > 0 && !math.IsInf(o.Rate, 1), "rate", o.Rate, "requests a second, or a negative number for no limit"},
		{o.Burst >= 1, "burst", o.Burst, "1 or more"},
		{f.jobs >= 0, "jobs", f.jobs, "0 or more"},
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

// listen refuses what is not loopback: the key travels unencrypted, and wait
// would refuse such a URL too.
func (f *emulateFlags) listen() (net.Listener, error) {
	host, _, err := net.SplitHostPort(f.addr)
	if err != nil {
		return nil, fmt.Errorf("--addr: %w", err)
	}
	if ip := net.ParseIP(cmp.Or(host, "127.0.0.1")); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("--addr: %s is no loopback address", f.addr)
	}
	if host == "" {
		f.addr = "127.0.0.1" + f.addr
	}
	listener, err := net.Listen("tcp", f.addr)
	return listener, cannot("--addr", err)
}

// submit adds the jobs that are there from the start.
func (f *emulateFlags) submit(api *edentest.API) (err error) {
	ids := api.SubmitAll(f.jobs, f.options.Workload)
	if f.writeIDs == "" {
		return nil
	}
	file, err := os.Create(f.writeIDs)
	if err != nil {
		return cannot("--write-ids", err)
	}
	w := bufio.NewWriter(file)
	for _, id := range ids {
		fmt.Fprintln(w, id)
	}
	return cannot("--write-ids", errors.Join(w.Flush(), file.Close()))
}

func (f *emulateFlags) serve(ctx context.Context, api *edentest.API, listener net.Listener, stdout, stderr io.Writer) error {
	server := &http.Server{Handler: api, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	_, err := fmt.Fprintf(stdout, "export %s='%s' %s='http://%s' EDENWAIT_EMULATE_PID=%d\n",
		keyVariable, f.token, urlVariable, listener.Addr(), os.Getpid())
	if file, ok := fileOf(stdout); ok && !isTerminal(file) {
		err = errors.Join(err, file.Close()) // which is what lets $(…) return
	}
	if err != nil {
		return unfinished("%w", errors.Join(err, server.Close()))
	}
	select {
	case <-ctx.Done():
	case err := <-served:
		return unfinished("%w", err)
	}
	// What is under way is cut: a client that tests itself here should survive
	// that too, and one that hangs must not keep this process.
	if err := server.Close(); err != nil {
		return unfinished("%w", err)
	}
	<-served
	if !f.quiet {
		s := api.Stats()
		say(stderr, "ended after %s: %d submits, %d gets, %d lists, %d deletes; %d refused by the rate limit, %d met by a fault",
			report.Count(s.Requests(), "request"), s.Submits, s.Gets, s.Lists, s.Deletes, s.RateLimited, s.Faults)
	}
	return nil
}
