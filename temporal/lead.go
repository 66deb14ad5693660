package edentemporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// leadWorkflow has one activity that never ends. The process that runs it leads, and
// the server's rules for activities are the election: one attempt at a time, and
// the next one when heartbeats stop.
func leadWorkflow(ctx workflow.Context, in LeadInput) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: endless,
		HeartbeatTimeout:    in.HeartbeatTimeout,
		WaitForCancellation: true, // the workflow ends when the leader has stopped
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: retryDelay, BackoffCoefficient: 1},
	})
	return workflow.ExecuteActivity(ctx, LeadActivity).Get(ctx, nil)
}

// ensureLead starts the account's LeadWorkflow if it does not run. If one has run
// before and was terminated, its leader may not know yet, so the next one starts
// when that one's fence has closed.
func ensureLead(ctx context.Context, c client.Client, o Options) error {
	options := client.StartWorkflowOptions{
		ID: LeadWorkflowID(o.Account), TaskQueue: leadQueue(o.Account),
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}
	last, err := c.DescribeWorkflowExecution(ctx, options.ID, "")
	var notFound *serviceerror.NotFound
	switch {
	case errors.As(err, &notFound):
	case err != nil:
		return fmt.Errorf("edentemporal: %s of account %q: %w", LeadWorkflow, o.Account, err)
	case last.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING:
		return nil
	case last.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_CANCELED:
		closed := last.GetWorkflowExecutionInfo().GetCloseTime().AsTime()
		options.StartDelay = min(max(o.HeartbeatTimeout-time.Since(closed), 0), o.HeartbeatTimeout)
	}
	if _, err := c.ExecuteWorkflow(ctx, options, LeadWorkflow, LeadInput{HeartbeatTimeout: o.HeartbeatTimeout}); err != nil {
		return fmt.Errorf("edentemporal: start %s of account %q: %w", LeadWorkflow, o.Account, err)
	}
	return nil
}
