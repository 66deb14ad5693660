package soak

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// aside is what a scenario does beside its calls: it calls Notify, and sends
// requests of its own through Transport.
type aside struct {
	hints []hint
	own   []ownRequestPlan

	notified atomic.Int64
	mu       sync.Mutex
	returned []ownRequest
}

// hint is a number of calls of Notify.
type hint struct {
	at    time.Duration // from the first call
	id    string
	times int
}

// ownRequestPlan is a number of requests that are sent at once.
type ownRequestPlan struct {
	at    time.Duration // from the first call, or after the last if late
	late  bool
	times int
	limit time.Duration // of each one's ctx
}

// ownRequest is what became of one.
type ownRequest struct {
	limit, took time.Duration
	sent        bool
	closed      bool // its body
	status      int
	err         error
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
		for range 1 + w.rng.IntN(4) {
			w.own = append(w.own, ownRequestPlan{
				at: w.span(0, 3*time.Minute), late: w.maybe(0.2), times: 1 + w.rng.IntN(pick(w, 2, 10, 40)), limit: w.span(0, pick(w, 5*time.Second, 2*time.Minute)),
			})
		}
	}
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
			add(end+w.span(0, 2*time.Second), id)
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

// hint has the scenario's hints come.
func (r *run) hint(over <-chan struct{}) {
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

// sendOwn sends the caller's own requests, and returns when all have returned.
func (r *run) sendOwn(over <-chan struct{}) {
	var group sync.WaitGroup
	defer group.Wait()
	client := &http.Client{Transport: r.waiter.Transport(r.wire)}
	for _, o := range r.own {
		group.Go(func() {
			if o.late {
				<-over
			}
			select {
			case <-time.After(o.at):
			case <-over:
			}
			for range o.times {
				group.Go(func() { r.sendOne(client, o.limit) })
			}
		})
	}
}

// sendOne submits a job, and notes what comes of it.
func (r *run) sendOne(client *http.Client, limit time.Duration) {
	wasSent := new(atomic.Bool)
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), contextKey("own"), wasSent), limit)
	defer cancel()
	body := &closable{Reader: strings.NewReader(`{"model":"audio/speech_to_text_async/deepgram","input":{"file":"https://example.com/a.mp3"}}`)}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, edenwait.DefaultBaseURL+"/v3/universal-ai/async", body)
	if err != nil {
		r.t.Error(err)
		return
	}
	request.Header.Set("Authorization", "Bearer "+testbed.Token)
	began, of := time.Now(), ownRequest{limit: limit}
	response, err := client.Do(request)
	if of.err = err; err == nil {
		of.status = response.StatusCode
		_, _ = io.Copy(io.Discard, response.Body) // which may be spoiled too
		_ = response.Body.Close()
	}
	of.took, of.sent, of.closed = time.Since(began), wasSent.Load(), body.closed.Load()
	r.aside.mu.Lock()
	defer r.aside.mu.Unlock()
	r.returned = append(r.returned, of)
}

// closable is a body that knows whether it was closed.
type closable struct {
	io.Reader
	closed atomic.Bool
}

// Close implements io.Closer.
func (c *closable) Close() error {
	c.closed.Store(true)
	return nil
}

// strays is how often the job was unknown though the API had shown it.
func (r *run) strays(id string) (n int) {
	for _, request := range r.api.Requests() {
		n += int1(request.JobID == strings.ToLower(id) && request.Fault == edentest.StrayNotFound().String())
	}
	return n
}

// checkBeside: each own request has an end that its ctx, the line or the server
// gave it; one that had no turn was not sent; and no hint counts twice.
func (r *run) checkBeside() {
	want, sent, limited := 0, 0, 0
	for _, o := range r.own {
		want += o.times
	}
	if len(r.returned) != want {
		r.t.Errorf("%d own requests returned, want %d", len(r.returned), want)
	}
	for _, of := range r.returned {
		inLine := of.err != nil && strings.Contains(of.err.Error(), "in line")
		switch late := errors.Is(of.err, context.DeadlineExceeded); {
		case !of.closed:
			r.t.Errorf("the body of an own request was left open: %+v", of)
		case inLine && (of.sent || !late), late && of.took < of.limit, of.err == nil && !of.sent:
			r.t.Errorf("an own request: %+v", of)
		case of.took > of.limit+100*time.Millisecond:
			r.t.Errorf("an own request returned %v after its ctx: %+v", of.took-of.limit, of)
		}
	}
	for _, s := range r.wire.sent {
		sent += int1(s.own)
	}
	for _, refused := range r.wire.refused {
		limited += int1(refused.own && refused.status == http.StatusTooManyRequests)
	}
	s := r.waiter.Stats()
	if s.Own != sent || s.OwnRateLimited < limited || s.OwnWaiting != 0 {
		r.t.Errorf("own requests: %d sent, %d answered 429; Stats says %d, %d, and %d in line", sent, limited, s.Own, s.OwnRateLimited, s.OwnWaiting)
	}
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
