package edenwait

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait/internal/budget"
)

// Waiter waits for jobs to end. It is safe for concurrent use: its calls share
// one budget of requests, in turns. It runs nothing between calls and needs no
// closing.
type Waiter struct {
	config Config // without its token
	source Source
	budget *budget.Budget
	ladder []time.Duration
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
	source := config.Source
	if source == nil {
		if source, err = newPoller(config); err != nil {
			return nil, err
		}
	}
	config.Token = "" // the Poller has it, out of any printer's reach
	return &Waiter{
		config: config,
		source: source,
		budget: budget.New(config.Rate, config.Burst),
		ladder: newLadder(),
	}, nil
}

// Format prints at which rate the Waiter asks, for every verb, and never the
// token.
func (w *Waiter) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "edenwait.Waiter{BaseURL:%q Rate:%v}", w.config.BaseURL, w.config.Rate)
}

// Wait blocks until the job ends and returns its final response. On StatusFail
// it returns both the job and a JobFailedError; when the wait ended early, a
// GaveUpError. Hooks are called as for a batch.
//
// For many jobs use WaitAll or AsCompleted: they ask about a thousand at once.
func (w *Waiter) Wait(ctx context.Context, id string) (*Job, error) {
	var result Result
	// Why the wait ended early, if it did, is in the job's own error.
	_ = w.run(ctx, []string{id}, func(_ int, r Result) { result = r })
	return result.Job, result.Err
}

// The default delays between two polls of a job: a finished job is known to be
// so within a second and a third of its own duration, and within ten seconds or,
// with jitter, eleven. Full jitter
// would be of no use: it is made to part clients that failed together, and the
// budget spaces ours anyway.
const (
	firstDelay = time.Second
	delayGrows = 1.3
	lastDelay  = 10 * time.Second
	jitter     = 0.1
)

// newLadder computes the default delays once, so that a job need only keep its
// rung instead of a BackOff of its own.
func newLadder() []time.Duration {
	b := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstDelay),
		backoff.WithMultiplier(delayGrows),
		backoff.WithMaxInterval(lastDelay),
		backoff.WithRandomizationFactor(0), // which exceeds MaxInterval; see delay
		backoff.WithMaxElapsedTime(0),
	)
	var ladder []time.Duration
	for {
		delay := b.NextBackOff()
		ladder = append(ladder, delay)
		if delay >= lastDelay {
			return ladder
		}
	}
}

// delay is the delay on a rung of the ladder, and takes the job one up.
func (w *Waiter) delay(rung *uint8) time.Duration {
	delay := w.ladder[*rung]
	*rung = min(*rung+1, uint8(len(w.ladder)-1))
	return time.Duration(float64(delay) * (1 + jitter*(2*rand.Float64()-1)))
}

// pace is how the delays of one job, or of the list, go on.
type pace struct {
	rung   uint8
	custom backoff.BackOff // instead of the ladder
}

func (w *Waiter) newPace() pace {
	if w.config.BackOff == nil {
		return pace{}
	}
	p := pace{custom: w.config.BackOff()}
	p.reset() // its documentation asks for it before the first use
	return p
}

// reset begins anew with the shortest delay.
func (p *pace) reset() {
	p.rung = 0
	if p.custom != nil {
		p.custom.Reset()
	}
}

// next is the next delay; false if the BackOff has stopped.
func (p *pace) next(w *Waiter) (time.Duration, bool) {
	if p.custom == nil {
		return w.delay(&p.rung), true
	}
	delay := p.custom.NextBackOff()
	if delay == backoff.Stop {
		return 0, false
	}
	return min(max(delay, 0), maxDuration), true
}

// verdict is what a failed request means.
type verdict int

const (
	askAgain verdict = iota // nothing for certain
	slowDown                // too much was asked, by anyone
	endJob                  // this job's end
	endBatch                // the end of all that use this key
)

// judge tells what the error of a Source means.
func judge(err error) verdict {
	var api *APIError
	switch {
	case errors.Is(err, ErrRateLimited):
		return slowDown
	case errors.Is(err, ErrUnauthorized), errors.Is(err, ErrPaymentRequired):
		return endBatch
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrResponseTooLarge):
		return endJob
	case !errors.As(err, &api):
		return askAgain
	case api.StatusCode == http.StatusRequestTimeout, api.StatusCode == http.StatusTooEarly:
		return askAgain
	case api.StatusCode >= 400 && api.StatusCode < 500:
		return endJob
	default:
		return askAgain
	}
}

// maxRetryAfter bounds what a server may have one job, or the list, wait for. The
// budget has a bound of its own for what concerns everyone.
const maxRetryAfter = 5 * time.Minute

// retryAfter is how long the server asked to wait, if it did.
func retryAfter(err error) time.Duration {
	var api *APIError
	if errors.As(err, &api) {
		return min(api.RetryAfter, maxRetryAfter)
	}
	return 0
}

// contextCause is why the context ended: what it was cancelled with, and always
// context.Canceled or context.DeadlineExceeded too.
func contextCause(ctx context.Context) error {
	cause := context.Cause(ctx)
	if cause == nil || errors.Is(cause, ctx.Err()) {
		return cause
	}
	return fmt.Errorf("%w: %w", ctx.Err(), cause)
}
