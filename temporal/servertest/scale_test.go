//go:build unix

package servertest

import (
	"encoding/json"
	"flag"
	"fmt"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait/edentest"
	edentemporal "github.com/edenwait/edenwait/temporal"
	"github.com/edenwait/edenwait/temporal/internal/workflows"
)

// TestManyJobs waits for 10,000 jobs in one workflow. Temporal ends a workflow at 51,200 events or
// 50 MB of history.
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

// TestManyWorkflows runs many workflows of one job each. All of them wait at the same time.
func TestManyWorkflows(t *testing.T) {
	if *scale == 0 {
		t.Skip("takes half an hour: run it with -scale 10000 -timeout 2h")
	}
	a := newAccount(edentest.Options{Seed: 7, Rate: -1, DiscardRecords: true})
	// A rate whose ends a server on two cores can take in.
	leader := startProcess(t, a, settings{
		Name: "leader", Account: t.Name(), Rate: 50, HeartbeatTimeout: 30 * time.Second, Stats: true, OnlyLeads: true,
	})
	startProcess(t, a, settings{Name: "workflows", Account: t.Name(), NeverLeads: true}).await("started")
	leader.await("started")
	eventually(t, "it leads", func() bool { return memoryOf(leader).Leads })
	t.Logf("alone: %+v", memoryOf(leader))
	c := newClient(t)
	ids := a.SubmitAll(*scale, edentest.Workload{Durations: edentest.Fixed(edentest.Never)})

	began := time.Now()
	runs := startMany(t, c, ids)
	t.Logf("%d workflows started in %v", len(ids), time.Since(began).Round(time.Second))
	within(t, time.Hour, "all wait at the leader", func() bool { return memoryOf(leader).Awaits == len(ids) })
	t.Logf("all waited at the leader after %v: %+v", time.Since(began).Round(time.Second), memoryOf(leader))

	waited, before := time.Now(), memoryOf(leader)
	time.Sleep(*pause)
	after, took := memoryOf(leader), time.Since(waited)
	t.Logf("%.1f heartbeats per second in %v: %+v", float64(after.Heartbeats-before.Heartbeats)/took.Seconds(), took.Round(time.Second), after)

	ended := time.Now()
	for _, id := range ids {
		a.Finish(id)
	}
	within(t, time.Hour, "all jobs are seen to end", func() bool { return a.Stats().SeenEnded == len(ids) })
	t.Logf("all jobs were seen to end after %v", time.Since(ended).Round(time.Second))
	for i, run := range runs {
		var outcomes []edentemporal.Outcome
		if err := run.Get(t.Context(), &outcomes); err != nil {
			t.Fatal(err)
		}
		if len(outcomes) != 1 || outcomes[0].ID != ids[i] || outcomes[0].Err() != nil {
			t.Errorf("workflow %d has the outcomes %+v, want the success of %s", i, outcomes, ids[i])
		}
	}
	t.Logf("all workflows ended after %v: %+v, %+v", time.Since(ended).Round(time.Second), memoryOf(leader), a.Stats())
}

// startMany starts a workflow per id.
func startMany(t *testing.T, c client.Client, ids []string) []client.WorkflowRun {
	t.Helper()
	runs := make([]client.WorkflowRun, len(ids))
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(32)
	for i, id := range ids {
		group.Go(func() (err error) {
			runs[i], err = c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
				ID: fmt.Sprintf("%s-%d", t.Name(), i), TaskQueue: workflowQueue(t.Name()),
			}, workflows.WaitAll, workflows.WaitAllInput{Account: t.Name(), IDs: []string{id}})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	return runs
}

// memoryOf returns what the process has printed last.
func memoryOf(p *process) (m memory) {
	p.t.Helper()
	if lines := p.printed("stats"); len(lines) > 0 {
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &m); err != nil {
			p.t.Fatal(err)
		}
	}
	return m
}
