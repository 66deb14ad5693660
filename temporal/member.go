package edentemporal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"
)

const (
	// ensureEvery is how often each candidate looks whether the LeadWorkflow runs.
	ensureEvery = 5 * time.Minute
	// restDelay is for how long a candidate whose term has failed for another
	// reason than a refusal leaves the lead to others.
	restDelay = 5 * time.Second
	// handOverDelay is the delay of the next attempt after a clean stop. Zero would stand
	// for the policy's.
	handOverDelay = time.Millisecond
)

var errStopped = errors.New("edentemporal: the leader was stopped")

// Member is a process that may lead the account: a candidate, or the leader. It is
// safe for concurrent use.
type Member struct {
	client  client.Client
	options func() Options // a func, since package fmt would print the key of a struct
	log     *zap.Logger
	open    func(*term) []queue
	apply   func() (queue, error) // starts a worker that may get the lead
	stop    context.CancelFunc
	stopped chan struct{}
	rest    chan time.Duration // how long not to lead

	mu       sync.Mutex
	term     *term // nil if it does not lead
	terms    int
	reason   error
	refusals int // in a row
}

// Start makes this process a candidate for the lead of the account, until Stop. Ctx
// only bounds Start itself. An error means that the options are invalid or the server
// could not be reached.
func Start(ctx context.Context, c client.Client, options Options) (*Member, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	if _, err := newTerm(options, options.HeartbeatTimeout); err != nil {
		return nil, err // of the Config
	}
	if err := ensureLead(ctx, c, options); err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.Background())
	m := &Member{
		client: c, options: func() Options { return options }, log: options.Config.Logger, open: leaderQueues(c),
		stop: stop, stopped: make(chan struct{}), rest: make(chan time.Duration, 1),
	}
	m.apply = m.candidate
	w, err := m.apply()
	if err != nil {
		stop()
		return nil, err
	}
	go func() {
		defer close(m.stopped)
		m.run(running, w)
	}()
	return m, nil
}

// Stop ends the candidacy. A leader sends nothing from then on, and hands the lead and
// its waits over to another candidate, or leaves them for the next candidate. Stop
// returns when that is done, usually within a second, and within half a minute if
// activities of Options.Register do not end. It may be called more than once.
func (m *Member) Stop() {
	m.stop()
	<-m.stopped
}

// Leads reports whether this process leads now.
func (m *Member) Leads() bool { return m.Stats().Leads }

// Notify passes a hint on to the Waiter if this process leads, as [edenwait.Waiter.Notify].
// Otherwise it does nothing. So a webhook must reach all candidates: publish its id to
// all of them.
func (m *Member) Notify(id string) {
	m.mu.Lock()
	t := m.term
	m.mu.Unlock()
	if t != nil {
		t.waiter.Notify(id)
	}
}

// Stats returns a snapshot.
func (m *Member) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Stats{Terms: m.terms}
	if m.reason != nil {
		s.Reason = m.reason.Error()
	}
	if t := m.term; t != nil {
		at := now()
		s.Leads, s.Since, s.Reason = t.fence.reasonAt(at) == nil, t.began, ""
		s.BeatAge, s.Fenced = t.fence.state(at)
		s.Awaits, s.Outcomes = int(t.counts.awaits.Load()), int(t.counts.outcomes.Load())
		s.Waiter = t.waiter.Stats()
	}
	return s
}

// Format prints the account, for every verb. It never prints the key.
func (m *Member) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "edentemporal.Member{Account:%s}", m.options().Account)
}

// candidate starts a worker that may get the lead.
func (m *Member) candidate() (queue, error) {
	o := m.options()
	w := &stopper{}
	w.Worker = worker.New(m.client, leadQueue(o.Account), worker.Options{
		Identity:                           o.Identity,
		MaxConcurrentActivityExecutionSize: 1,
		MaxConcurrentActivityTaskPollers:   1,
		MaxConcurrentWorkflowTaskPollers:   2, // the fewest
		WorkerStopTimeout:                  2*leaveTime + settle,
		OnFatalError: func(err error) {
			m.leave(err, restDelay)
			w.Stop()
		},
	})
	w.RegisterWorkflowWithOptions(leadWorkflow, workflow.RegisterOptions{Name: LeadWorkflow})
	w.RegisterActivityWithOptions(m.activity, activity.RegisterOptions{Name: LeadActivity})
	if err := w.Start(); err != nil {
		return nil, fmt.Errorf("edentemporal: %w", err)
	}
	return w, nil
}

// run has a worker on the candidates' queue, except while this process rests.
func (m *Member) run(ctx context.Context, w queue) {
	ensure := time.NewTimer(ensureEvery)
	defer ensure.Stop()
	for {
		select {
		case <-ctx.Done():
			w.Stop() // which ends the term
			return
		case <-ensure.C:
			m.ensure(ctx)
			ensure.Reset(ensureEvery)
		case pause := <-m.rest:
			w.Stop()
			select { // a failed worker, and the term that it had, each say so
			case more := <-m.rest:
				pause = max(pause, more)
			default:
			}
			// The lead may be lost because its workflow was terminated. One that was cancelled
			// ends soon.
			m.ensure(ctx)
			ensure.Reset(pause + restDelay)
			for {
				if sleep(ctx, pause) != nil {
					return
				}
				next, err := m.apply()
				if err == nil {
					w = next
					break
				}
				m.log.Warn("not a candidate", zap.Error(err))
				pause = restDelay
			}
		}
	}
}

// ensure looks whether the LeadWorkflow runs.
func (m *Member) ensure(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, ensureEvery/10)
	defer cancel()
	if err := ensureLead(bounded, m.client, m.options()); err != nil && ctx.Err() == nil {
		m.log.Warn("lead workflow", zap.Error(err))
	}
}

// leave has this process rest.
func (m *Member) leave(reason error, pause time.Duration) {
	m.mu.Lock()
	m.reason = reason
	m.mu.Unlock()
	select {
	case m.rest <- pause:
	default: // it will rest anyway
	}
}

// activity is the activity that leads.
func (m *Member) activity(ctx context.Context) error {
	info := activity.GetInfo(ctx)
	err := m.lead(ctx, info.TaskToken, info.HeartbeatTimeout, activity.GetWorkerStopChannel(ctx))
	if temporal.IsCanceledError(err) {
		activity.RecordHeartbeat(ctx) // its answer makes the SDK accept the cancellation
	}
	return err
}

// lead leads until it must not. The error makes the activity another candidate's.
func (m *Member) lead(ctx context.Context, token []byte, timeout time.Duration, stopping <-chan struct{}) error {
	o := m.options()
	t, err := newTerm(o, timeout)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// The lead is kept until all has stopped.
	beats, stop := context.WithCancel(context.WithoutCancel(ctx))
	h := heartbeat{
		fence: t.fence, timeout: timeout, every: o.beat(timeout),
		beat: func(ctx context.Context) error { return m.client.RecordActivityHeartbeat(ctx, token) },
	}
	var running sync.WaitGroup
	running.Go(func() { cancel(h.keep(beats)) })
	running.Go(func() {
		select {
		case <-ctx.Done():
		case <-stopping:
			cancel(errStopped)
		}
	})
	m.begin(t)
	reason := t.serve(ctx, m.open)
	t.fence.end(reason)
	stop()
	cancel(reason)
	running.Wait()
	return m.end(reason, stopping)
}

func (m *Member) begin(t *term) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.term, m.terms = t, m.terms+1
}

// end returns the activity's error.
func (m *Member) end(reason error, stopping <-chan struct{}) error {
	o := m.options()
	refused := refusalOf(reason) != nil
	m.mu.Lock()
	m.term, m.reason = nil, reason
	pause := restDelay
	if refused {
		pause = o.rest(m.refusals)
		m.refusals++
	} else {
		m.refusals = 0
	}
	m.mu.Unlock()
	m.log.Info("leading no more", zap.String("account", o.Account), zap.Error(reason))

	kind := leavingType
	if refused {
		kind = refusedType
	}
	if !errors.Is(reason, errStopped) {
		// This process must not get the next attempt: its worker stops first.
		m.leave(reason, pause)
		select {
		case <-stopping:
		case <-time.After(leaveTime):
		}
	}
	if temporal.IsCanceledError(reason) {
		return temporal.NewCanceledError()
	}
	return temporal.NewApplicationErrorWithOptions(reason.Error(), kind, temporal.ApplicationErrorOptions{NextRetryDelay: handOverDelay})
}
