package edentemporal

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/edenwait/edenwait"
)

// settle is the time from the lead to the first request. What the leader before sent
// last is then out of the second by which the API may count.
const settle = time.Second

// term is the time in which this process leads. Each has a Waiter of its own, behind a
// fence of its own, so that nothing of an earlier one can send under a later one.
type term struct {
	options Options
	fence   *fence
	source  edenwait.Source
	waiter  *edenwait.Waiter
	counts  counts
	began   time.Time
	failed  chan error // why the term must end
}

func newTerm(options Options, timeout time.Duration) (*term, error) {
	t := &term{options: options, fence: newFence(timeout), began: time.Now(), failed: make(chan error, 1)}
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

// queue is a worker on one of the account's task queues.
type queue interface {
	Start() error
	Stop()
}

// serve leads until ctx ends or the term has failed, and returns why. Open makes the
// workers. A panic of Options.Register or of a Source is such a failure: else heartbeats
// would go on.
func (t *term) serve(ctx context.Context, open func(*term) []queue) (reason error) {
	var started []queue
	defer func() {
		if thrown := recover(); thrown != nil {
			text := fmt.Sprint(thrown)
			if key := t.options.Config.Token; key != "" {
				text = strings.ReplaceAll(text, key, "(key)")
			}
			reason = fmt.Errorf("edentemporal: panic: %s", cut(text, maxText))
			t.options.Config.Logger.Error("panic of the leader", zap.Error(reason), zap.ByteString("stack", debug.Stack()))
		}
		t.stop(started, reason)
	}()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.fence.opened:
	}
	if err := sleep(ctx, settle); err != nil {
		return err
	}
	if t.options.Refusal == RefusalWait {
		if err := prove(ctx, t.source, t.options.Config.Source != nil); err != nil {
			return err
		}
		if err := sleep(ctx, t.turn()); err != nil {
			return err
		}
	}
	t.options.Config.Logger.Info("leading", zap.String("account", t.options.Account))
	for _, q := range open(t) {
		if err := q.Start(); err != nil {
			return err
		}
		started = append(started, q)
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case reason := <-t.failed:
		return reason
	}
}

// stop ends all requests first. Then Awaits return, for another leader.
func (t *term) stop(queues []queue, reason error) {
	t.fence.end(reason)
	var stopping sync.WaitGroup
	for _, q := range queues {
		stopping.Go(q.Stop)
	}
	stopping.Wait()
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
