package edenwait

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait/internal/engine"
)

// Waiter waits for jobs to end. It is safe for concurrent use: its calls share
// one budget of requests, in turns. It runs nothing between calls and needs no
// closing: with the last of them, its own client's connections are closed.
type Waiter struct {
	config Config // without its token
	source Source
	driver *driver
	hooks  *hookRunner
	opener *opener
}

// New returns a Waiter that asks as the Config says. The error names the field
// and the bound that a value misses.
func New(config Config) (*Waiter, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	waiter := &Waiter{hooks: new(hookRunner), opener: new(opener)}
	waiter.driver = newDriver(waiter.deliver)
	config.Logger = guardLogger(config.Logger, waiter.driver.fail)
	source, closeIdle := config.Source, func() {}
	if source == nil {
		poller, err := newPoller(config)
		if err != nil {
			return nil, err
		}
		source = poller
		// A connection that is kept is two goroutines, and nobody is there to close
		// it. A client of the caller's is the caller's.
		if config.HTTPClient == nil {
			closeIdle = poller.client.CloseIdleConnections
		}
	}
	config.Token = "" // the Poller has it, out of any printer's reach
	waiter.config, waiter.source = config, source
	waiter.driver.requester = newRequester(config, source)
	waiter.driver.log, waiter.driver.idle = config.Logger, closeIdle
	waiter.driver.start(func() *engine.Engine { return engine.New(engineConfig(config, waiter.driver.requester.lister != nil)) })
	return waiter, nil
}

// The default delays between two polls of a job: a finished job is known to be so
// within a second and a third of its own duration, and within ten seconds or,
// with jitter, eleven.
const (
	firstDelay = time.Second
	delayGrows = 1.3
	lastDelay  = 10 * time.Second
)

// engineConfig is what the engine needs to know.
func engineConfig(config Config, useList bool) engine.Config {
	ec := engine.Config{
		Rate: config.Rate, Burst: config.Burst, MaxInFlight: config.MaxInFlight, MaxErrors: config.MaxErrors,
		MaxWait: config.MaxWait, UseList: useList, Delays: defaultDelays(),
	}
	if config.MaxWait == maxDuration {
		ec.MaxWait = engine.Never
	}
	if config.BackOff != nil {
		ec.NewBackoff = func() engine.Backoff { return config.BackOff() }
	}
	return ec
}

// defaultDelays computes the default delays once, so that a job need only keep the
// number of its attempt instead of a BackOff of its own.
func defaultDelays() []time.Duration {
	b := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstDelay),
		backoff.WithMultiplier(delayGrows),
		backoff.WithMaxInterval(lastDelay),
		backoff.WithRandomizationFactor(0), // which exceeds MaxInterval; the engine adds its own
		backoff.WithMaxElapsedTime(0),
	)
	var delays []time.Duration
	for {
		delay := b.NextBackOff()
		delays = append(delays, delay)
		if delay >= lastDelay {
			return delays
		}
	}
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
// Calls share one engine: a thousand goroutines that each call Wait are as good as
// one WaitAll of the same jobs, and a job that several wait for is polled once.
func (w *Waiter) Wait(ctx context.Context, id string) (*Job, error) {
	s := w.begin(ctx, id)
	s.await()
	return s.end()
}
