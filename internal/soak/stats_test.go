package soak

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/edenwait/edenwait"
)

// statsLog compares each Stats with the one before. Its lock puts them in an order.
type statsLog struct {
	mu   sync.Mutex
	last edenwait.Stats

	looks atomic.Int64 // by functions of the caller's
}

// watch takes Stats again and again.
func (r *run) watch(over <-chan struct{}) {
	if r.watchEvery == 0 {
		return
	}
	for {
		select {
		case <-time.After(r.watchEvery):
			r.look()
		case <-over:
			return
		}
	}
}

// curiosity is what a caller's function does that may call the Waiter: it takes Stats,
// and one time in eight it hints at the job.
func (r *run) curiosity(id string) {
	if !r.curious {
		return
	}
	r.look()
	if n := r.stats.looks.Add(1); len(r.hints) > 0 && n%8 == 0 {
		r.notify(id)
	}
}

// look takes Stats, which no caller's function may be denied: counters only grow, and
// what is now adds up.
func (r *run) look() {
	r.stats.mu.Lock()
	defer r.stats.mu.Unlock()
	old, s := r.stats.last, r.waiter.Stats()
	r.stats.last = s
	for name, n := range map[string][2]int{
		"Gets": {old.Gets, s.Gets}, "Lists": {old.Lists, s.Lists}, "RateLimited": {old.RateLimited, s.RateLimited},
		"Own": {old.Own, s.Own}, "OwnRateLimited": {old.OwnRateLimited, s.OwnRateLimited}, "OwnWaited": {int(old.OwnWaited), int(s.OwnWaited)},
		"Succeeded": {old.Succeeded, s.Succeeded}, "Failed": {old.Failed, s.Failed}, "Errored": {old.Errored, s.Errored},
		"LagSum": {int(old.LagSum), int(s.LagSum)}, "LagBounded": {old.LagBounded, s.LagBounded}, "LagUnbounded": {old.LagUnbounded, s.LagUnbounded},
		"HintsTrue": {old.HintsTrue, s.HintsTrue}, "all hints": {old.HintsTrue + old.HintsFalse, s.HintsTrue + s.HintsFalse},
	} {
		if n[1] < n[0] {
			r.t.Errorf("Stats: %s went from %d to %d at %v", name, n[0], n[1], r.now())
		}
	}
	least := min(s.Calls, s.Jobs, s.Waits, s.Backlog, s.InFlight, s.OwnWaiting, s.HooksRunning, s.HooksWaiting, s.HintsFalse)
	switch {
	case least < 0, min(s.Paused, s.BacklogTime, s.Stalled, s.SinceAnswer) < 0, s.Paused > 300*time.Second:
	case s.Jobs > s.Waits, s.Backlog > s.Jobs, s.Calls == 0 && (s.Jobs > 0 || s.SinceAnswer > 0):
	case s.Stalled != 0 && s.Stalled != s.SinceAnswer, s.Limit != r.rate(), s.Rate <= 0, s.Rate > s.Limit, s.List == "":
	default:
		return
	}
	r.t.Errorf("Stats do not add up at %v: %+v", r.now(), s)
}
