package soak

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// ownRequestPlan is a number of requests that are sent at once.
type ownRequestPlan struct {
	at    time.Duration // from the first call, or after the last if late
	late  bool
	times int
	limit time.Duration // of each one's ctx; 0: it has ended before
	next  string        // what the next RoundTripper does
}

// ownRequest is what became of one.
type ownRequest struct {
	ownRequestPlan
	began, took time.Duration
	granted     time.Duration // when its turn came; edentest.Never if none did
	sent        bool
	closed      bool // its body
	status      int
	err         error
	thrown      any
	complete    bool // it returned or panicked
}

var errNext = errors.New("the soak's next RoundTripper fails")

func (w *scenario) drawOwn() {
	for range 1 + w.rng.IntN(4) {
		o := ownRequestPlan{
			at: w.span(0, 3*time.Minute), late: w.maybe(0.2), times: 1 + w.rng.IntN(pick(w, 2, 10, 40)), limit: w.span(0, pick(w, 5*time.Second, 2*time.Minute)),
			next: "answers",
		}
		if w.maybe(0.4) { // such contexts end in the very moment when a turn comes, unless a poll has it
			rate := w.rate()
			apart := time.Duration(math.Ceil((1e9+1.8e6*rate/math.Floor(rate))/rate)) + 1 // as the limiter has it
			o.late, o.limit = w.maybe(0.7), apart*time.Duration(1+w.rng.IntN(o.times+1))-1800*time.Microsecond
		}
		if w.maybe(0.4) {
			o.next = pick(w, "fails", "fails late", "panics", "panics late", "exits", "has nothing")
		}
		w.own = append(w.own, o)
	}
}

// sendOwn sends the caller's own requests, and returns when all have returned.
func (r *run) sendOwn(over <-chan struct{}) {
	var group sync.WaitGroup
	defer group.Wait()
	client := &http.Client{Transport: r.waiter.Transport(ownNext{r})}
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
				group.Go(func() { r.sendOne(client, o) })
			}
		})
	}
}

// sendOne submits a job, and notes what comes of it.
func (r *run) sendOne(client *http.Client, plan ownRequestPlan) {
	of := &ownRequest{ownRequestPlan: plan, granted: edentest.Never, began: r.now()}
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), contextKey("own"), of), plan.limit)
	defer cancel()
	if r.watchEvery > 0 {
		defer context.AfterFunc(ctx, r.look)() // a turn that comes then is given back
	}
	body := &closable{Reader: strings.NewReader(`{"model":"audio/speech_to_text_async/deepgram","input":{"file":"https://example.com/a.mp3"}}`)}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, edenwait.DefaultBaseURL+"/v3/universal-ai/async", body)
	if err != nil {
		r.t.Error(err)
		return
	}
	request.Header.Set("Authorization", "Bearer "+testbed.Token)
	defer func() {
		if of.thrown = recover(); of.thrown != nil {
			of.complete = true
		}
		of.took, of.closed = r.now()-of.began, body.closed
		r.aside.mu.Lock()
		defer r.aside.mu.Unlock()
		r.returned = append(r.returned, of)
	}()
	response, err := client.Do(request)
	if of.complete, of.err = true, err; err == nil {
		of.status = response.StatusCode
		_, _ = io.Copy(io.Discard, response.Body) // which may be spoiled too
		_ = response.Body.Close()
	}
}

// ownNext is the RoundTripper behind Transport.
type ownNext struct{ r *run }

// RoundTrip implements http.RoundTripper.
func (n ownNext) RoundTrip(request *http.Request) (*http.Response, error) {
	of, _ := request.Context().Value(contextKey("own")).(*ownRequest)
	of.granted = n.r.now()
	n.r.curiosity("")
	if strings.HasSuffix(of.next, "late") || of.next == "answers" {
		response, err := n.r.wire.RoundTrip(request)
		if of.next == "answers" || err != nil {
			return response, err
		}
		_ = response.Body.Close()
	} else {
		_ = request.Body.Close()
	}
	switch of.next {
	case "panics", "panics late":
		panic(errNext)
	case "exits":
		runtime.Goexit()
	case "has nothing":
		return nil, nil
	}
	return nil, errNext
}

// closable is a body that knows whether it was closed.
type closable struct {
	io.Reader
	closed bool
}

// Close implements io.Closer.
func (c *closable) Close() error {
	c.closed = true
	return nil
}

// checkOwn: each own request has an end that its ctx, the line, the next RoundTripper
// or the server gave it; one that had no turn was not sent; and Stats counts them.
func (r *run) checkOwn() {
	want, granted, sent, limited := 0, 0, 0, 0
	var waited time.Duration
	for _, o := range r.own {
		want += o.times
	}
	if len(r.returned) != want {
		r.t.Errorf("%d own requests returned, want %d", len(r.returned), want)
	}
	for _, of := range r.returned {
		had := of.granted != edentest.Never
		granted += int1(had)
		waited += min(of.granted-of.began, of.took)
		inLine := of.err != nil && strings.Contains(of.err.Error(), "not sent")
		switch late := errors.Is(of.err, context.DeadlineExceeded); {
		case !of.closed:
			r.t.Errorf("the body of an own request was left open: %+v", of)
		case inLine && (had || !late), late && of.took < of.limit, of.err == nil && !had, had && of.granted-of.began > of.limit:
			r.t.Errorf("an own request: %+v", of)
		case of.took > of.limit+100*time.Millisecond:
			r.t.Errorf("an own request returned %v after its ctx: %+v", of.took-of.limit, of)
		case !had && !late, had && !r.fits(of):
			r.t.Errorf("an own request, whose next RoundTripper %s: %+v", of.next, of)
		}
		r.checkTurn(of)
	}
	for _, s := range r.wire.sent {
		sent += int1(s.own)
	}
	for _, refused := range r.wire.refused {
		limited += int1(refused.own && refused.status == http.StatusTooManyRequests)
	}
	s := r.waiter.Stats()
	if s.Own != granted || s.Own < sent || s.OwnRateLimited < limited || s.OwnWaiting != 0 || s.OwnWaited != waited {
		r.t.Errorf("own requests: %d had their turn after %v in all, %d were sent, %d answered 429; Stats says %d, %v, %d, and %d in line",
			granted, waited, sent, limited, s.Own, s.OwnWaited, s.OwnRateLimited, s.OwnWaiting)
	}
}

// fits reports whether the request's end is what its next RoundTripper did.
func (r *run) fits(of *ownRequest) bool {
	if of.next == "answers" || of.sent && errors.Is(of.err, context.DeadlineExceeded) {
		return of.complete && of.thrown == nil && of.sent
	}
	switch late := strings.HasSuffix(of.next, "late"); {
	case of.sent != late:
		return false
	case late && of.complete && of.err != nil && of.thrown == nil:
		return true // the wire's own error may have come first
	case of.next == "panics", of.next == "panics late":
		return of.thrown == errNext //nolint:errorlint // the very value
	case of.next == "exits":
		return !of.complete
	case of.next == "fails":
		return errors.Is(of.err, errNext)
	}
	return of.complete && of.err != nil // http.Client says what is missing
}

// checkTurn: an own request waits only for those before it and as many polls, unless a
// 429 or a Retry-After slows all.
func (r *run) checkTurn(of *ownRequest) {
	if s := r.waiter.Stats(); s.RateLimited+s.OwnRateLimited+len(r.wire.refused) > 0 {
		return // how slow all are then is the limiter's own affair
	}
	ahead := 0
	for _, other := range r.returned {
		ahead += int1(other != of && other.began <= of.began && other.began+min(other.granted-other.began, other.took) > of.began)
	}
	most := time.Duration(float64(2*(ahead+2)) / r.rate() * 1.01 * float64(time.Second))
	if waited := min(of.granted-of.began, of.took); waited > most && (of.granted != edentest.Never || waited >= of.limit) {
		r.t.Errorf("an own request was %v in line behind %d others, want at most %v: %+v", waited, ahead, most, of)
	}
}
