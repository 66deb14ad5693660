package edenwait

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait/internal/engine"
)

// Waiter waits for jobs to end. It is safe for concurrent use. Its calls share one
// rate limit, and what it learns about jobs. They take turns, so a WaitAll of ten
// thousand jobs does not hold up a concurrent Wait.
//
// A Waiter runs no goroutine between calls and needs no Close. When the last call ends,
// it closes the idle connections of its own client. It may be used in several
// testing/synctest bubbles one after another, but not in two at the same time.
//
// A panic of a BackOff, a Logger or a Trace is thrown again in every call under way.
type Waiter struct {
	config Config // without its token
	source Source
	driver *driver
	hooks  *hookRunner
	opener *opener
	ended  *outcomes
	base   *url.URL // of the API, for Transport; nil if BaseURL is invalid
}

// Notify says that a job may have ended, for example because a webhook was delivered.
// The job is polled next, before others. The hint alone never ends a wait: only the
// job's own GET does. A forged or early hint costs one request, and restarts the job's
// delays once. Further hints for that job are delayed.
//
// A hint is kept for a minute if its Wait has yet to begin. A hint for an id without a
// wait, or for a malformed id, costs no request. Notify never blocks, and may be called
// from any goroutine.
func (w *Waiter) Notify(id string) {
	if parsed, err := parseID(id); err == nil {
		w.driver.notify(engine.Key(parsed))
	}
}

// New returns a Waiter for the Config. If a field is invalid, the error names the field
// and its bounds.
func New(config Config) (*Waiter, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	redact := newRedactor(config.Token, "").redact
	waiter := &Waiter{hooks: &hookRunner{redact: redact, grace: config.HookGrace > 0}, ended: new(outcomes), opener: new(opener)}
	waiter.driver = newDriver(waiter.deliver)
	config.Logger = guardLogger(config.Logger, waiter.driver.fail)
	waiter.driver.tracer = newTracer(config.Trace, waiter.driver.fail)
	source, closeIdle, closeUnused := config.Source, func() {}, func() {}
	if source == nil {
		poller, err := newPoller(config)
		if err != nil {
			return nil, err
		}
		source = poller
	}
	// An idle connection keeps two goroutines, and the caller cannot close it. A Source
	// that embeds a Poller has the Poller's method.
	if own, ok := source.(interface{ closeIdle() }); ok {
		closeIdle = quietly(own.closeIdle)
	}
	if own, ok := source.(interface{ closeUnused() }); ok {
		closeUnused = quietly(own.closeUnused)
	}
	waiter.base = config.apiBase()
	config.Token = "" // the Poller has it, out of any printer's reach
	waiter.config, waiter.source = config, source
	waiter.driver.requester = newRequester(config, source, redact, waiter.driver.fail)
	waiter.driver.log, waiter.driver.idle, waiter.driver.woke = config.Logger, closeIdle, closeUnused
	waiter.driver.core = engine.New(engineConfig(config, waiter.driver.requester.lister != nil))
	config.warnings()
	return waiter, nil
}

// quietly returns f without its panics. The Poller that a Source embeds may be nil, and
// the RoundTripper of an HTTPClient may panic: that costs no call its results.
func quietly(f func()) func() {
	return func() {
		defer func() { _ = recover() }()
		f()
	}
}

// The default delays after failed requests.
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

// Format prints the type of the Source and the rate, for every verb. It never prints
// the token.
func (w *Waiter) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "edenwait.Waiter{Source:%T Rate:%v}", w.source, w.config.Rate)
}

// Wait blocks until the job ends and returns its final response. It returns both
// the job and an error in three cases:
//
//   - a JobFailedError, if the status is StatusFail
//   - an UnexpectedStatusError, if the API does not document the status
//   - a HookError, if a hook failed
//
// If no final response came, because the API does not know the job or because the
// wait ended early, Wait returns a GaveUpError. For a malformed id it returns
// ErrInvalidID. Hooks are called as for WaitAll. The Debug lines "wait started" and
// "wait ended" log its start and end.
//
// A thousand goroutines that each call Wait are as good as one WaitAll of the same
// jobs, because all calls share one engine. A job that several calls wait for is
// polled once. Each of these calls gets its own shallow copy of the Job.
func (w *Waiter) Wait(ctx context.Context, id string) (*Job, error) {
	s := w.begin(ctx, id)
	s.await()
	return s.end()
}
