package edenwait_test

import (
	nethttp "net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// wire stands before the API and notes what one Waiter sends, and when: what a
// server can see of its manners.
type wire struct {
	next  nethttp.RoundTripper
	began time.Time

	mu      sync.Mutex
	sent    []time.Duration
	refused []refusal
	finals  []answered
	ends    map[string]int    // final responses, by job
	last    map[int]lastFinal // by call
	keys    []keyAnswer
}

// keyAnswer is an answer to a GET that says whether the key works.
type keyAnswer struct {
	sent, came time.Duration
	refused    bool
}

// refusal is a 429.
type refusal struct {
	sent, came time.Duration
	after      time.Duration // that the server named
}

func newWire(next nethttp.RoundTripper) *wire {
	return &wire{next: next, began: time.Now(), ends: map[string]int{}, last: map[int]lastFinal{}}
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *nethttp.Request) (*nethttp.Response, error) {
	sent := time.Since(w.began)
	w.mu.Lock()
	w.sent = append(w.sent, sent)
	_, id, single := strings.Cut(r.URL.Path, "/async/")
	w.mu.Unlock()
	resp, err := w.next.RoundTrip(r)
	if err == nil && single {
		w.overhear(r, id, resp, sent)
		w.noteKey(resp.StatusCode, sent)
	}
	if err == nil && resp.StatusCode == nethttp.StatusTooManyRequests && r.Context().Err() == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		after := time.Duration(min(max(seconds, 0), 300)) * time.Second
		w.refused = append(w.refused, refusal{sent, time.Since(w.began), after})
	}
	return resp, err
}

// noteKey notes what the status of an answer says about the key.
func (w *wire) noteKey(status int, sent time.Duration) {
	refused := false
	switch status {
	case nethttp.StatusUnauthorized, nethttp.StatusPaymentRequired, nethttp.StatusForbidden:
		refused = true
	case nethttp.StatusNotFound, nethttp.StatusBadRequest, nethttp.StatusGone, nethttp.StatusUnprocessableEntity:
	default:
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
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

// crowded returns the most requests in any second, wherever it begins.
func (w *wire) crowded() (most int) {
	for from, to := 0, 0; to < len(w.sent); to++ {
		for w.sent[to]-w.sent[from] >= time.Second {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

// leastPause is what everyone pauses for after a 429 that names no time.
const leastPause = 250 * time.Millisecond

// hasty returns the first request that was sent though a 429 had asked for a
// pause, and that 429. A refusal of what was sent before the last one came asks
// for nothing new, unless it names a time.
func (w *wire) hasty() (at time.Duration, because refusal, found bool) {
	last := time.Duration(-1)
	for _, r := range w.refused {
		pause := r.after
		if r.sent > last {
			pause, last = max(pause, leastPause), r.came
		}
		for _, sent := range w.sent {
			if sent > r.came && sent < r.came+pause {
				return sent, r, true
			}
		}
	}
	return 0, refusal{}, false
}
