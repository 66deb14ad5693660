package edentemporal

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
)

// Leader describes the process that leads an account, according to the server.
type Leader struct {
	// Identity is Options.Identity of the process that leads. It is empty if no process
	// leads now.
	Identity string
	// Since is when it began to lead. Beat is when its last heartbeat arrived.
	Since, Beat time.Time
	// Attempt counts the terms of all processes since the LeadWorkflow was started.
	Attempt int
	// Reason is why the previous term ended, such as a refused key. It is empty if there
	// was no previous term.
	Reason string
}

// LeaderOf returns the leader of the account. An error means that the server could not
// say, or that no candidate was ever started.
func LeaderOf(ctx context.Context, c client.Client, account string) (Leader, error) {
	if err := checkAccount(account); err != nil {
		return Leader{}, err
	}
	about, err := c.DescribeWorkflowExecution(ctx, LeadWorkflowID(account), "")
	if err != nil {
		return Leader{}, fmt.Errorf("edentemporal: %s of account %q: %w", LeadWorkflow, account, err)
	}
	activities := about.GetPendingActivities()
	if len(activities) == 0 {
		return Leader{}, nil
	}
	a := activities[0] // the only one
	leader := Leader{Attempt: int(a.GetAttempt()), Reason: a.GetLastFailure().GetMessage()}
	switch a.GetState() {
	case enums.PENDING_ACTIVITY_STATE_SCHEDULED, enums.PENDING_ACTIVITY_STATE_PAUSED: // nobody's
	default:
		leader.Identity = a.GetLastWorkerIdentity()
		leader.Since = a.GetLastStartedTime().AsTime()
		if beat := a.GetLastHeartbeatTime(); beat != nil {
			leader.Beat = beat.AsTime()
		}
	}
	return leader, nil
}
