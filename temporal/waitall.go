package edentemporal

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

const (
	defaultAwaitHeartbeat = 5 * time.Minute
	// endless is a StartToCloseTimeout, which the server demands. The API keeps results
	// for seven days, so each wait ends earlier by itself.
	endless = 10 * 365 * 24 * time.Hour
	// retryDelay is the time from a failed attempt to the next one. It is the same for
	// each attempt: after six leaders that died, delays that double would have reached a
	// minute.
	retryDelay = time.Second
)

// Option is an option of [WaitAll].
type Option func(*waitOptions)

type waitOptions struct {
	reduce    string
	timeout   time.Duration
	heartbeat time.Duration
}

// WithReduce names the Reduce in the leader's [Options.Reduce] that makes the
// [Outcome.Value] from a job's output. Defaults to none.
func WithReduce(name string) Option { return func(o *waitOptions) { o.reduce = name } }

// WithTimeout bounds the call. Outcomes that are known by then are returned beside the
// error, a timeout of Temporal's. A negative d, as the time left until a deadline can be,
// has passed already. 0 is no bound. Defaults to no bound.
func WithTimeout(d time.Duration) Option { return func(o *waitOptions) { o.timeout = d } }

// WithHeartbeatTimeout is the time after a leader's death when its waits restart at the
// next leader. A shorter time costs more: an Await sends a heartbeat once per 80 % of
// it, and heartbeats are billed. Defaults to 5 minutes.
func WithHeartbeatTimeout(d time.Duration) Option {
	return func(o *waitOptions) {
		if d > 0 { // without one, the waits of a dead leader would never restart
			o.heartbeat = d
		}
	}
}

// WaitAll blocks the workflow until all jobs have ended, and returns exactly one
// Outcome per id, in the order of ids. An id that occurs more than once is waited for
// once.
//
// The error is nil if all jobs have ended, however they ended: look at
// [Outcome.Err]. An error means that the waiting failed: the workflow was
// cancelled, the timeout passed, the leaders of ten minutes did not have the Reduce, or the
// account was refused and the leader has [RefusalFail]. The outcomes are returned too, and
// a job that has not ended has [CodeWaiting]. A cancelled workflow continues
// at once.
//
// More than [MaxIDs] ids, and an invalid account name, are an error without outcomes.
// Without a leader, the call waits for one.
func WaitAll(ctx workflow.Context, account string, ids []string, opts ...Option) ([]Outcome, error) {
	o := waitOptions{heartbeat: defaultAwaitHeartbeat}
	for _, opt := range opts {
		opt(&o)
	}
	if err := checkAccount(account); err != nil {
		return nil, temporal.NewNonRetryableApplicationError(err.Error(), "InvalidAccount", nil)
	}
	if len(ids) > MaxIDs {
		return nil, temporal.NewNonRetryableApplicationError(fmt.Sprintf(
			"edentemporal: %d ids in one call, want at most %d: wait for a part of them, then ContinueAsNew with the rest",
			len(ids), MaxIDs), "TooManyIDs", nil)
	}
	w := &wait{options: o, account: account, plan: newPlan(ids)}
	if o.timeout != 0 {
		w.deadline = workflow.Now(ctx).Add(o.timeout)
	}
	errs := make([]error, len(w.plan.chunks))
	group := workflow.NewWaitGroup(ctx)
	for i, chunk := range w.plan.chunks {
		group.Add(1)
		workflow.GoNamed(ctx, fmt.Sprintf("edenwait-chunk-%d", i), func(ctx workflow.Context) {
			defer group.Done()
			errs[i] = w.chunk(ctx, chunk)
		})
	}
	group.Wait(ctx)
	for _, err := range errs {
		if err != nil {
			return w.plan.outcomes(), err // the others have the same cause, or one as good
		}
	}
	return w.plan.outcomes(), nil
}

// wait is one call of WaitAll.
type wait struct {
	options  waitOptions
	account  string
	plan     *plan
	deadline time.Time // zero: none
}

// chunk waits for the jobs of one chunk.
func (w *wait) chunk(ctx workflow.Context, jobs []string) error {
	for len(jobs) > 0 {
		options := workflow.ActivityOptions{
			TaskQueue:           AwaitQueue(w.account),
			StartToCloseTimeout: endless,
			HeartbeatTimeout:    w.options.heartbeat,
			RetryPolicy:         &temporal.RetryPolicy{InitialInterval: retryDelay, BackoffCoefficient: 1},
		}
		if !w.deadline.IsZero() {
			options.ScheduleToCloseTimeout = w.deadline.Sub(workflow.Now(ctx))
			if options.ScheduleToCloseTimeout <= 0 {
				return temporal.NewTimeoutError(enums.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, nil)
			}
		}
		var result AwaitResult
		err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), AwaitActivity,
			AwaitInput{IDs: jobs, Reduce: w.options.reduce}).Get(ctx, &result)
		if err != nil {
			w.plan.take(partial(err), nil)
			return err
		}
		left := w.plan.take(result.Outcomes, jobs)
		if len(left) == len(jobs) {
			return temporal.NewNonRetryableApplicationError("edentemporal: "+AwaitActivity+" returned no outcome of the jobs", "NoOutcome", nil)
		}
		jobs = left
	}
	return nil
}

// partial returns the outcomes that came along with the error of an Await.
func partial(err error) []Outcome {
	var result AwaitResult
	var timeout *temporal.TimeoutError
	var failure *temporal.ApplicationError
	switch {
	case errors.As(err, &timeout) && timeout.HasLastHeartbeatDetails():
		err = timeout.LastHeartbeatDetails(&result)
	case errors.As(err, &failure) && failure.Type() == refusedType && failure.HasDetails():
		err = failure.Details(&result)
	default:
		return nil
	}
	if err != nil {
		return nil // details of another shape: the jobs have no outcome
	}
	return result.Outcomes
}
