package edenwait_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	nethttp "net/http"
	"strings"
)

// answered is a job of a call of which the wire has delivered a final response.
type answered struct {
	call int
	id   string
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

// overhear notes the answer to a GET, once the client has read all of it while
// it still had a use for it.
func (w *wire) overhear(r *nethttp.Request, id string, resp *nethttp.Response) {
	number, ok := r.Context().Value(soakKey("call")).(int)
	if !ok || r.Context().Value(soakKey("nested")) != nil || resp.StatusCode != nethttp.StatusOK {
		return
	}
	resp.Body = &overheard{ReadCloser: resp.Body, whole: func(body []byte) {
		var job struct {
			ID     string `json:"public_id"`
			Status string
		}
		if r.Context().Err() != nil || json.Unmarshal(body, &job) != nil || job.ID != id || job.Status == "" || job.Status == "processing" {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.finals[answered{number, id}]++
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

// judgeAnswered: a final response that has come is handed out, whatever ends the
// call, and when: the job costs money, and its result is kept for 7 days only.
func (r *soakRun) judgeAnswered(number int) {
	o := &r.outcomes[number]
	if o.broken || r.rude {
		return // results that were not taken, and answers that a Source kept, are not known
	}
	with := map[string]int{}
	for i := range o.results {
		if o.results[i].Job != nil {
			with[strings.ToLower(o.results[i].ID)]++
		}
	}
	for key, n := range r.wire.finals {
		if key.call == number && with[key.id] < n {
			r.t.Errorf("call %d: %s: %d final responses have come, %d results have one", number, key.id, n, with[key.id])
		}
	}
}
