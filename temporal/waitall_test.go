package edentemporal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/edenwait/edenwait"
	edentemporal "github.com/edenwait/edenwait/temporal"
)

const account = "production"

func jobID(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i) }

func jobIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = jobID(i)
	}
	return ids
}

// waited is what a workflow makes of WaitAll.
type waited struct {
	Outcomes []edentemporal.Outcome
	Error    string
	Canceled bool
	Timeout  bool
	Took     time.Duration
}

func waitWorkflow(ctx workflow.Context, ids []string, timeout time.Duration) (waited, error) {
	began := workflow.Now(ctx)
	outcomes, err := edentemporal.WaitAll(ctx, account, ids, edentemporal.WithReduce("text"), edentemporal.WithTimeout(timeout))
	w := waited{Outcomes: outcomes, Canceled: temporal.IsCanceledError(err), Timeout: temporal.IsTimeoutError(err), Took: workflow.Now(ctx).Sub(began)}
	if err != nil {
		w.Error = err.Error()
	}
	return w, nil
}

// await is an Await of the test's own.
type await func(context.Context, edentemporal.AwaitInput) (edentemporal.AwaitResult, error)

// atMost returns an Await in which so many jobs succeed per call.
func atMost(n int, calls *[]edentemporal.AwaitInput) await {
	var mu sync.Mutex
	return func(_ context.Context, in edentemporal.AwaitInput) (edentemporal.AwaitResult, error) {
		mu.Lock()
		*calls = append(*calls, in)
		mu.Unlock()
		var result edentemporal.AwaitResult
		for _, id := range in.IDs[:min(n, len(in.IDs))] {
			value, _ := json.Marshal(id[30:])
			result.Outcomes = append(result.Outcomes, edentemporal.Outcome{ID: id, Status: edenwait.StatusSuccess, Value: value})
		}
		return result, nil
	}
}

func run(t *testing.T, do await, ids []string, timeout time.Duration, with ...func(*testsuite.TestWorkflowEnvironment)) waited {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterWorkflow(waitWorkflow)
	env.RegisterActivityWithOptions(do, activity.RegisterOptions{Name: edentemporal.AwaitActivity})
	env.SetTestTimeout(time.Minute)
	for _, f := range with {
		f(env)
	}
	env.ExecuteWorkflow(waitWorkflow, ids, timeout)
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	var w waited
	if err := env.GetWorkflowResult(&w); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWaitAllOutcomesInOrder(t *testing.T) {
	ids := append(jobIDs(5), strings.ToUpper("abcdefab-0000-4000-8000-000000000000"), "job 7", jobID(2), "abcdefab-0000-4000-8000-000000000000")
	var calls []edentemporal.AwaitInput
	w := run(t, atMost(2, &calls), ids, 0)
	if w.Error != "" || len(w.Outcomes) != len(ids) {
		t.Fatalf("%d outcomes of %d, error %q", len(w.Outcomes), len(ids), w.Error)
	}
	for i, o := range w.Outcomes {
		want := o.Err() == nil && string(o.Value) == `"`+strings.ToLower(ids[i])[min(30, len(ids[i])):]+`"`
		if i == 6 {
			want = o.Code == edentemporal.CodeInvalidID && o.Err() != nil
		}
		if o.ID != ids[i] || !want {
			t.Errorf("outcome %d of %q: %+v", i, ids[i], o)
		}
	}
	var sizes []int
	for _, c := range calls {
		sizes = append(sizes, len(c.IDs))
	}
	if !slices.Equal(sizes, []int{6, 4, 2}) || calls[0].Reduce != "text" {
		t.Errorf("calls of %v ids, reduce %q", sizes, calls[0].Reduce)
	}
}

func TestWaitAllChunks(t *testing.T) {
	var calls []edentemporal.AwaitInput
	w := run(t, atMost(1000, &calls), jobIDs(2500), 0)
	if w.Error != "" || slices.ContainsFunc(w.Outcomes, func(o edentemporal.Outcome) bool { return o.Err() != nil }) {
		t.Fatalf("error %q", w.Error)
	}
	if len(calls) != 3 {
		t.Errorf("%d calls", len(calls))
	}
}

func TestWaitAllBounds(t *testing.T) {
	var calls []edentemporal.AwaitInput
	w := run(t, atMost(1000, &calls), jobIDs(edentemporal.MaxIDs+1), 0)
	if !strings.Contains(w.Error, "ContinueAsNew") || len(calls) != 0 {
		t.Errorf("error %q, %d calls", w.Error, len(calls))
	}
	if w := run(t, atMost(1000, &calls), nil, 0); w.Error != "" || len(w.Outcomes) != 0 {
		t.Errorf("no ids: %+v", w)
	}
	if w := run(t, atMost(0, &calls), jobIDs(1), 0); !strings.Contains(w.Error, "no outcome") {
		t.Errorf("an Await without outcomes: %+v", w)
	}
}

func TestWaitAllCancelled(t *testing.T) {
	w := run(t, nil, jobIDs(3), 0, func(env *testsuite.TestWorkflowEnvironment) {
		env.OnActivity(edentemporal.AwaitActivity, mock.Anything, mock.Anything).After(time.Hour).Return(edentemporal.AwaitResult{}, nil)
		env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
	})
	if !w.Canceled || w.Took != time.Minute || len(w.Outcomes) != 3 || w.Outcomes[0].Code != edentemporal.CodeWaiting {
		t.Errorf("%+v", w)
	}
}

func TestWaitAllTimeout(t *testing.T) {
	known := edentemporal.AwaitResult{Outcomes: []edentemporal.Outcome{{ID: jobID(1), Status: edenwait.StatusFail, Error: "no speech"}}}
	w := run(t, nil, jobIDs(3), time.Hour, func(env *testsuite.TestWorkflowEnvironment) {
		env.OnActivity(edentemporal.AwaitActivity, mock.Anything, mock.Anything).Return(edentemporal.AwaitResult{},
			temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, errors.New("the last failure"), known))
	})
	if !w.Timeout || len(w.Outcomes) != 3 || w.Outcomes[1].Error != "no speech" || w.Outcomes[2].Code != edentemporal.CodeWaiting {
		t.Errorf("%+v", w)
	}
}

// The time left until a deadline that has passed is negative: it is not endless.
func TestWaitAllPastDeadline(t *testing.T) {
	var calls []edentemporal.AwaitInput
	w := run(t, atMost(1000, &calls), jobIDs(2), -time.Second)
	if !w.Timeout || len(calls) != 0 || len(w.Outcomes) != 2 || w.Outcomes[1].Code != edentemporal.CodeWaiting {
		t.Errorf("%+v, %d calls", w, len(calls))
	}
}

// Without a heartbeat timeout, the waits of a dead leader would never restart.
func TestWaitAllHeartbeatTimeout(t *testing.T) {
	for option, want := range map[time.Duration]time.Duration{0: 5 * time.Minute, -1: 5 * time.Minute, time.Minute: time.Minute} {
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestWorkflowEnvironment()
		var got time.Duration
		env.RegisterActivityWithOptions(func(ctx context.Context, in edentemporal.AwaitInput) (edentemporal.AwaitResult, error) {
			got = activity.GetInfo(ctx).HeartbeatTimeout
			return edentemporal.AwaitResult{Outcomes: []edentemporal.Outcome{{ID: in.IDs[0]}}}, nil
		}, activity.RegisterOptions{Name: edentemporal.AwaitActivity})
		env.ExecuteWorkflow(func(ctx workflow.Context) error {
			_, err := edentemporal.WaitAll(ctx, account, jobIDs(1), edentemporal.WithHeartbeatTimeout(option))
			return err
		})
		if err := env.GetWorkflowError(); err != nil || got != want {
			t.Errorf("%v: %v, %v", option, got, err)
		}
	}
}

func TestWaitAllRefused(t *testing.T) {
	known := edentemporal.AwaitResult{Outcomes: []edentemporal.Outcome{{ID: jobID(1), Status: edenwait.StatusSuccess}}}
	w := run(t, nil, jobIDs(3), 0, func(env *testsuite.TestWorkflowEnvironment) {
		env.OnActivity(edentemporal.AwaitActivity, mock.Anything, mock.Anything).Return(edentemporal.AwaitResult{},
			temporal.NewNonRetryableApplicationError("the API refuses the key", "AccountRefused", nil, known))
	})
	if !strings.Contains(w.Error, "refuses the key") || w.Outcomes[1].Err() != nil || w.Outcomes[2].Code != edentemporal.CodeWaiting {
		t.Errorf("%+v", w)
	}
}
