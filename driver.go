package edenwait

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait/internal/engine"
)

// driver runs the engine: it takes the lock, passes the engine an input and the time, and
// performs the work that the engine returns. It makes no decisions. It has no goroutine
// of its own: the goroutine that brings an input performs the work, and an alarm is one
// more input. So it needs no start and no stop. While idle, the alarm is not set.
type driver struct {
	requester *requester
	log       *zap.Logger
	tracer    *tracer
	deliver   func([]engine.End) // takes what has ended
	idle      func()             // is called when the last call has ended
	woke      func()             // is called when the machine has been asleep

	ownSent   atomic.Int64 // own requests that have had their turn
	ownWaited atomic.Int64 // nanoseconds that own requests have waited for a turn

	mu       sync.Mutex
	core     *engine.Engine
	open     map[*engine.Call]struct{} // each Owner is a subscriber
	callers  []*engine.Call            // for waiting to use again
	cancels  map[engine.RequestID]context.CancelFunc
	turns    map[engine.Ticket]chan struct{} // of own requests that wait
	requests *errgroup.Group                 // of the time since the last idleness
	alarm    *time.Timer                     // nil while idle
	alarmAt  time.Duration
	sleep    sleepClock
	origin   time.Time     // of the engine's time,
	elapsed  time.Duration // which stood there then
}

func newDriver(deliver func([]engine.End)) *driver {
	return &driver{
		deliver: deliver, origin: time.Now(), requests: new(errgroup.Group),
		open: map[*engine.Call]struct{}{}, cancels: map[engine.RequestID]context.CancelFunc{}, turns: map[engine.Ticket]chan struct{}{},
	}
}

// subscriber is the driver's view of a call.
type subscriber interface {
	// opened is called first, under the driver's lock.
	opened(handle *engine.Call)
	// values is the context whose values the requests for the call carry.
	values() context.Context
	// refused ends the call with an answer that concerns every call, under the driver's
	// lock: else another goroutine could deliver its results before it knows why.
	refused(cause error)
	// crash makes the call panic with what a BackOff or a Logger threw, where its caller
	// can catch it.
	crash(thrown any)
}

// maxIdle bounds how much of the time without calls counts. The time of a
// synctest bubble and that outside have nothing to do with each other.
const maxIdle = time.Hour

// now is the engine's time. It starts with the first call, and goes on with the
// next after idleness.
func (d *driver) now() time.Duration { return d.elapsed + time.Since(d.origin) }

// begin opens a call. The engine is never idle without the driver noticing it.
func (d *driver) begin(s subscriber, deadline time.Time, limited bool) {
	thrown, complete := any(errBackOffExits), false
	defer func() {
		if !complete || thrown != nil {
			s.crash(thrown) // it may not have been opened yet
		}
	}()
	thrown = d.input(func() {
		d.wakeUp()
		options := engine.CallOptions{Owner: s, Deadline: engine.Never}
		if limited {
			// A context may end centuries from now: the sum must not overflow.
			options.Deadline = d.now() + min(time.Until(deadline), maxDuration)
		}
		handle := d.core.Open(d.now(), options)
		d.open[handle] = struct{}{}
		s.opened(handle)
	})
	complete = true
}

// errBackOffExits is thrown in the calls of a BackOff that has ended the goroutine.
var errBackOffExits = errors.New("edenwait: the BackOff called runtime.Goexit")

// wakeUp makes the engine's time continue after idleness.
func (d *driver) wakeUp() {
	if d.core.Idle() {
		d.elapsed += min(max(time.Since(d.origin), 0), maxIdle)
		d.origin = time.Now()
		d.sleep.start()
		d.requests = new(errgroup.Group)
	}
}

// notify passes a hint on.
func (d *driver) notify(key engine.Key) {
	d.input(func() {
		d.wakeUp() // or the time of another bubble would be the engine's
		d.core.Notify(d.now(), key)
	})
}

// reserve requests a turn for one of the caller's own requests. The channel is closed
// when the turn is granted.
func (d *driver) reserve() (ticket engine.Ticket, ahead int, granted <-chan struct{}) {
	turn := make(chan struct{})
	d.input(func() {
		d.wakeUp()
		ticket, ahead = d.core.Reserve()
		d.turns[ticket] = turn
	})
	return ticket, ahead, turn
}

// withdraw gives a turn up, granted or not.
func (d *driver) withdraw(ticket engine.Ticket) {
	d.input(func() {
		if _, waits := d.turns[ticket]; waits {
			delete(d.turns, ticket)
			d.core.Withdraw(ticket)
		} else {
			d.core.ReturnTurn(d.now())
		}
	})
}

// observe records the result of one of the caller's own requests, sent at sent.
func (d *driver) observe(sent time.Duration, limited bool, retryAfter time.Duration) {
	d.input(func() { d.core.Observe(d.now(), sent, limited, retryAfter) })
}

// snapshot looks at the engine, whatever is under way.
func (d *driver) snapshot(look func(e *engine.Engine, now time.Duration)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	look(d.core, d.now())
}

// time is the engine's.
func (d *driver) time() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now()
}

// end closes a call.
func (d *driver) end(handle *engine.Call) {
	last := false
	d.input(func() {
		if _, open := d.open[handle]; !open {
			return // it ended with a crash
		}
		delete(d.open, handle)
		d.core.Close(d.now(), handle)
		last = d.core.Idle()
	})
	if last {
		d.idle()
	}
}

// with gives the engine an input for a call, unless the call's engine is gone.
func (d *driver) with(handle *engine.Call, input func(e *engine.Engine, now time.Duration)) {
	d.input(func() {
		if _, open := d.open[handle]; open {
			input(d.core, d.now())
		}
	})
}

// look is like with, for inputs that change nothing.
func (d *driver) look(handle *engine.Call, f func(e *engine.Engine, now time.Duration)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, open := d.open[handle]; open {
		f(d.core, d.now())
	}
}

// input passes an input to the engine, and performs the work that follows. It returns the
// value of a panic in the input.
func (d *driver) input(input func()) (thrown any) {
	for {
		work := d.turn(input)
		d.perform(work)
		if !work.More {
			return work.thrown
		}
		input = func() {}
	}
}

// work is what the engine wants done, with what was prepared under the lock.
type work struct {
	engine.Ready
	contexts []context.Context    // of the requests
	waiting  [][]context.Context  // of the calls that wait for them, if they are traced
	aborts   []context.CancelFunc // of the aborted ones
	turns    []chan struct{}      // that are granted
	requests *errgroup.Group
	core     *engine.Engine
	thrown   any
}

// turn is one step of the engine. A BackOff of the caller's may panic in it, or
// call runtime.Goexit: then all calls end with that.
func (d *driver) turn(input func()) (w work) {
	d.mu.Lock()
	defer d.mu.Unlock()
	complete := false
	defer func() {
		if !complete {
			thrown := recover()
			if thrown == nil {
				thrown = errBackOffExits
			}
			d.crash(thrown)
			w = work{thrown: thrown}
		}
	}()
	input()
	w = work{Ready: d.core.Ready(d.now()), requests: d.requests, core: d.core}
	for _, r := range w.Requests {
		ctx := context.Context(ownContext{driver: d})
		if r.For != nil {
			ctx = ownContext{driver: d, caller: r.For.Owner.(subscriber).values()}
		}
		// Made here, or an abort could come before it.
		ctx, d.cancels[r.ID] = context.WithCancel(ctx)
		w.contexts = append(w.contexts, ctx)
		if d.tracer.requests() {
			w.waiting = append(w.waiting, d.waiting(r.ID))
		}
	}
	for _, id := range w.Aborts {
		w.aborts = append(w.aborts, d.cancels[id])
		delete(d.cancels, id)
	}
	for _, ticket := range w.Grants {
		w.turns = append(w.turns, d.turns[ticket])
		delete(d.turns, ticket)
	}
	for _, over := range w.Over {
		cause, _ := over.Value.(error)
		over.Call.Owner.(subscriber).refused(cause)
	}
	d.setAlarm(w.WakeAt)
	complete = true
	return w
}

// waiting are the contexts of the calls that wait for the job of a GET.
func (d *driver) waiting(id engine.RequestID) []context.Context {
	d.callers = d.core.Waiting(d.callers[:0], id, maxTracedCalls)
	if len(d.callers) == 0 {
		return nil
	}
	contexts := make([]context.Context, 0, len(d.callers))
	for _, c := range d.callers {
		contexts = append(contexts, c.Owner.(subscriber).values())
	}
	clear(d.callers)
	return contexts
}

// setAlarm sets the alarm, or stops it if the engine needs none.
func (d *driver) setAlarm(at time.Duration) {
	if at != engine.Never && at-d.now() > sleepCheck {
		at = d.now() + sleepCheck
	}
	switch {
	case d.core.Idle() || at == engine.Never:
		if d.alarm != nil {
			d.alarm.Stop()
			d.alarm = nil
		}
		if d.core.Idle() {
			d.elapsed, d.origin = d.now(), time.Now()
		}
	case d.alarm == nil:
		d.alarm = time.AfterFunc(at-d.now(), d.ring)
	case at != d.alarmAt:
		d.alarm.Reset(at - d.now())
	}
	d.alarmAt = at
}

// ring runs when the alarm fires.
func (d *driver) ring() {
	slept := false
	d.input(func() {
		d.alarmAt = engine.Never
		if slept = d.sleep.slept(); slept {
			d.core.Woke(d.now())
		}
	})
	if slept {
		d.woke()
	}
}

// perform does what the engine wants done, without the lock.
func (d *driver) perform(w work) {
	for _, abort := range w.aborts {
		abort()
	}
	for _, turn := range w.turns {
		close(turn)
	}
	for i := range w.Notes {
		guard("Logger", d.fail, func() { d.write(&w.Notes[i]) })
	}
	for i, r := range w.Requests {
		ctx := w.contexts[i]
		w.requests.Go(func() error {
			own, traced := ctx, (*tracedRequest)(nil) // a ctx that is assigned here costs an allocation
			if d.tracer.requests() {
				traced = d.tracer.requestStart(ctx, r, w.waiting[i])
				own = traced.ctx
			}
			d.requester.send(own, r, func(a engine.Answer) {
				traced.end(&a)
				d.respond(w.core, r.ID, a)
			})
			return nil
		})
	}
	if len(w.Ends) > 0 {
		d.deliver(w.Ends)
	}
}

// respond gives the engine an answer, unless it is another engine by now.
func (d *driver) respond(core *engine.Engine, id engine.RequestID, a engine.Answer) {
	d.input(func() {
		if d.core != core {
			return
		}
		if cancel := d.cancels[id]; cancel != nil {
			cancel()
			delete(d.cancels, id)
		}
		d.core.Respond(d.now(), id, a)
	})
}

// crash ends all calls, and begins with a new engine: the state of one in which
// something panicked is unknown. Own requests stay in line. It is called under the lock.
func (d *driver) crash(thrown any) {
	for handle := range d.open {
		handle.Owner.(subscriber).crash(thrown)
	}
	for _, cancel := range d.cancels {
		cancel()
	}
	d.open, d.cancels = map[*engine.Call]struct{}{}, map[engine.RequestID]context.CancelFunc{}
	if d.alarm != nil {
		d.alarm.Stop()
		d.alarm = nil
	}
	d.core = d.core.Renew()
	if len(d.turns) > 0 {
		d.alarm, d.alarmAt = time.AfterFunc(0, d.ring), d.now() // no call is left that would grant them
	}
}

// fail ends all calls with what was thrown outside the engine.
func (d *driver) fail(thrown any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.crash(thrown)
}
