//go:build unix

package servertest

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/temporal/internal/workflows"
)

// TestSubmitsAtLeader submits 300 jobs at the leader, while those that are there already are waited for.
func TestSubmitsAtLeader(t *testing.T) {
	t.Parallel()
	a := newAccount(edentest.Options{Seed: 4, Workload: edentest.Workload{
		Durations: edentest.Uniform{Min: 5 * time.Second, Max: 20 * time.Second},
	}})
	startProcesses(t, a, 2, settings{Account: t.Name(), Rate: 10, HeartbeatTimeout: leaseTimeout, Submits: true})
	c := newClient(t)
	began := time.Now()
	const n, jobs = 30, 10
	var runs []client.WorkflowRun
	for i := range n {
		started, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
			ID:        fmt.Sprintf("%s-%d", t.Name(), i),
			TaskQueue: workflowQueue(t.Name()),
		}, workflows.SubmitAndWait, t.Name(), jobs)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, started)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ended := make(map[string]bool)
	for i, started := range runs {
		var ids []string
		if err := started.Get(ctx, &ids); err != nil {
			t.Fatalf("workflow %d: %v", i, err)
		}
		for _, id := range ids {
			if _, seen := a.FirstSeenEnded(id); !seen || ended[id] {
				t.Errorf("job %s: seen to end %t, ended before %t", id, seen, ended[id])
			}
			ended[id] = true
		}
	}
	stats := a.Stats()
	share := float64(stats.RateLimited) / float64(stats.Requests())
	t.Logf("%d submits, %d GETs, %d lists in %v, %.1f %% of them refused with 429",
		stats.Submits, stats.Gets, stats.Lists, time.Since(began).Round(100*time.Millisecond), 100*share)
	if len(ended) != n*jobs {
		t.Errorf("%d jobs ended, want %d", len(ended), n*jobs)
	}
	if share > 0.03 {
		t.Errorf("%.1f %% of the requests were refused with 429, want at most 3 %%", 100*share)
	}
	var submitters []sent
	for _, request := range a.requests(edentest.Submit) {
		var body struct{ Model string }
		if err := json.Unmarshal(request.Body, &body); err != nil || body.Model == "" {
			t.Errorf("invalid submit %q: %v", request.Body, err)
		}
		submitters = append(submitters, request)
	}
	checkOneLeader(t, submitters)
	record(t, c, runs[0].GetID(), "submit_and_wait")
}
