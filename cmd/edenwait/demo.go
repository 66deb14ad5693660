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

// The demo has the limit that every account has, and jobs of seconds instead of a
// minute, so that a newcomer sees the end of it. Submits count against the limit
// too: these are let through as one burst, since to submit is not what is shown.
const (
	demoRate     = 10
	demoSubmits  = 100 // per second
	demoShortest = time.Second
	demoLongest  = 20 * time.Second
	demoTrip     = 40 * time.Millisecond
	demoFails    = 0.08
	// demoLimit ends a demo on a machine that is too slow for it.
	demoLimit = 27 * time.Second
	// demoJobs is how many at most can be known within that time, whoever asks: each
	// takes a request.
	demoJobs = 220
)

// demo is one run of demo.
type demo struct {
	jobs  int
	seed  uint64
	runs  edentest.Durations // how long the jobs do
	began time.Time
}

func newDemo() *cobra.Command {
	d := demo{runs: edentest.Uniform{Min: demoShortest, Max: demoLongest}}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it at work in half a minute: no key, no network",
		Long: `Start an Eden AI account in a box, submit a few hundred jobs to it over HTTP, and
wait for them twice at once: as edenwait does, and as a plain poll loop does.
Nothing leaves this machine, and nothing is billed.`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().IntVar(&d.jobs, "jobs", 200, "how many jobs to submit")
	cmd.Flags().Uint64Var(&d.seed, "seed", 1, "what the jobs are drawn from")
	return cmd
}

// rival is one of the two who wait: an account of its own, since they would
// otherwise use up each other's requests, with the same jobs in it.
type rival struct {
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
	ours, theirs := d.rival("edenwait"), d.rival("plain loop")
	defer ours.server.Close()
	defer theirs.server.Close()

	fmt.Fprintf(stderr, "Submitting %d jobs to an Eden AI account in a box at %s …\n", d.jobs, ours.server.URL)
	if err := submitBoth(ctx, d.jobs, ours, theirs); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return unfinished("%w", err)
	}
	fmt.Fprintf(stderr, "Waiting for them, as edenwait does and as a plain loop does, at the same time:\n")
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
	return d.tell(stdout, ours, theirs)
}

func (d *demo) rival(name string) *rival {
	return &rival{name: name, server: edentest.Start(edentest.Options{
		Rate: demoRate, Burst: d.jobs + demoRate, Seed: d.seed, Latency: demoTrip,
		OnSubmit: func(s edentest.Submission) edentest.Script { return d.script(s) },
	})}
}

// race has both wait. One that runs out of time has that as its score.
func (d *demo) race(ctx context.Context, ours, theirs *rival) error {
	var group errgroup.Group
	began := time.Now()
	for r, wait := range map[*rival]func(context.Context, *rival) error{ours: waitOurs, theirs: waitPlain} {
		group.Go(func() error {
			r.start(began, len(r.ids))
			err := wait(ctx, r)
			r.stop()
			return err
		})
	}
	return group.Wait()
}

// show puts both on the screen, or tells of them now and then where there is
// none, until the result is called.
func (d *demo) show(c *console, rivals ...*rival) (stop func()) {
	if c.screen != nil {
		for _, r := range rivals {
			r.row = c.screen.Row(fmt.Sprintf("%-10s", r.name))
		}
		return func() {}
	}
	const every = 4 * time.Second
	ended, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				for _, r := range rivals {
					p := r.standing()
					if p.Waiting == 0 {
						continue
					}
					fmt.Fprintf(c.err, "  %4s  %-10s  %3d of %d known to have ended, %d requests\n",
						bar.Short(time.Since(d.began)), r.name, p.Total-p.Waiting, p.Total, p.Requests)
				}
			case <-ended:
				return
			}
		}
	}()
	return func() {
		close(ended)
		<-told
	}
}

// tell writes what came out.
func (d *demo) tell(w io.Writer, ours, theirs *rival) error {
	t := table{w: w}
	t.line("")
	t.line("%-36s %12s %12s", "", ours.name, theirs.name)
	t.row("jobs known to have ended", ours, theirs, func(s *score) string { return fmt.Sprint(s.ended()) })
	t.row("  succeeded", ours, theirs, func(s *score) string { return fmt.Sprint(s.p.Succeeded) })
	t.row("  failed, with the provider's reason", ours, theirs, func(s *score) string { return fmt.Sprint(s.p.Failed) })
	t.row("cost of the jobs", ours, theirs, func(s *score) string { return report.Dollars(s.tally.Cost()) })
	t.row("requests to find out", ours, theirs, func(s *score) string { return fmt.Sprint(s.p.Requests) })
	t.row("  refused by the rate limit (429)", ours, theirs, func(s *score) string { return fmt.Sprint(s.p.RateLimited) })
	t.row("  a job", ours, theirs, func(s *score) string { return fmt.Sprintf("%.1f", float64(s.p.Requests)/float64(s.p.Total)) })
	t.row("lag from a job's end to knowing it", ours, theirs, func(s *score) string { return report.Seconds(s.meanLag()) })
	t.row("  at worst", ours, theirs, func(s *score) string { return report.Seconds(s.worstLag()) })
	t.row("last result after", ours, theirs, (*score).took)
	t.line("")
	t.line("Both waited for the same %d jobs at the same time, each on an account of its own", d.jobs)
	t.line("with the usual limit of %d requests per second, %s away. This is measured, not computed.", demoRate, report.Seconds(demoTrip))
	t.line("The plain loop is what one writes first: errgroup, a goroutine per job, each with")
	t.line("an exponential backoff. edenwait asks for the job list, where one request tells of")
	t.line("a thousand jobs, and then for those that have ended; all inside the rate limit.")
	t.line("")
	t.line("Now with jobs of your own:")
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

func (t *table) row(name string, ours, theirs *rival, value func(*score) string) {
	t.line("%-36s %12s %12s", name, value(&ours.score), value(&theirs.score))
}
