package soak

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// wire stands before the API and notes what one Waiter sends, and when: what a
// server can see of its manners.
type wire struct {
	next  http.RoundTripper
	began time.Time

	mu      sync.Mutex
	sent    []sent
	refused []refusal
	open    int // bodies of answers
	finals  []answered
	ends    map[string]int    // final responses, by job
	last    map[int]lastFinal // by call
	keys    []keyAnswer
	later   map[string][]span // by job: until when it asked to be left alone
}

// keyAnswer is an answer to a GET that says whether the key works.
type keyAnswer struct {
	sent, came time.Duration
	refused    bool
}

// sent is a request.
type sent struct {
	at  time.Duration
	own bool   // the caller's, through Transport
	id  string // of a GET of one job
}

// refusal is a 429, or a 503 that says for how long.
type refusal struct {
	sent, came time.Duration
	after      time.Duration // that the server named
	status     int
	own        bool // it refused the caller's own request
}

func newWire(next http.RoundTripper) *wire {
	return &wire{next: next, began: time.Now(), ends: map[string]int{}, last: map[int]lastFinal{}, later: map[string][]span{}}
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	at := time.Since(w.began)
	_, id, single := strings.Cut(r.URL.Path, "/async/")
	of, own := r.Context().Value(contextKey("own")).(*ownRequest)
	if own {
		of.sent = true
	}
	w.mu.Lock()
	w.sent = append(w.sent, sent{at, own, id})
	w.mu.Unlock()
	resp, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.open++
	w.mu.Unlock()
	var whole func([]byte)
	if single {
		whole = w.overhear(r, id, resp, at)
	}
	resp.Body = &overheard{ReadCloser: resp.Body, whole: whole, closed: func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.open--; !own {
			w.noteRefusal(r, resp, at, own, single)
		}
		if single {
			w.noteKey(resp.StatusCode, at)
		}
	}}
	if own && of.next == "answers" { // of which Transport reads only the header
		w.mu.Lock()
		defer w.mu.Unlock()
		w.noteRefusal(r, resp, at, own, single)
	}
	return resp, nil
}

// closingWire is a wire that passes CloseIdleConnections on. Without, as through many a
// RoundTripper, a connection is left by a request with Close.
type closingWire struct{ *wire }

// CloseIdleConnections is called by http.Client.
func (w closingWire) CloseIdleConnections() {
	w.next.(interface{ CloseIdleConnections() }).CloseIdleConnections()
}

// noteRefusal notes an answer that asks everyone, or all requests of its kind, to
// pause. What is read of it comes first, which takes time.
func (w *wire) noteRefusal(r *http.Request, resp *http.Response, at time.Duration, own, single bool) {
	limited := resp.StatusCode == http.StatusTooManyRequests
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	after := time.Duration(min(max(seconds, 0), 300)) * time.Second
	if r.Context().Err() == nil && (limited || single && !own && resp.StatusCode >= 500 && after > 0) {
		w.refused = append(w.refused, refusal{at, time.Since(w.began), after, resp.StatusCode, own})
	}
}

// noteKey notes what the status of an answer says about the key.
func (w *wire) noteKey(status int, sent time.Duration) {
	refused := false
	switch status {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden:
		refused = true
	case http.StatusNotFound, http.StatusBadRequest, http.StatusGone, http.StatusUnprocessableEntity:
	default:
		return
	}
	w.keys = append(w.keys, keyAnswer{sent, time.Since(w.began), refused})
}

// refusedFor reports whether the key was refused so that a call which lasted from
// then to then had to end: at once, if no answer before had shown that it works,
// else after a second refusal a second later.
func (w *wire) refusedFor(from, to time.Duration) bool {
	for _, r := range w.keys {
		if !r.refused || r.sent < from || r.came > to {
			continue
		}
		worked, confirms := false, false
		for _, earlier := range w.keys {
			worked = worked || !earlier.refused && earlier.came < r.came
			confirms = confirms || earlier.refused && earlier.came+time.Second <= r.sent
		}
		if !worked || confirms {
			return true
		}
	}
	return false
}

// crowded returns the most requests in any stretch of that length, wherever it begins.
func (w *wire) crowded(length time.Duration) (most int) {
	for from, to := 0, 0; to < len(w.sent); to++ {
		for w.sent[to].at-w.sent[from].at >= length {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

// leastPause is what everyone pauses for after a 429 that names no time.
const leastPause = 250 * time.Millisecond

// hasty returns the first request that was sent though a 429 to one of its kind, or
// a 503 to any GET, had asked for a pause, and that answer. A refusal of what was
// sent before the last one came asks for nothing new, unless it names a time.
func (w *wire) hasty() (at time.Duration, because refusal, found bool) {
	// Of all requests, of polls and of own ones: which of these one concerned, the
	// limiter knows alone.
	last := [3]time.Duration{-1, -1, -1}
	for _, r := range w.refused {
		pause, kind := r.after, 1+int1(r.own)
		if r.status == http.StatusTooManyRequests {
			if r.sent > max(last[0], last[kind]) {
				pause = max(pause, leastPause)
			}
			for _, k := range [...]int{0, kind} {
				if r.sent > last[k] {
					last[k] = r.came
				}
			}
		}
		for _, s := range w.sent {
			if s.at > r.came && s.at < r.came+pause && (s.own == r.own || r.status != http.StatusTooManyRequests) {
				return s.at, r, true
			}
		}
	}
	return 0, refusal{}, false
}
