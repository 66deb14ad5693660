package edentemporal

import (
	"errors"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

const (
	// maxAwaits bounds the Await activities of a leader. Jobs of those beyond wait in
	// the task queue, unseen.
	maxAwaits = 100_000
	// maxPollers bounds the polls of a task queue that are under way at the same time.
	maxPollers = 20
	// noThrottle is more than any heartbeat timeout. The SDK would send a heartbeat per
	// minute otherwise, however long the timeout is, and each is billed.
	noThrottle = 24 * time.Hour
	// leaveTime is for how long a worker waits for its activities when it stops.
	leaveTime = 10 * time.Second
)

// leaderQueues returns what makes the workers of a term, on the queues that only the
// leader works on.
func leaderQueues(c client.Client) func(*term) []queue {
	return func(t *term) []queue {
		queues := []queue{awaitWorker(c, t)}
		if t.options.Register != nil {
			queues = append(queues, submitWorker(c, t))
		}
		return queues
	}
}

func awaitWorker(c client.Client, t *term) queue {
	w := leaderWorker(c, AwaitQueue(t.options.Account), t, maxAwaits)
	w.RegisterActivityWithOptions(newAwaiter(t).activity, activity.RegisterOptions{Name: AwaitActivity})
	return w
}

func submitWorker(c client.Client, t *term) queue {
	w := leaderWorker(c, SubmitQueue(t.options.Account), t, t.options.MaxSubmits)
	t.options.Register(w.Worker, t.waiter.Transport(t.fence.transport(t.options.Config)))
	return w
}

// stopper stops a worker once, and each Stop returns when that is done. The SDK stops a
// worker that has failed after OnFatalError: a Stop at that moment would close a channel
// twice, and one a little later would return while activities still run. So OnFatalError
// stops it too, and the SDK finds it stopped.
type stopper struct {
	worker.Worker
	once sync.Once
}

// Stop stops the worker.
func (s *stopper) Stop() { s.once.Do(s.Worker.Stop) }

func leaderWorker(c client.Client, taskQueue string, t *term, activities int) *stopper {
	w := &stopper{}
	w.Worker = worker.New(c, taskQueue, worker.Options{
		Identity:                           t.options.Identity,
		DisableWorkflowWorker:              true,
		MaxConcurrentActivityExecutionSize: activities,
		ActivityTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{
			MinimumNumberOfPollers: 1, InitialNumberOfPollers: 2, MaximumNumberOfPollers: maxPollers,
		}),
		MaxHeartbeatThrottleInterval: noThrottle,
		WorkerStopTimeout:            leaveTime,
		OnFatalError: func(err error) {
			t.fail(errors.Join(errors.New("edentemporal: a worker has failed"), err))
			w.Stop()
		},
	})
	return w
}
