//go:build unix

package servertest

import (
	"encoding/json"
	"flag"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait/edentest"
	edentemporal "github.com/edenwait/edenwait/temporal"
	"github.com/edenwait/edenwait/temporal/internal/workflows"
)

// TestManyJobs waits for 10,000 jobs in one workflow, and looks at what Temporal bounds: 51,200 events and 50 MiB per history.
func TestManyJobs(t *testing.T) {
	t.Parallel()
	a := newAccount(edentest.Options{Seed: 6, Rate: -1})
	// More than the API allows, so that it takes seconds.
	startProcesses(t, a, 1, settings{Account: t.Name(), Rate: 1000, HeartbeatTimeout: leaseTimeout})
	r := startRun(t, t.Name(), a, 1, 10_000, edentest.Workload{Durations: edentest.Uniform{Min: time.Second, Max: 20 * time.Second}})
	r.check()
	r.report()
	about, err := r.client.DescribeWorkflowExecution(t.Context(), r.runs[0].GetID(), "")
	if err != nil {
		t.Fatal(err)
	}
	events, bytes := about.GetWorkflowExecutionInfo().GetHistoryLength(), about.GetWorkflowExecutionInfo().GetHistorySizeBytes()
	t.Logf("%d events, %.1f MB of history", events, float64(bytes)/1e6)
	if events > 1000 || bytes > 10e6 {
		t.Errorf("%d events and %d bytes of history, want at most 1000 and 10 MB", events, bytes)
	}
}

var (
	scale = flag.Int("scale", 0, "how many workflows of one job each TestManyWorkflows runs")
	pause = flag.Duration("pause", 10*time.Minute, "for how long TestManyWorkflows has them wait")
)

// TestManyWorkflows runs many workflows of one job each.
func TestManyWorkflows(t *testing.T) {
	if *scale == 0 {
		t.Skip("takes minutes: run it with -scale 10000")
	}
	a := newAccount(edentest.Options{Seed: 7, Rate: -1, DiscardRecords: true})
	// Waits last as long as it takes to start the workflows, so that all are there at once.
	workers := startProcesses(t, a, 1, settings{Account: t.Name(), Rate: 200, HeartbeatTimeout: 30 * time.Second, Stats: true})
	c := newClient(t)
	ids := a.SubmitAll(*scale, edentest.Workload{Durations: edentest.Fixed(edentest.Never)})
	began := time.Now()
	runs := make([]client.WorkflowRun, len(ids))
	var group errgroup.Group
	group.SetLimit(32)
	for i, id := range ids {
		group.Go(func() (err error) {
			runs[i], err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
				ID: fmt.Sprintf("%s-%d", t.Name(), i), TaskQueue: workflowQueue(t.Name()),
			}, workflows.WaitAll, workflows.WaitAllInput{Account: t.Name(), IDs: []string{id}})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d workflows started in %v", len(ids), time.Since(began).Round(time.Second))
	last := func() (m memory) {
		lines := workers[0].printed("stats")
		if len(lines) > 0 {
			json.Unmarshal([]byte(lines[len(lines)-1]), &m)
		}
		return m
	}
	within(t, time.Hour, "all wait at the leader", func() bool { return last().Awaits == len(ids) })
	t.Logf("all waited at the leader after %v: %+v", time.Since(began).Round(time.Second), last())
	// Each Await sends a heartbeat per four minutes, and the leader one per seven seconds.
	waited, before := time.Now(), last().Heartbeats
	time.Sleep(*pause)
	beats := last().Heartbeats - before
	t.Logf("%d heartbeats in %v, %.1f per second: %+v", beats, time.Since(waited).Round(time.Second), float64(beats)/time.Since(waited).Seconds(), last())
	ended := time.Now()
	for _, id := range ids {
		a.Finish(id)
	}
	var done atomic.Int64
	for _, started := range runs {
		group.Go(func() error {
			var outcomes []edentemporal.Outcome
			if err := started.Get(t.Context(), &outcomes); err != nil {
				return err
			}
			if outcomes[0].Err() == nil {
				done.Add(1)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("all done %v after the jobs' ends: %+v, %+v", time.Since(ended).Round(time.Second), last(), a.Stats())
	if int(done.Load()) != len(ids) {
		t.Errorf("%d workflows have their outcome, want %d", done.Load(), len(ids))
	}
}
