package soak

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// aside is what a scenario does beside its calls: it calls Notify and Stats, and sends
// requests of its own through Transport.
type aside struct {
	hints []hint
	own   []ownRequestPlan

	notified atomic.Int64
	mu       sync.Mutex
	returned []*ownRequest

	stats      statsLog
	watchEvery time.Duration // 0: never
	curious    bool          // hooks, the Trace and the next RoundTripper take Stats
	through    bool          // the Waiter's own HTTPClient goes through Transport
}

// hint is a number of calls of Notify.
type hint struct {
	at    time.Duration // from the first call
	id    string
	times int
}

// drawLine draws what goes wrong with the connections and the line, and answers
// that say when to come back.
func (w *scenario) drawLine() {
	o := &w.opts
	if w.maybe(0.15) {
		o.Bandwidth = 5e5 * math.Pow(400, w.rng.Float64())
	}
	if w.maybe(0.1) {
		o.Ban = w.span(0, 40*time.Second)
	}
	add := func(share float64, f edentest.Fault) {
		if w.maybe(share) {
			o.Faults = append(o.Faults, f)
		}
	}
	if w.silent = w.maybe(0.15); w.silent {
		o.Faults = append(o.Faults, edentest.Fault{
			On: pick(w, edentest.Get, edentest.List, 0), Skip: w.rng.IntN(40), Times: 1 + w.rng.IntN(3), Do: edentest.Silence(),
		})
	}
	add(0.15, edentest.Fault{On: edentest.Get, PerJob: true, Skip: w.rng.IntN(4), Times: 1 + w.rng.IntN(2), Do: edentest.StrayNotFound()})
	from := w.span(0, 2*time.Minute)
	add(0.1, edentest.Fault{
		On: pick(w, edentest.Get, edentest.Get|edentest.List, 0), From: from, Until: from + w.span(0, time.Minute),
		Do: edentest.Unavailable(w.span(0, 2*time.Minute)),
	})
	add(0.1, edentest.Fault{Probability: w.rng.Float64(), Do: edentest.Processing(pick(w, 200, 202), pick(w, "1", "5", "30", "999"))})
	w.closing = w.maybe(0.5)
	if w.maybe(0.2) {
		w.stuck = pick(w, 0.03, 0.3, 1)
	}
}

// drawBeside draws what is done beside the calls.
func (w *scenario) drawBeside() {
	if w.maybe(0.4) {
		w.drawHints()
	}
	if w.maybe(0.25) {
		w.drawOwn()
	}
	if w.maybe(0.3) {
		w.watchEvery = w.span(time.Millisecond, 5*time.Second)
	}
	w.curious, w.through = w.maybe(0.2), !w.closing && w.maybe(0.3)
}

func (w *scenario) drawHints() {
	share, early := w.rng.Float64(), w.rng.Float64()
	add := func(at time.Duration, id string) {
		if at >= 0 && at < time.Hour {
			w.hints = append(w.hints, hint{at, id, pick(w, 1, 1, 1, 2, 5)})
		}
	}
	for _, id := range w.ids {
		end := w.jobs[id].script.After - w.head
		if w.maybe(share) && end < time.Hour {
			add(end+w.span(0, pick(w, 2*time.Second, 2*time.Second, 2*time.Minute)), id)
		}
		if w.maybe(share * early) {
			add(w.span(0, 2*time.Minute), id)
		}
		if w.maybe(share*early) && end < time.Hour {
			add(end-w.span(0, 20*time.Second), strings.ToUpper(id))
		}
	}
	for range w.rng.IntN(10) {
		add(w.span(0, 2*time.Minute), pick(w, "", "job", unknownID(w.rng.IntN(3)), unknownID(9), strings.Repeat("x", 36)))
	}
	if len(w.ids) > 0 && w.maybe(0.2) { // a flood
		at := w.span(0, time.Minute)
		for range 20 {
			w.hints = append(w.hints, hint{at + w.span(0, 20*time.Second), pick(w, w.ids...), 50})
		}
	}
	slices.SortStableFunc(w.hints, func(a, b hint) int { return int(a.at - b.at) })
}

// notify calls Notify, and counts.
func (r *run) notify(id string) {
	r.notified.Add(1)
	r.waiter.Notify(id)
}

// hint has the scenario's hints come, and later those that come after the last call.
func (r *run) hint(over <-chan struct{}) {
	defer func() {
		<-over
		if len(r.hints) > 0 {
			for _, id := range r.ids {
				r.notify(id)
			}
		}
	}()
	for _, h := range r.hints {
		select {
		case <-time.After(h.at - r.now()):
			for range h.times {
				r.notify(h.id)
			}
		case <-over:
			return
		}
	}
}

// strays is how often the job was unknown though there is one: it was too new, or the API
// had shown it.
func (r *run) strays(id string) (n int) {
	for _, request := range r.api.Requests() {
		unknown := request.Fault == "" && request.Status == http.StatusNotFound || request.Fault == edentest.StrayNotFound().String()
		n += int1(request.Kind == edentest.Get && request.JobID == strings.ToLower(id) && unknown)
	}
	return n
}

// checkBeside: no hint counts twice, and nothing is under way after the last call.
func (r *run) checkBeside() {
	r.checkOwn()
	s := r.waiter.Stats()
	if n := int(r.notified.Load()); s.HintsTrue < 0 || s.HintsFalse < 0 || s.HintsTrue+s.HintsFalse > n {
		r.t.Errorf("hints: %d true, %d false, of %d", s.HintsTrue, s.HintsFalse, n)
	}
	if s.Calls != 0 || s.Jobs != 0 || s.Waits != 0 || s.Backlog != 0 || s.InFlight != 0 {
		r.t.Errorf("after the last call: %+v", s)
	}
}

func int1(is bool) int {
	if is {
		return 1
	}
	return 0
}

// checkWire: no body is left open, no job is polled that nobody waits for, and none
// before the time that its own answer named.
func (r *run) checkWire() {
	if r.wire.open != 0 {
		r.t.Errorf("%d bodies are open after the last call", r.wire.open)
	}
	waits := map[string][]span{}
	for _, o := range r.outcomes {
		for id, since := range o.since {
			waits[id] = append(waits[id], span{since[0], o.to})
		}
	}
	alone := len(r.outcomes) == 1 && r.config.DisableList && len(r.hints) == 0 && !r.hooked && !r.ends && !r.rude &&
		r.config.MaxWait == 0 && r.calls[0].end == 0
	for _, s := range r.wire.sent {
		if s.id == "" {
			continue
		}
		if !slices.ContainsFunc(waits[s.id], func(w span) bool { return w.from <= s.at && s.at <= w.to }) {
			r.t.Errorf("%s is polled at %v, for which nobody waits then: %v", s.id, s.at, waits[s.id])
		}
		for _, rest := range r.wire.later[s.id] {
			if alone && rest.has(s.at) {
				r.t.Errorf("%s is polled at %v, though it asked at %v to be left alone until %v", s.id, s.at, rest.from, rest.to)
			}
		}
	}
}

// String is for errors.
func (s span) String() string { return fmt.Sprintf("%v to %v", s.from, s.to) }
