package edenwait_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	nethttp "net/http"
	"time"
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

// overhear notes the answer to a GET once the client has read all of it.
func (w *wire) overhear(r *nethttp.Request, id string, resp *nethttp.Response, sent time.Duration) {
	if resp.StatusCode != nethttp.StatusOK {
		return
	}
	number, _ := r.Context().Value(soakKey("call")).(int)
	resp.Body = &overheard{ReadCloser: resp.Body, whole: func(body []byte) {
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
	}}
}

// overheard is a body that somebody listens to.
type overheard struct {
	io.ReadCloser
	heard bytes.Buffer
	whole func([]byte)
}

// Read implements io.Reader.
func (o *overheard) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	o.heard.Write(p[:n])
	if errors.Is(err, io.EOF) && o.whole != nil {
		o.whole(o.heard.Bytes())
		o.whole = nil
	}
	return n, err
}

// judgeAnswered: a final response that has come while a call waited is in its
// result, whatever ends the call, and when: the job costs money, and its result is
// kept for 7 days only.
func (r *soakRun) judgeAnswered(number int) {
	o := r.outcomes[number]
	if o.broken || r.rude {
		return // results that were not taken, and answers that a Source kept, are not known
	}
	for i := range o.results {
		result := &o.results[i]
		id := canonical(result.ID)
		if result.Job != nil || len(o.since[id]) == 0 {
			continue
		}
		since, end := o.since[id][0], o.ended
		if e, known := o.endOf(result); known {
			end = e
		} else if o.kind != "Wait" || end > o.to {
			continue
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
func (r *soakRun) shared(number int, id string, at time.Duration) bool {
	for other, o := range r.outcomes {
		if other != number && len(o.since[id]) > 0 && o.since[id][0] <= at && at <= o.to {
			return true
		}
	}
	return false
}
