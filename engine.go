package edenwait

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait/internal/budget"
	"github.com/edenwait/edenwait/internal/schedule"
)

// engine is one call of a Waiter: a loop in a single goroutine that owns all of
// its state. Only requests and hooks run in goroutines of their own, a bounded
// number, and report back over channels. A job that waits is a few dozen bytes
// here and in the schedule, and no goroutine.
//
// What is asked next is decided in schedule.Schedule.Next; when it may go, in
// budget.Turn; what an answer means, in answer.go.
type engine struct {
	*Waiter
	log   *zap.Logger
	ctx   context.Context
	began time.Time
	// deadline is that of ctx, as the schedule counts time.
	deadline time.Duration

	schedule *schedule.Schedule
	turn     *budget.Turn
	lister   Lister
	listPace pace // of an own BackOff; else cadence
	cadence  schedule.Cadence

	requests  errgroup.Group
	answers   chan answer
	inFlight  int
	asking    context.Context // of requests; ends with the batch, before ctx perhaps
	stop      context.CancelFunc
	roundTrip time.Duration // a moving average

	jobs      []job // by the schedule's number
	twins     []twin
	paces     []pace // by the same number, when Config.BackOff is set
	traces    map[uuid.UUID]trace
	failures  map[schedule.Job]error // of those whose last request failed
	badIDs    map[string]*badID
	deadlines []deadline
	live      int // jobs that have not ended
	repeats   int // those of them that ended before, and are asked about anew

	in     *intake
	more   bool                      // ids may still come
	settle func(index int, r Result) // where results go
	out    *outlet                   // on whose way they wait to be taken; nil if they do not

	hooks    hookRunner
	progress reporter
	counts   Progress
	trouble  int   // failed requests in a row
	cause    error // why the batch ended early; nil while it goes on
}

// job is what is kept of a job that is waited for.
type job struct {
	id     string // as passed in
	since  time.Duration
	index  int32 // of its Result
	twin   int32 // the first of the same job's other places, 1-based; 0 is none
	polls  uint32
	errors uint32
	rung   uint8
	seen   bool // running, by its own GET or in the list
	heard  heard
}

// live reports whether the job is waited for: its number may be another's soon.
func (j *job) live() bool { return j.id != "" }

// heard is what hooks have heard of a job, whose id may come again after its end.
type heard uint8

const (
	heardNothing heard = iota
	heardGaveUp        // that it was given up, which is to be said once
	heardEnd           // how it ended, after which there is nothing to say
)

// twin is another place of a job among the ids.
type twin struct {
	id    string
	index int32
	next  int32 // 1-based
}

// deadline is when MaxWait ends a job. MaxWait is the same for all, so they are
// in order of their taking in.
type deadline struct {
	number schedule.Job
	since  time.Duration
}

// stopWithin is how long a call goes on for hooks and requests that ignore the
// end of the context, before it gives their results up: with time to spare for
// a million results within the second that is promised.
const stopWithin = 400 * time.Millisecond

func (w *Waiter) newEngine(ctx context.Context, in *intake) *engine {
	e := &engine{
		Waiter: w, log: w.config.Logger, ctx: ctx, began: time.Now(),
		turn:    w.budget.NewTurn(),
		answers: make(chan answer, w.config.MaxInFlight),
		traces:  map[uuid.UUID]trace{},
		in:      in, more: in != nil,
		failures: map[schedule.Job]error{},
		hooks:    newHookRunner(),
	}
	if !w.config.DisableList {
		e.lister, _ = w.source.(Lister)
	}
	e.schedule = schedule.New(e.lister != nil)
	if e.lister != nil {
		e.listPace = w.newPace()
	}
	e.deadline = maxDuration
	if at, ok := ctx.Deadline(); ok {
		e.deadline = at.Sub(e.began)
	}
	e.requests.SetLimit(w.config.MaxInFlight)
	e.asking, e.stop = context.WithCancel(ctx)
	e.progress = newReporter(w.config.Hooks.OnProgress, w.config.Logger)
	return e
}

// loop runs until every job has ended and every hook and result is through, or
// the batch is over for another reason.
func (e *engine) loop() {
	e.calls.begin()
	defer e.calls.end()
	defer e.stop()
	defer e.turn.Leave()
	e.logStart()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		e.takeNew()
		// First, and each time: what woke the loop says nothing about the context,
		// which may have ended before it, or before the call.
		if e.ctx.Err() != nil && !e.done() {
			e.end(contextCause(e.ctx))
			break
		}
		wait := min(e.send(), e.progress.report(e))
		if e.done() {
			break
		}
		timer.Reset(wait)
		e.await(timer.C)
	}
	e.finish()
	e.logEnd()
}

// await sleeps until something happens, and settles it.
func (e *engine) await(timer <-chan time.Time) {
	var signal chan struct{}
	if e.more {
		signal = e.in.signal
	}
	batches, batch := e.out.offer()
	select {
	case <-timer:
	case <-e.ctx.Done():
	case <-e.turn.First():
	case <-signal:
	case a := <-e.answers:
		e.absorb(a)
	case h := <-e.hooks.ended:
		e.hooks.end(h)
	case <-e.progress.ended:
		e.progress.end()
	case batches <- batch:
		e.out.taken()
	}
}

func (e *engine) done() bool {
	if e.cause != nil {
		return true
	}
	return e.live == 0 && !e.more && !e.hooks.busy() && e.out.empty()
}

// send sends every request that is worth it and may go now, and returns how
// long until there is anything to look at again.
func (e *engine) send() time.Duration {
	for {
		now := e.now()
		e.expire(now)
		next := e.hurry(now)
		if e.cause != nil || e.inFlight == e.config.MaxInFlight || e.out.full(e.config.MaxInFlight) {
			e.turn.Leave()
			return next
		}
		ask, at := e.schedule.Next(now, e.lead(now))
		if ask.Kind == schedule.Nothing {
			e.turn.Leave()
			return min(next, at-now)
		}
		// The turn is for a request, not for this one: while it is waited for, a
		// better one may turn up, and Next is asked again.
		if wait := e.turn.Ready(e.began.Add(now)); wait > 0 {
			return min(next, wait)
		}
		e.turn.Take(e.began.Add(now))
		e.schedule.Sent(ask, now)
		e.launch(ask, now)
	}
}

// lead is how many requests go out while the list is read.
func (e *engine) lead(now time.Duration) int {
	sweep := e.roundTrip.Seconds() * float64(e.schedule.Pages())
	return int(sweep * e.budget.Rate(e.began.Add(now)))
}

// now is the time as the schedule counts it.
func (e *engine) now() time.Duration { return time.Since(e.began) }

// end ends the batch before its jobs have ended: nothing more is asked.
func (e *engine) end(cause error) {
	if e.cause == nil {
		e.cause = cause
		e.stop()
		if e.in != nil {
			e.in.stop()
		}
	}
}

// finish settles what is left when the batch is over. Requests that are under way
// are cut short, but an answer that has come in spite of it counts; hooks run to
// their end, though not for long once the context has ended.
func (e *engine) finish() {
	e.turn.Leave()
	e.stop() // a page of the list may still be under way, of use to nobody
	for late := time.After(stopWithin); e.inFlight > 0; {
		select {
		case a := <-e.answers:
			e.absorb(a)
		case h := <-e.hooks.ended:
			e.hooks.end(h)
		case <-late:
			e.inFlight = 0
		}
	}
	e.giveUpAll()
	e.progress.finish(e.standing())
	over, late := e.ctx.Done(), (<-chan time.Time)(nil)
	for e.hooks.busy() || e.progress.busy {
		select {
		case h := <-e.hooks.ended:
			e.hooks.end(h)
		case <-e.progress.ended:
			e.progress.end()
		case <-over:
			over, late = nil, time.After(stopWithin)
		case <-late:
			e.hooks.abandon(contextCause(e.ctx))
			e.progress.busy = false
		}
	}
	e.out.flush()
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

func (e *engine) logStart() {
	e.log.Info("batch started", zap.Int("jobs", e.counts.Total), zap.Bool("list", e.lister != nil))
}

func (e *engine) logEnd() {
	p := e.standing()
	e.log.Info("batch ended", zap.Int("jobs", p.Total), zap.Int("succeeded", p.Succeeded), zap.Int("failed", p.Failed),
		zap.Int("errored", p.Errored), zap.Int("waiting", p.Waiting), zap.Int("requests", p.Requests), zap.Int("lists", p.Lists),
		zap.Int("rate_limited", p.RateLimited), zap.Duration("took", p.Elapsed), zap.NamedError("ended_early", e.cause))
}
