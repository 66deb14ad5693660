package soak

import (
	"context"
	"sync"
	"time"

	"github.com/edenwait/edenwait"
)

// traceLog records what the Trace of a scenario is told.
type traceLog struct {
	mu       sync.Mutex
	calls    int // that have begun and not ended
	requests int // likewise
	begun    int // calls, in all
	ends     map[edenwait.Outcome]int
	bounded  int
	lags     time.Duration
	jobs     []edenwait.JobEndInfo
	known    []time.Time // when the ends of jobs were
}

// inTrace marks contexts that a Trace has returned.
type inTrace string

// trace is the Trace, each function of which calls beside, as it may call the Waiter.
func (s *traceLog) trace(beside func(id string)) *edenwait.Trace {
	s.ends = map[edenwait.Outcome]int{}
	add := func(n *int, by int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		*n += by
	}
	return &edenwait.Trace{
		CallStart: func(ctx context.Context, _ edenwait.CallInfo) context.Context {
			beside("")
			add(&s.calls, 1)
			add(&s.begun, 1)
			return context.WithValue(ctx, inTrace("call"), true)
		},
		CallEnd: func(ctx context.Context, _ edenwait.CallEndInfo) {
			beside("")
			if ctx.Value(inTrace("call")) == true {
				add(&s.calls, -1)
			}
		},
		JobEnd: func(ctx context.Context, info edenwait.JobEndInfo) {
			beside(info.ID)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.jobs, s.known = append(s.jobs, info), append(s.known, time.Now())
			s.ends[info.Outcome]++
			if info.LagBounded {
				s.bounded++
				s.lags += info.Lag
			}
		},
		RequestStart: func(ctx context.Context, info edenwait.RequestInfo) context.Context {
			beside(info.JobID)
			if (info.Kind == edenwait.RequestGet) == (ctx.Value(inTrace("call")) == true && len(info.Calls) > 0) {
				add(&s.requests, 1)
			}
			return context.WithValue(ctx, inTrace("request"), true)
		},
		RequestEnd: func(ctx context.Context, info edenwait.RequestEndInfo) {
			beside(info.JobID)
			if ctx.Value(inTrace("request")) == true {
				add(&s.requests, -1)
			}
		},
	}
}

// checkTrace: what has begun has ended, jobs ended as Stats counts them, and no end was
// known later than its bound says.
func (r *run) checkTrace() {
	s, stats := r.trace, r.waiter.Stats()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls != 0 || s.requests != 0 || s.begun < len(r.scenario.calls) {
		r.t.Errorf("the Trace: of %d calls and some requests, %d and %d have not ended", s.begun, s.calls, s.requests)
	}
	if s.ends[edenwait.OutcomeSuccess] != stats.Succeeded || s.ends[edenwait.OutcomeFail] != stats.Failed ||
		s.ends[edenwait.OutcomeError] != stats.Errored || s.bounded != stats.LagBounded || s.lags != stats.LagSum {
		r.t.Errorf("the Trace: %v, lag %v of %d jobs; Stats: %+v", s.ends, s.lags, s.bounded, stats)
	}
	if stats.HooksRunning != 0 || stats.HooksWaiting != 0 {
		r.t.Errorf("%d hooks run and %d wait", stats.HooksRunning, stats.HooksWaiting)
	}
	for i, job := range s.jobs {
		// The list may be behind, and a job that runs again has two ends.
		if !job.LagBounded || !r.config.DisableList || r.jobs[job.ID].script.RevertAfter > 0 {
			continue
		}
		end, ends := r.api.EndedAt(job.ID)
		if truth := s.known[i].Sub(end); ends && job.Lag < truth {
			r.t.Errorf("the Trace: %s ended %v before that was known, not within %v", job.ID, truth, job.Lag)
		}
	}
}
