package soak

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// answered is a final response that the wire has delivered.
type answered struct {
	call int // whose values the request had
	id   string
	at   time.Duration
}

// lastFinal is what happens when so many final responses have come.
type lastFinal struct {
	left int
	then func()
}

// atFinal has something happen while a client reads the last byte of its nth
// final response, when all of it is there and nothing has been made of it yet.
func (w *wire) atFinal(call, n int, then func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last[call] = lastFinal{n, then}
}

// overhear returns what notes the answer to a GET once the client has read all of
// it.
func (w *wire) overhear(r *http.Request, id string, resp *http.Response, sent time.Duration) func(body []byte) {
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusAccepted {
		return nil
	}
	number, _ := r.Context().Value(contextKey("call")).(int)
	return func(body []byte) {
		var job struct {
			ID     string `json:"public_id"`
			Status string
		}
		if json.Unmarshal(body, &job) != nil || job.ID != id || job.Status == "" {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		at := time.Since(w.began)
		if r.Context().Err() == nil {
			w.keys = append(w.keys, keyAnswer{sent: sent, came: at})
		}
		if job.Status == "processing" {
			if seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After")); seconds > 0 {
				w.later[id] = append(w.later[id], span{at, at + time.Duration(min(seconds, 300))*time.Second})
			}
			return
		}
		w.ends[id]++
		if r.Context().Err() != nil {
			return // the client has no use for it any more
		}
		w.finals = append(w.finals, answered{number, id, at})
		last := w.last[number]
		if last.left--; last.left == 0 {
			last.then()
		}
		w.last[number] = last
	}
}

// span is a stretch of time, ends excluded.
type span struct{ from, to time.Duration }

func (s span) has(at time.Duration) bool { return s.from < at && at < s.to }

// overheard is a body that somebody listens to.
type overheard struct {
	io.ReadCloser
	heard  bytes.Buffer
	whole  func([]byte) // nil: nobody does
	once   sync.Once
	closed func()
}

// Read implements io.Reader.
func (o *overheard) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	if o.whole != nil {
		if o.heard.Write(p[:n]); errors.Is(err, io.EOF) {
			o.whole(o.heard.Bytes())
			o.whole = nil
		}
	}
	return n, err
}

// Close implements io.Closer.
func (o *overheard) Close() error {
	o.once.Do(o.closed)
	return o.ReadCloser.Close()
}

// checkAnswered: a final response that has come while a call waited is in its
// result, whatever ends the call, and when: the job costs money, and its result is
// kept for 7 days only.
func (r *run) checkAnswered(number int) {
	o := r.outcomes[number]
	if o.broken || r.rude {
		return // results that were not taken, and answers that a Source kept, are not known
	}
	for i := range o.results {
		result := &o.results[i]
		id := testbed.Canonical(result.ID)
		if result.Job != nil || len(o.since[id]) == 0 {
			continue
		}
		since, end := o.since[id][0], o.ended
		if e, known := o.endOf(result); known {
			end = e
		} else if o.kind != "Wait" || end > o.to {
			continue // an id that came more than once: which time is this?
		}
		var gaveUp *edenwait.GaveUpError
		if o.kind == "Wait" && errors.As(result.Err, &gaveUp) {
			end = min(end, since+gaveUp.Waited) // its hook may take longer
		}
		for _, a := range r.wire.finals {
			// To the very moment, where the request was this call's alone.
			if a.id == id && (since < a.at && a.at < end || a.call == number && a.at == end && !r.shared(number, id, a.at)) {
				r.t.Errorf("call %d: %s: a final response came at %v, and the wait ended at %v without it: %v", number, id, a.at, end, result.Err)
			}
		}
	}
}

// shared reports whether another call may wait for the id at that time.
func (r *run) shared(number int, id string, at time.Duration) bool {
	for other, o := range r.outcomes {
		if other != number && len(o.since[id]) > 0 && o.since[id][0] <= at && at <= o.to {
			return true
		}
	}
	return false
}
