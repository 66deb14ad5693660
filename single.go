package edenwait

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/edenwait/edenwait/internal/engine"
)

// single is a call for one job. There may be tens of thousands, each in a goroutine that
// only waits. Its cost is mostly its stack, which starts at 2 KB, and does not shrink
// once a turn of the engine has grown it to 4 KB. So another goroutine takes the id in,
// and the waiting goroutine makes no deep calls before it waits.
type single struct {
	call
	id       string
	result   Result
	progress *reporter
	logs     bool // its start and end are to be logged
	next     *single
}

func (s *single) name(int32) string      { return s.id }
func (s *single) emit(_ int32, r Result) { s.result = r }
func (*single) emitted()                 {}

// begin returns when the id is taken in.
//
//go:noinline
func (w *Waiter) begin(ctx context.Context, id string) *single {
	s := &single{id: id}
	s.consumer, s.ctx, s.wake = s, ctx, make(chan struct{}, 1)
	w.opener.add(w, s)
	for {
		<-s.wake
		if s.taken() {
			break
		}
	}
	if s.logs {
		s.logStart()
	}
	return s
}

func (s *single) taken() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sealed
}

// take takes the id in.
func (s *single) take(w *Waiter) {
	defer s.seal() // in any case: a BackOff may end the goroutine
	defer func() {
		if thrown := recover(); thrown != nil {
			s.crash(thrown) // a nil context panics: here, nobody could catch it
		}
	}()
	s.level, s.method, s.ids = zapcore.DebugLevel, waitOne, 1
	s.open(s.ctx, w)
	if s.ctx.Err() != nil {
		s.driver.with(s.handle, func(e *engine.Engine, now time.Duration) { e.Cancel(now, s.handle) }) // nothing is to be asked
	}
	s.call.take([]string{s.id}, 0)
	s.logs = s.log.Core().Enabled(zapcore.DebugLevel)
	s.progress = s.report(w.config.Hooks.OnProgress)
}

// end returns the result, or throws what the caller must get.
//
//go:noinline
func (s *single) end() (*Job, error) {
	complete := false
	defer func() { s.close(!complete) }()
	s.finish(s.progress)
	if s.logs {
		s.logEnd()
	}
	complete = true
	return s.result.Job, s.result.Err
}

// opener takes in the ids of single calls, in the order in which they came, in a
// few goroutines that end when there are no more: one for each call would double
// what ten thousand cost that begin at once.
type opener struct {
	mu          sync.Mutex
	first, last *single
	workers     int
}

// maxOpeners is how many ids are taken in at once. A Logger may block some.
const maxOpeners = 8

func (o *opener) add(w *Waiter, s *single) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last == nil {
		o.first = s
	} else {
		o.last.next = s
	}
	o.last = s
	if o.workers < maxOpeners {
		o.workers++
		go o.work(w)
	}
}

func (o *opener) next() *single {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.first
	if s == nil {
		o.workers--
		return nil
	}
	if o.first, s.next = s.next, nil; o.first == nil {
		o.last = nil
	}
	return s
}

func (o *opener) work(w *Waiter) {
	complete := false
	defer func() {
		if !complete { // a BackOff has ended this goroutine
			go o.work(w)
		}
	}()
	for s := o.next(); s != nil; s = o.next() {
		s.take(w)
	}
	complete = true
}
