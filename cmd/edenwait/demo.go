package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/bar"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
	"github.com/edenwait/edenwait/edentest"
)

// The demo has the rate limit of every account, and jobs of seconds instead of a minute,
// so that it ends soon. Submits count against the limit too. The server lets them through
// as one burst, since the demo is about waiting.
const (
	demoRate     = 10
	demoSubmits  = 100 // per second
	demoShortest = time.Second
	demoLongest  = 20 * time.Second
	demoTrip     = 40 * time.Millisecond
	demoFails    = 0.08
	// demoLimit ends the demo on a machine that is too slow.
	demoLimit = 27 * time.Second
	// demoJobs is how many results any client can GET within that time.
	demoJobs = 220
)

// demo is one run of demo.
type demo struct {
	jobs  int
	seed  uint64
	runs  edentest.Durations // of the jobs
	began time.Time
}

func newDemo() *cobra.Command {
	d := demo{runs: edentest.Uniform{Min: demoShortest, Max: demoLongest}}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Try it for half a minute, without a key or a network",
		Long: `Start a fake Eden AI API on this machine, submit a few hundred jobs to it over HTTP,
and wait for them twice at the same time: with edenwait, and with the usual poll
loop. Nothing is sent to the network, and nothing is billed.`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().IntVar(&d.jobs, "jobs", 200, "`number` of jobs to submit")
	cmd.Flags().Uint64Var(&d.seed, "seed", 1, "`seed` of the random jobs")
	return cmd
}

// client is one of the two that wait. Each has an account of its own with the same jobs,
// since they would use up each other's requests.
type client struct {
	name   string
	server *edentest.Server
	ids    []string
	row    *bar.Row
	score
}

func (d *demo) run(ctx context.Context, stdout, stderr io.Writer) error {
	if d.jobs < 1 || d.jobs > demoJobs {
		return fmt.Errorf("--jobs is %d, want 1 to %d", d.jobs, demoJobs)
	}
	d.began = time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, demoLimit, errTimeout)
	defer cancel()
	ours, theirs := d.client("edenwait"), d.client("usual loop")
	defer ours.server.Close()
	defer theirs.server.Close()

	fmt.Fprintf(stderr, "Submitting %d jobs to a fake Eden AI API at %s …\n", d.jobs, ours.server.URL)
	if err := submitBoth(ctx, d.jobs, ours, theirs); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return unfinished("%w", err)
	}
	fmt.Fprintf(stderr, "Waiting for them with edenwait and with the usual loop, at the same time:\n")
	console := newConsole(stdout, stderr, false)
	stop := d.show(console, ours, theirs)
	err := d.race(ctx, ours, theirs)
	stop()
	console.close()
	if err != nil {
		return err
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errTimeout) {
		return unfinished("%w", cause)
	}
	if err := d.report(stdout, ours, theirs); err != nil {
		return unfinished("%w", err)
	}
	return nil
}

func (d *demo) client(name string) *client {
	return &client{name: name, server: edentest.Start(edentest.Options{
		Rate: demoRate, Burst: d.jobs + demoRate, Seed: d.seed, Latency: demoTrip,
		OnSubmit: func(s edentest.Submission) edentest.Script { return d.script(s) },
	})}
}

// race runs both until their jobs have ended or the time is over.
func (d *demo) race(ctx context.Context, ours, theirs *client) error {
	var group errgroup.Group
	began := time.Now()
	for r, wait := range map[*client]func(context.Context, *client) error{ours: waitOurs, theirs: waitPlain} {
		group.Go(func() error {
			r.start(began, len(r.ids))
			err := wait(ctx, r)
			r.stop()
			return err
		})
	}
	return group.Wait()
}

// show draws a bar for each client. Without a terminal it prints a line for each every
// few seconds. It ends when stop is called.
func (d *demo) show(c *console, clients ...*client) (stop func()) {
	if c.screen != nil {
		for _, r := range clients {
			r.row = c.screen.Row(fmt.Sprintf("%-10s", r.name))
		}
		return func() {}
	}
	const every = 4 * time.Second
	ended, finished := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				for _, r := range clients {
					p := r.snapshot()
					if p.Waiting == 0 {
						continue
					}
					fmt.Fprintf(c.err, "  %4s  %-10s  %3d of %d jobs done, %d requests\n",
						bar.Short(time.Since(d.began)), r.name, p.Total-p.Waiting, p.Total, p.Requests)
				}
			case <-ended:
				return
			}
		}
	}()
	return func() {
		close(ended)
		<-finished
	}
}

// report prints the comparison.
func (d *demo) report(w io.Writer, ours, theirs *client) error {
	t := table{w: w}
	t.line("")
	t.line("%-36s %12s %12s", "", ours.name, theirs.name)
	t.row("jobs done", ours, theirs, func(s *score) string { return fmt.Sprint(s.ended()) })
	t.row("  succeeded", ours, theirs, func(s *score) string { return fmt.Sprint(s.p.Succeeded) })
	t.row("  failed", ours, theirs, func(s *score) string { return fmt.Sprint(s.p.Failed) })
	t.row("cost of the jobs", ours, theirs, func(s *score) string { return report.Dollars(s.tally.Cost()) })
	t.row("requests", ours, theirs, func(s *score) string { return fmt.Sprint(s.p.Requests) })
	t.row("  over the rate limit (429)", ours, theirs, func(s *score) string { return fmt.Sprint(s.p.RateLimited) })
	t.row("  per job", ours, theirs, func(s *score) string { return fmt.Sprintf("%.1f", float64(s.p.Requests)/float64(s.p.Total)) })
	t.row("mean lag, from job's end to result", ours, theirs, func(s *score) string { return report.Seconds(s.meanLag()) })
	t.row("maximum lag", ours, theirs, func(s *score) string { return report.Seconds(s.worstLag()) })
	t.row("last result after", ours, theirs, (*score).took)
	t.line("")
	t.line("Both waited for the same %d jobs at the same time, each with its own account.", d.jobs)
	t.line("The account has the usual limit of %d requests per second and is %s away. The", demoRate, report.Seconds(demoTrip))
	t.line("figures are measured. The usual loop is an errgroup with a goroutine per job, which")
	t.line("polls with exponential backoff. edenwait reads the job list, where one request returns")
	t.line("the status of a thousand jobs, and then GETs the jobs that have ended.")
	t.line("")
	t.line("Now wait for your own jobs:")
	t.line("  %s=… edenwait wait --ids-file ids.txt --output results.jsonl", keyVariable)
	return t.err
}

// table writes lines and keeps the first error.
type table struct {
	w   io.Writer
	err error
}

func (t *table) line(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format+"\n", args...)
	}
}

func (t *table) row(name string, ours, theirs *client, value func(*score) string) {
	t.line("%-36s %12s %12s", name, value(&ours.score), value(&theirs.score))
}
