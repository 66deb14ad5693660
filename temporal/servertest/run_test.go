//go:build unix

package servertest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	edentemporal "github.com/edenwait/edenwait/temporal"
	"github.com/edenwait/edenwait/temporal/internal/workflows"
)

// workflowQueue is the task queue of the scene's workflows.
func workflowQueue(account string) string { return "workflows-" + account }

// A run is some workflows that wait for jobs of one account.
type run struct {
	t       *testing.T
	name    string // of the account
	account *account
	client  client.Client
	ids     [][]string // per workflow
	runs    []client.WorkflowRun
	began   time.Time
}

// startRun adds jobs to the account, and starts n workflows that wait for so many each.
func startRun(t *testing.T, name string, a *account, n, jobs int, w edentest.Workload) *run {
	t.Helper()
	r := &run{t: t, name: name, account: a, client: newClient(t), began: time.Now()}
	all := a.SubmitAll(n*jobs, w)
	for i, ids := range slices.Collect(slices.Chunk(all, jobs)) {
		started, err := r.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID:        fmt.Sprintf("%s-%d", name, i),
			TaskQueue: workflowQueue(name),
		}, workflows.WaitAll, workflows.WaitAllInput{Account: name, IDs: ids, Reduce: "id", HeartbeatTimeout: leaseTimeout})
		if err != nil {
			t.Fatal(err)
		}
		r.ids, r.runs = append(r.ids, ids), append(r.runs, started)
	}
	return r
}

// check waits for the workflows, and fails the test unless each has exactly one outcome per id, in order.
func (r *run) check() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	outcomes := make(map[string]int)
	for i, started := range r.runs {
		var got []edentemporal.Outcome
		if err := started.Get(ctx, &got); err != nil {
			r.t.Fatalf("workflow %d: %v", i, err)
		}
		if len(got) != len(r.ids[i]) {
			r.t.Fatalf("workflow %d has %d outcomes, want %d", i, len(got), len(r.ids[i]))
		}
		for j, outcome := range got {
			outcomes[outcome.ID]++
			var value string
			if err := outcome.Decode(&value); err != nil || value != outcome.ID {
				r.t.Errorf("workflow %d: value %q of %s: %v", i, value, outcome.ID, err)
			}
			if outcome.ID != r.ids[i][j] || outcome.Status != edenwait.StatusSuccess || outcome.Err() != nil {
				r.t.Errorf("workflow %d: outcome %d is %+v, want the success of %s", i, j, outcome, r.ids[i][j])
			}
		}
	}
	for _, ids := range r.ids {
		for _, id := range ids {
			if outcomes[id] != 1 {
				r.t.Errorf("job %s has %d outcomes, want 1", id, outcomes[id])
			}
		}
	}
}

// report logs what the run has cost.
func (r *run) report() {
	r.t.Helper()
	ids := slices.Concat(r.ids...)
	stats := r.account.Stats()
	mean, most := r.account.lag(r.t, ids)
	r.t.Logf("%d workflows of %d jobs: %.2f requests per job, %d refused with 429, lag mean %v, max %v, took %v",
		len(r.ids), len(r.ids[0]), float64(stats.Requests())/float64(len(ids)), stats.RateLimited,
		mean.Round(10*time.Millisecond), most.Round(10*time.Millisecond), time.Since(r.began).Round(100*time.Millisecond))
}
