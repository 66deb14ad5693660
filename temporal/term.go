package edentemporal

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"github.com/edenwait/edenwait"
)

const (
	// settle is the time from the lead to the first request. What the leader before sent
	// last is then out of the second by which the API may count.
	settle = time.Second
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

// term is the time in which this process leads. Each has a Waiter of its own, behind a
// fence of its own, so that nothing of an earlier one can send under a later one.
type term struct {
	options Options
	client  client.Client
	fence   *fence
	source  edenwait.Source
	waiter  *edenwait.Waiter
	counts  counts
	began   time.Time
	failed  chan error // why the term must end
}

func newTerm(c client.Client, options Options, timeout time.Duration) (*term, error) {
	t := &term{options: options, client: c, fence: newFence(timeout), began: time.Now(), failed: make(chan error, 1)}
	source, err := t.fence.fenced(options.Config)
	if err != nil {
		return nil, err
	}
	config := options.Config
	config.Source = source
	if t.waiter, err = edenwait.New(config); err != nil {
		return nil, err
	}
	t.source = source
	return t, nil
}

// fail ends the term. Only the first reason counts.
func (t *term) fail(reason error) {
	select {
	case t.failed <- reason:
	default:
	}
}

// serve leads until ctx ends or the term has failed, and returns why.
func (t *term) serve(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.fence.opened:
	}
	if err := sleep(ctx, settle); err != nil {
		return err
	}
	if t.options.Refusal == RefusalWait {
		if err := prove(ctx, t.source); err != nil {
			return err
		}
		if err := sleep(ctx, t.turn()); err != nil {
			return err
		}
	}
	t.options.Config.Logger.Info("leading", zap.String("account", t.options.Account))
	workers := []worker.Worker{t.awaitWorker()}
	if t.options.Register != nil {
		workers = append(workers, t.submitWorker())
	}
	for i, w := range workers {
		if err := w.Start(); err != nil {
			t.stop(workers[:i], err)
			return err
		}
	}
	var reason error
	select {
	case <-ctx.Done():
		reason = context.Cause(ctx)
	case reason = <-t.failed:
	}
	t.stop(workers, reason)
	return reason
}

// stop ends all requests first. Then Awaits return, for another leader.
func (t *term) stop(workers []worker.Worker, reason error) {
	t.fence.end(reason)
	stopped := make(chan struct{}, len(workers))
	for _, w := range workers {
		go func() {
			w.Stop()
			stopped <- struct{}{}
		}()
	}
	for range workers {
		<-stopped
	}
}

func (t *term) awaitWorker() worker.Worker {
	a := &awaiter{
		waiter: t.waiter, size: newSizer(t.options.DataConverter), reduces: t.options.Reduce,
		policy: t.options.Refusal, counts: &t.counts,
		refused: func(err error) {
			if t.options.Refusal == RefusalWait {
				t.fail(err)
			}
		},
	}
	w := worker.New(t.client, AwaitQueue(t.options.Account), t.workerOptions(maxAwaits))
	w.RegisterActivityWithOptions(a.activity, activity.RegisterOptions{Name: AwaitActivity})
	return w
}

func (t *term) submitWorker() worker.Worker {
	w := worker.New(t.client, SubmitQueue(t.options.Account), t.workerOptions(t.options.MaxSubmits))
	t.options.Register(w, t.waiter.Transport(t.fence.transport(t.options.Config)))
	return w
}

func (t *term) workerOptions(activities int) worker.Options {
	return worker.Options{
		Identity:                           t.options.Identity,
		DisableWorkflowWorker:              true,
		MaxConcurrentActivityExecutionSize: activities,
		ActivityTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{
			MinimumNumberOfPollers: 1, InitialNumberOfPollers: 2, MaximumNumberOfPollers: maxPollers,
		}),
		MaxHeartbeatThrottleInterval: noThrottle,
		WorkerStopTimeout:            leaveTime,
		OnFatalError:                 func(err error) { t.fail(errors.Join(errors.New("edentemporal: a worker has failed"), err)) },
	}
}

// turn is the time between two requests.
func (t *term) turn() time.Duration {
	rate := t.options.Config.Rate
	if rate == 0 {
		rate = defaultRate
	}
	return time.Duration(float64(time.Second) / rate)
}

// sleep returns why ctx has ended, or nil when the time has passed.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
