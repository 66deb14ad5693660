// Package workflows has the workflows of the tests with a real server. The tests of edentemporal
// replay their histories, which are in testdata/scenes. So they stay as they are: a changed one is
// a new one, under a name of its own.
package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	edentemporal "github.com/edenwait/edenwait/temporal"
)

// Register registers all workflows.
func Register(registry worker.WorkflowRegistry) {
	registry.RegisterWorkflowWithOptions(WaitAll, workflow.RegisterOptions{Name: "WaitAll"})
	registry.RegisterWorkflowWithOptions(SubmitAndWait, workflow.RegisterOptions{Name: "SubmitAndWait"})
}

// WaitAllInput is the input of [WaitAll].
type WaitAllInput struct {
	Account string        `json:"account"`
	IDs     []string      `json:"ids"`
	Reduce  string        `json:"reduce,omitempty"`
	Timeout time.Duration `json:"timeout,omitempty"`
	// HeartbeatTimeout of the Awaits. Defaults to WaitAll's.
	HeartbeatTimeout time.Duration `json:"heartbeat_timeout,omitempty"`
}

// WaitAll waits for jobs.
func WaitAll(ctx workflow.Context, in WaitAllInput) ([]edentemporal.Outcome, error) {
	options := []edentemporal.Option{edentemporal.WithReduce(in.Reduce), edentemporal.WithTimeout(in.Timeout)}
	if in.HeartbeatTimeout > 0 {
		options = append(options, edentemporal.WithHeartbeatTimeout(in.HeartbeatTimeout))
	}
	return edentemporal.WaitAll(ctx, in.Account, in.IDs, options...)
}

// SubmitActivity is the name of the activity that submits a job, and returns its id.
const SubmitActivity = "Submit"

// SubmitAndWait submits jobs at the leader, waits for each as soon as it has its id, and returns
// the ids.
func SubmitAndWait(ctx workflow.Context, account string, jobs int) ([]string, error) {
	ids := make([]string, jobs)
	errs := make([]error, jobs)
	group := workflow.NewWaitGroup(ctx)
	for i := range jobs {
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			ids[i], errs[i] = submitAndWait(ctx, account)
		})
	}
	group.Wait(ctx)
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func submitAndWait(ctx workflow.Context, account string) (string, error) {
	var id string
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           edentemporal.SubmitQueue(account),
		StartToCloseTimeout: 10 * time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 1},
	}), SubmitActivity).Get(ctx, &id)
	if err != nil {
		return "", err
	}
	outcomes, err := edentemporal.WaitAll(ctx, account, []string{id})
	if err != nil {
		return "", err
	}
	return outcomes[0].ID, outcomes[0].Err()
}
