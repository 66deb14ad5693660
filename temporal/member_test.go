package edentemporal

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"github.com/edenwait/edenwait/edentest"
)

// running is a server on which the LeadWorkflow runs.
type running struct{ server }

func (*running) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return &workflowservice.DescribeWorkflowExecutionResponse{
		WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Status: enums.WORKFLOW_EXECUTION_STATUS_RUNNING},
	}, nil
}

// TestRestsOnce: if the candidate's worker has failed and so has its term, the next
// candidate is not stopped for the second of them.
func TestRestsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := testOptions(t, edentest.New(edentest.Options{}))
		first, second := &fakeQueue{}, &fakeQueue{}
		var began time.Time
		m := &Member{client: &running{}, options: func() Options { return o }, log: zap.NewNop(), rest: make(chan time.Duration, 1)}
		m.apply = func() (queue, error) { began = time.Now(); return second, nil }
		first.stop = func() { m.leave(errors.New("refused"), time.Minute) } // of the term, which ends meanwhile
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			m.run(ctx, first)
		}()
		m.leave(errors.New("no such namespace"), restDelay)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if !second.ended.IsZero() || began.Sub(first.ended) != time.Minute {
			t.Errorf("it rests for %v, and again: %v", began.Sub(first.ended), !second.ended.IsZero())
		}
		stop()
		<-ended
	})
}

func TestRest(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	for _, test := range []struct {
		delay    time.Duration
		refusals int
		want     time.Duration
	}{
		{30 * time.Second, 0, 30 * time.Second},
		{30 * time.Second, 3, 4 * time.Minute},
		{30 * time.Second, 5, 10 * time.Minute},
		{30 * time.Second, 1_000_000, 10 * time.Minute},
		{year, 0, year},
		{year, 10, year},
		{math.MaxInt64, 1, math.MaxInt64},
	} {
		if got := (Options{RefusalDelay: test.delay}).rest(test.refusals); got != test.want {
			t.Errorf("%v after %d refusals: %v, want %v", test.delay, test.refusals, got, test.want)
		}
	}
}

// slowWorker is a worker that stops when it is released, and must not be stopped twice.
type slowWorker struct {
	worker.Worker
	stops    atomic.Int32
	ended    atomic.Bool
	released chan struct{}
}

func (w *slowWorker) Stop() {
	w.stops.Add(1)
	<-w.released
	w.ended.Store(true)
}

func TestStopper(t *testing.T) {
	t.Parallel()
	slow := &slowWorker{released: make(chan struct{})}
	w := &stopper{Worker: slow}
	var stopping sync.WaitGroup
	for range 2 {
		stopping.Go(func() {
			if w.Stop(); !slow.ended.Load() {
				t.Error("it returns while the worker stops")
			}
		})
	}
	close(slow.released)
	if stopping.Wait(); slow.stops.Load() != 1 {
		t.Errorf("%d stops", slow.stops.Load())
	}
}
