package edentemporal

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/edenwait/edenwait/edentest"
)

// described is a server whose LeadWorkflow stands like that.
type described struct {
	client.Client
	info    *workflowpb.WorkflowExecutionInfo
	pending []*workflowpb.PendingActivityInfo
	err     error
	started []client.StartWorkflowOptions
}

func (d *described) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: d.info, PendingActivities: d.pending}, d.err
}

func (d *described) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	d.started = append(d.started, o)
	return nil, nil
}

// A LeadWorkflow that was terminated starts when its leader's fence has closed.
func TestEnsureLead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := func(status enums.WorkflowExecutionStatus, ago time.Duration) *workflowpb.WorkflowExecutionInfo {
			return &workflowpb.WorkflowExecutionInfo{Status: status, CloseTime: timestamppb.New(time.Now().Add(-ago))}
		}
		for name, test := range map[string]struct {
			server described
			starts bool
			delay  time.Duration
		}{
			"none yet":             {described{err: serviceerror.NewNotFound("")}, true, 0},
			"runs":                 {described{info: &workflowpb.WorkflowExecutionInfo{Status: enums.WORKFLOW_EXECUTION_STATUS_RUNNING}}, false, 0},
			"terminated":           {described{info: closed(enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, 10*time.Second)}, true, 20 * time.Second},
			"terminated long ago":  {described{info: closed(enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, time.Hour)}, true, 0},
			"another clock":        {described{info: closed(enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, -time.Hour)}, true, 30 * time.Second},
			"cancelled":            {described{info: closed(enums.WORKFLOW_EXECUTION_STATUS_CANCELED, 0)}, true, 0},
			"the server is silent": {described{err: serviceerror.NewUnavailable("")}, false, 0},
		} {
			err := ensureLead(t.Context(), &test.server, testOptions(t, edentest.New(edentest.Options{})))
			if starts := len(test.server.started) == 1; starts != test.starts || starts && test.server.started[0].StartDelay != test.delay {
				t.Errorf("%s: %+v, %v", name, test.server.started, err)
			}
		}
	})
}

func TestLeaderOf(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	pending := &workflowpb.PendingActivityInfo{
		State: enums.PENDING_ACTIVITY_STATE_STARTED, LastWorkerIdentity: "w1", Attempt: 3, LastStartedTime: timestamppb.New(at),
		LastHeartbeatTime: timestamppb.New(at.Add(time.Minute)), LastFailure: &failurepb.Failure{Message: "it was stopped"},
	}
	got, err := LeaderOf(t.Context(), &described{pending: []*workflowpb.PendingActivityInfo{pending}}, "test")
	if want := (Leader{Identity: "w1", Since: at, Beat: at.Add(time.Minute), Attempt: 3, Reason: "it was stopped"}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	pending.State = enums.PENDING_ACTIVITY_STATE_SCHEDULED
	got, err = LeaderOf(t.Context(), &described{pending: []*workflowpb.PendingActivityInfo{pending}}, "test")
	if want := (Leader{Attempt: 3, Reason: "it was stopped"}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := LeaderOf(t.Context(), &described{err: serviceerror.NewNotFound("")}, "test"); err == nil {
		t.Error("no workflow, and no error")
	}
}
