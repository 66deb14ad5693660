package edentemporal

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait"
)

// Types of the errors of an Await, as Temporal shows them.
const (
	leavingType       = "LeaderLeaves"
	refusedType       = "AccountRefused"
	unknownReduceType = "UnknownReduce"
	invalidInputType  = "InvalidInput"
)

const (
	// unknownReduceDelay and unknownReduceTime are how often and how long an Await is
	// tried at a leader that does not know its Reduce. During a deployment, the next
	// leader may know it.
	unknownReduceDelay = 20 * time.Second
	unknownReduceTime  = 10 * time.Minute
)

var errLeaving = errors.New("edentemporal: the leader is stepping down")

// awaiter runs Awaits on one Waiter.
type awaiter struct {
	waiter  *edenwait.Waiter
	size    sizer
	reduces map[string]Reduce
	policy  Refusal
	// refused is called when the account was refused, except under RefusalFail.
	refused func(error)
	counts  *counts

	// leaving ends when the worker stops. It is one context for all Awaits, since a leader
	// may have a hundred thousand, and each goroutine counts.
	leaving context.Context
	leave   context.CancelFunc
	watched sync.Once
}

func newAwaiter(t *term) *awaiter {
	a := &awaiter{
		waiter: t.waiter, size: newSizer(t.options.DataConverter), reduces: t.options.Reduce,
		policy: t.options.Refusal, refused: t.fail, counts: &t.counts,
	}
	a.leaving, a.leave = context.WithCancel(context.Background())
	return a
}

// attempt is one attempt of an Await.
type attempt struct {
	earlier   []Outcome     // that the attempts before have found
	scheduled time.Time     // when the first one was
	every     time.Duration // between two heartbeats
	record    func(AwaitResult)
}

// activity is the activity.
func (a *awaiter) activity(ctx context.Context, in AwaitInput) (AwaitResult, error) {
	info := activity.GetInfo(ctx)
	a.watched.Do(func() {
		stopping := activity.GetWorkerStopChannel(ctx)
		go func() {
			<-stopping
			a.leave()
		}()
	})
	try := attempt{
		scheduled: info.ScheduledTime,
		every:     info.HeartbeatTimeout / 2,
		record:    func(r AwaitResult) { activity.RecordHeartbeat(ctx, r) },
	}
	if activity.HasHeartbeatDetails(ctx) {
		var earlier AwaitResult
		if err := activity.GetHeartbeatDetails(ctx, &earlier); err == nil { // else everything is polled again
			try.earlier = earlier.Outcomes
		}
	}
	return a.await(ctx, in, try)
}

// await waits for the jobs until it is time to return.
func (a *awaiter) await(ctx context.Context, in AwaitInput, try attempt) (AwaitResult, error) {
	reduce, known := a.reduces[in.Reduce]
	switch {
	case len(in.IDs) > chunkIDs:
		return AwaitResult{}, temporal.NewNonRetryableApplicationError(fmt.Sprintf(
			"edentemporal: %d ids in one %s, want at most %d", len(in.IDs), AwaitActivity, chunkIDs), invalidInputType, nil)
	case slices.ContainsFunc(in.IDs, func(id string) bool { return len(id) > idLength }):
		// WaitAll passes none in. Such an id could make its own outcome too large.
		return AwaitResult{}, temporal.NewNonRetryableApplicationError(fmt.Sprintf(
			"edentemporal: an id of more than %d bytes", idLength), invalidInputType, nil)
	case !known && in.Reduce != "":
		return AwaitResult{}, temporal.NewApplicationErrorWithOptions(
			fmt.Sprintf("edentemporal: the leader has no Reduce %.64q", in.Reduce), unknownReduceType,
			temporal.ApplicationErrorOptions{NextRetryDelay: unknownReduceDelay, NonRetryable: time.Since(try.scheduled) > unknownReduceTime})
	}
	b := newBatch(a.size, try.earlier)
	ids := b.left(in.IDs)
	if len(ids) == 0 {
		return b.result(), nil
	}
	a.counts.awaits.Add(1)
	defer a.counts.awaits.Add(-1)

	wait, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(a.leaving, func() { cancel(errLeaving) })()
	wait, release := beforeDeadline(wait)
	defer release()
	end := try.beats(b)
	refusal := a.collect(wait, ids, reduce, b)
	end()

	switch {
	case len(b.left(in.IDs)) == 0:
		return b.result(), nil
	case ctx.Err() != nil: // cancelled, by the workflow or the server
		return AwaitResult{}, context.Cause(ctx)
	case errors.Is(context.Cause(wait), context.DeadlineExceeded):
		if result := b.result(); len(result.Outcomes) > 0 {
			return result, nil
		}
		<-ctx.Done() // any other error than the timeout would hide it
		return AwaitResult{}, context.Cause(ctx)
	case refusal != nil && a.policy == RefusalFail:
		details, _ := b.beat()
		return AwaitResult{}, temporal.NewNonRetryableApplicationError(refusal.Error(), refusedType, nil, details)
	}
	b.send(try.record, true) // the next leader goes on from there
	if refusal != nil {
		a.refused(refusal)
		return AwaitResult{}, temporal.NewApplicationErrorWithOptions(refusal.Error(), refusedType,
			temporal.ApplicationErrorOptions{NextRetryDelay: retryDelay})
	}
	return AwaitResult{}, temporal.NewApplicationErrorWithOptions(errLeaving.Error(), leavingType,
		temporal.ApplicationErrorOptions{NextRetryDelay: retryDelay, Category: temporal.ApplicationErrorCategoryBenign})
}

// lastMoment is for how long before its deadline an Await returns what it has: what is found
// later may be too late for the workflow.
const lastMoment = 5 * time.Second

// beforeDeadline returns a context that ends a little before that one's deadline, if it
// has one.
func beforeDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, deadline.Add(-min(lastMoment, time.Until(deadline)/10)))
}

// beats sends heartbeats until end is called. The first one goes late, so that most
// Awaits, which are short, cost none.
func (try attempt) beats(b *batch) (end func()) {
	every := try.every
	if every <= 0 {
		every = defaultAwaitHeartbeat / 2
	}
	var mu sync.Mutex
	var timer *time.Timer // nil when ended
	again := func() {
		mu.Lock()
		defer mu.Unlock()
		if timer != nil {
			timer.Reset(every)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(every, func() {
		b.send(try.record, false) // which may take long: not under the lock
		again()
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		timer.Stop()
		timer = nil
	}
}

// collect adds outcomes to the batch until it is full, all jobs have ended, or the wait
// ends. It returns the refusal of the account, if that is why.
func (a *awaiter) collect(ctx context.Context, ids []string, reduce Reduce, b *batch) (refusal error) {
	var values errgroup.Group
	values.SetLimit(reduces)
	defer values.Wait() //nolint:errcheck // they return none
	full := make(chan struct{}, len(ids))
	add := func(o Outcome) {
		a.counts.outcomes.Add(1)
		if b.add(o) {
			full <- struct{}{}
		}
	}
	for r := range a.results(ctx, ids) {
		o, ended := outcomeOf(r, ctx.Err() != nil)
		switch {
		case !ended:
			if why := refusalOf(r.Err); why != nil {
				refusal = why
			}
		case reduce != nil && o.Err() == nil:
			values.Go(func() error {
				if o, ok := reduced(ctx, reduce, o, r.Job); ok {
					add(o)
				}
				return nil
			})
		default:
			add(o)
		}
		if len(full) > 0 {
			break
		}
	}
	return refusal
}

// results yields each job's Result. For one job, Wait is the same in less memory.
func (a *awaiter) results(ctx context.Context, ids []string) iter.Seq[edenwait.Result] {
	if len(ids) > 1 {
		return a.waiter.AsCompleted(ctx, slices.Values(ids))
	}
	return func(yield func(edenwait.Result) bool) {
		job, err := a.waiter.Wait(ctx, ids[0])
		yield(edenwait.Result{ID: ids[0], Job: job, Err: err})
	}
}

// reduced returns the Outcome with its value. It reports false if the Reduce failed as
// its ctx ended: the next attempt runs it again.
func reduced(ctx context.Context, reduce Reduce, o Outcome, job *edenwait.Job) (Outcome, bool) {
	value, err := reduce.value(ctx, job)
	if err != nil {
		o.Code, o.Error = CodeReduceFailed, err.Error()
		return o, ctx.Err() == nil
	}
	o.Value = value
	return o, true
}
