package edenwait

import (
	"runtime/debug"
	"time"

	"go.uber.org/zap"
)

// Progress is how one call stands. Jobs are counted once, however often their
// id was passed in.
type Progress struct {
	// Total is the number of jobs taken in: Succeeded, Failed, Errored (no final
	// response, or one outside of the contract) or still Waiting. They count by how
	// the job ended, whatever came of its hook. Errored can shrink: an id that was
	// given up and comes again waits again.
	Total, Succeeded, Failed, Errored, Waiting int
	// Requests counts everything sent by this call; Lists those of them that
	// asked for a page of the list, RateLimited those that were answered 429.
	Requests, Lists, RateLimited int
	// Rate is how many requests a second the Waiter allows itself now.
	Rate float64
	// Elapsed is the time since the call began.
	Elapsed time.Duration
	// TimeLeft is how long the jobs still waiting would take at the pace at which
	// jobs ended so far; 0 while none has. The last jobs of a batch take longer.
	TimeLeft time.Duration
}

// progressEvery is the least time between two calls of OnProgress.
const progressEvery = 250 * time.Millisecond

// reporter calls OnProgress in a goroutine of its own, one at a time, so that
// one that draws on a slow terminal delays no poll. What changes meanwhile is
// in the next call.
type reporter struct {
	hook  func(Progress)
	busy  bool
	next  time.Duration // not before
	last  *Progress     // to be reported when the one under way has ended
	ended chan struct{}

	told   bool
	latest Progress // what was reported last
}

func newReporter(hook func(Progress), log *zap.Logger) reporter {
	r := reporter{ended: make(chan struct{}, 1)}
	if hook != nil {
		r.hook = func(p Progress) {
			defer func() {
				if thrown := recover(); thrown != nil {
					log.Warn("OnProgress panicked", zap.Any("panic", thrown), zap.ByteString("stack", debug.Stack()))
				}
			}()
			hook(p)
		}
	}
	return r
}

// report calls the hook if there is news and it is time to. The result is how
// long until it is.
func (r *reporter) report(e *engine) time.Duration {
	if r.hook == nil || r.busy {
		return maxDuration
	}
	p := e.standing()
	if r.told && p.sameCounts(r.latest) {
		return maxDuration
	}
	if p.Elapsed < r.next {
		return r.next - p.Elapsed
	}
	r.next = p.Elapsed + progressEvery
	r.start(p)
	return maxDuration
}

func (r *reporter) start(p Progress) {
	r.busy, r.told, r.latest = true, true, p
	go func() {
		// Deferred, so that a runtime.Goexit in the hook is an end too.
		defer func() { r.ended <- struct{}{} }()
		r.hook(p)
	}()
}

// finish has the hook called a last time.
func (r *reporter) finish(p Progress) {
	switch {
	case r.hook == nil:
	case r.busy:
		r.last = &p
	default:
		r.start(p)
	}
}

func (r *reporter) end() {
	r.busy = false
	if r.last != nil {
		r.start(*r.last)
		r.last = nil
	}
}

// sameCounts reports whether nothing but time has passed.
func (p Progress) sameCounts(o Progress) bool {
	p.Elapsed, p.TimeLeft, p.Rate = o.Elapsed, o.TimeLeft, o.Rate
	return p == o
}

// standing is how the call stands.
func (e *engine) standing() Progress {
	p := e.counts
	p.Waiting = e.live - e.repeats
	p.Elapsed = e.now()
	p.Rate = e.budget.Rate(e.began.Add(p.Elapsed))
	if ended := p.Total - p.Waiting; ended > 0 {
		left := float64(p.Elapsed) * float64(p.Waiting) / float64(ended)
		p.TimeLeft = time.Duration(min(left, float64(maxDuration)))
	}
	return p
}
