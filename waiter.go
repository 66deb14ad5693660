package edenwait

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/edenwait/edenwait/internal/budget"
)

// Waiter waits for jobs to end. It is safe for concurrent use: its calls share
// one budget of requests, in turns. It runs nothing between calls and needs no
// closing: with the last of them, its own client's connections are closed.
type Waiter struct {
	config Config // without its token
	source Source
	budget *budget.Budget
	ladder []time.Duration
	calls  *calls
}

// calls are those of a Waiter that are under way.
type calls struct {
	n    atomic.Int64
	last func() // is called when none is any more
}

func (c *calls) begin() { c.n.Add(1) }

func (c *calls) end() {
	if c.n.Add(-1) == 0 {
		c.last()
	}
}

// Result is what became of one id.
type Result struct {
	// ID is the id as it was passed in.
	ID string
	// Job is the final response; nil if none came.
	Job *Job
	// Err is nil if the job succeeded and its hook, if any, did too. Else it is
	// or wraps a JobFailedError, an UnexpectedStatusError, a GaveUpError, a
	// HookError, or ErrInvalidID.
	Err error
	// Polls is how many GETs were sent for the job. Pages of the list, which
	// tell of many jobs at once, count for none.
	Polls int
	// Waited is the time from taking the id in to its end.
	Waited time.Duration
}

// New returns a Waiter that asks as the Config says. The error names the field
// and the bound that a value misses.
func New(config Config) (*Waiter, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	source, closeIdle := config.Source, func() {}
	if source == nil {
		poller, err := newPoller(config)
		if err != nil {
			return nil, err
		}
		source = poller
	}
	// A connection that is kept is two goroutines, and nobody else is there to close
	// it. A Source that embeds a Poller has its method.
	if own, ok := source.(interface{ closeIdle() }); ok {
		closeIdle = own.closeIdle
	}
	config.Token = "" // the Poller has it, out of any printer's reach
	return &Waiter{
		config: config,
		source: source,
		budget: budget.New(config.Rate, config.Burst),
		ladder: newLadder(),
		calls:  &calls{last: closeIdle},
	}, nil
}

// Format prints at which rate the Waiter asks, for every verb, and never the
// token.
func (w *Waiter) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "edenwait.Waiter{Source:%T Rate:%v}", w.source, w.config.Rate)
}

// Wait blocks until the job ends and returns its final response. On StatusFail
// it returns both the job and a JobFailedError, on a status outside of the
// contract both the job and an UnexpectedStatusError, and after a hook that
// failed both the job and a HookError. When no final response came, because the
// API knows no such job or because the wait ended early, it returns a GaveUpError;
// for an id that is no UUID, ErrInvalidID. Hooks are called as for a batch.
//
// For many jobs use WaitAll or AsCompleted: they ask about a thousand at once.
func (w *Waiter) Wait(ctx context.Context, id string) (*Job, error) {
	var result Result
	// Why the wait ended early, if it did, is in the job's own error.
	_ = w.run(ctx, []string{id}, func(_ int, r Result) { result = r })
	return result.Job, result.Err
}
