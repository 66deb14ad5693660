package edenwait

import (
	"runtime/debug"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Progress is the state of one call. Jobs are counted once, however often their id
// was passed in.
type Progress struct {
	// Total is the number of jobs read. Each is Succeeded, Failed, Errored (no final
	// response, or an undocumented status) or still Waiting. A hook's error does not
	// change these counts. Errored can shrink: if an id that was given up is read
	// again, its job is Waiting again.
	Total, Succeeded, Failed, Errored, Waiting int
	// Requests counts the GETs of this call's jobs since it read their ids, and the requests
	// for pages of the list while it had jobs to wait for, failed ones too. Lists counts those
	// for pages, and RateLimited the requests that were answered 429. A request that
	// serves several calls counts in each.
	Requests, Lists, RateLimited int
	// Rate is how many requests per second the Waiter allows itself now, for all its
	// calls.
	Rate float64
	// Elapsed is the time since the call began.
	Elapsed time.Duration
	// TimeLeft estimates the time until all waiting jobs end, if final responses keep
	// coming as fast as so far. It is 0 before the first: malformed ids and jobs that
	// were given up do not count. The last jobs of a batch take longer.
	TimeLeft time.Duration
	// Stalled is how long all requests of the Waiter have failed, or been refused
	// with 429. It is 0 while requests succeed, and for the first ten seconds.
	// Trouble says why the last request failed. It is empty when Stalled is 0.
	Stalled time.Duration
	Trouble string
}

// progressEvery is the least time between two calls of OnProgress.
const progressEvery = 250 * time.Millisecond

// reporter calls the OnProgress of one call, in separate goroutines, one at a time. So
// an OnProgress that draws on a slow terminal does not delay polls. Later changes are
// in the next report. The reporter is nil if the call has no OnProgress.
type reporter struct {
	hook     func(Progress)
	snapshot func() Progress
	log      *zap.Logger
	redact   func(string) string
	fail     func(thrown any) // ends all calls with what a Logger threw

	mu     sync.Mutex
	timer  *time.Timer
	busy   bool
	closed bool
	ended  chan struct{} // closed when the report that was busy at the end has ended
	told   bool
	latest Progress // what was reported last
}

// start begins to report.
func (r *reporter) start() *reporter {
	r.ended = make(chan struct{})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.timer = time.AfterFunc(0, r.tick)
	return r
}

// tick reports if anything has changed.
func (r *reporter) tick() {
	p := r.snapshot()
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	r.timer.Reset(progressEvery)
	if r.busy || r.told && p.sameCounts(r.latest) {
		r.mu.Unlock()
		return
	}
	r.busy, r.told, r.latest = true, true, p
	r.mu.Unlock()
	// Deferred, so that a runtime.Goexit in the hook is an end too.
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.busy = false
		if r.closed {
			close(r.ended)
		}
	}()
	r.call(p)
}

// finish reports once more. The channel is closed when that is done. It is nil if there
// is no OnProgress.
func (r *reporter) finish() <-chan struct{} {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	r.closed = true
	r.timer.Stop()
	if !r.busy {
		close(r.ended)
	}
	r.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-r.ended
		r.call(r.snapshot())
	}()
	return done
}

func (r *reporter) call(p Progress) {
	complete := false
	defer func() {
		switch thrown := recover(); {
		case thrown != nil:
			text, stack := printable(thrownText(thrown, r.redact), maxThrown), debug.Stack()
			guard("Logger", r.fail, func() { r.log.Warn("OnProgress panicked", zap.String("panic", text), zap.ByteString("stack", stack)) })
		case !complete:
			guard("Logger", r.fail, func() { r.log.Warn("OnProgress called runtime.Goexit") })
		}
	}()
	r.hook(p)
	complete = true
}

// sameCounts reports whether only time has passed.
func (p Progress) sameCounts(o Progress) bool {
	if (p.Stalled > 0) != (o.Stalled > 0) || (p.Trouble == "") != (o.Trouble == "") {
		return false
	}
	p.Elapsed, p.TimeLeft, p.Rate = o.Elapsed, o.TimeLeft, o.Rate
	p.Stalled, p.Trouble = o.Stalled, o.Trouble
	return p == o
}
