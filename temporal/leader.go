package edentemporal

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
)

// Leader says who leads an account, as the server knows it.
type Leader struct {
	// Identity is Options.Identity of the process that leads. It is empty if none
	// leads now.
	Identity string
	// Since is from when on it leads. Beat is when its last heartbeat came.
	Since, Beat time.Time
	// Attempt counts the terms of all processes since the LeadWorkflow was started.
	Attempt int
	// Reason is why the term before has ended, such as a refused key. It is empty if
	// there was none.
	Reason string
}

// LeaderOf returns who leads the account. An error means that this could not be
// found out, or that no candidate was ever started.
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
