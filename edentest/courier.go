package edentest

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// A courier makes the deliveries of an account. What it has to do waits in a heap
// with one timer; a goroutine runs for a delivery that is under way only, so that
// nothing is left of it at the end of a testing/synctest bubble.
type courier struct {
	opts Webhooks
	seed uint64
	// look returns what is to be delivered of the job now, and false if it does not
	// end when the appointment says.
	look func(appointment) (parcel, bool)

	ctx     context.Context // ends with close
	stop    context.CancelFunc
	network *http.Transport // if there is no other way
	busy    sync.WaitGroup  // deliveries under way

	mu      sync.Mutex
	closed  bool
	agenda  agenda
	timer   *time.Timer
	discard bool // keep no log
	log     []Delivery
	made    int
	lost    int
}

// A parcel is what a job's end is told with.
type parcel struct {
	id   uuid.UUID
	url  string
	body []byte
}

func newCourier(opts Webhooks, seed uint64, discard bool, look func(appointment) (parcel, bool)) *courier {
	c := &courier{opts: opts.defaulted(), seed: seed, look: look, discard: discard, network: new(http.Transport)}
	c.ctx, c.stop = context.WithCancel(context.Background())
	return c
}

// key returns the key that signs.
func (c *courier) key() *rsa.PrivateKey {
	if c.opts.Key != nil {
		return c.opts.Key
	}
	return ownKey()
}

// receiver returns the URL that is told of the job's end, or "".
func (c *courier) receiver(j *job) string {
	switch {
	case j.script != nil && j.script.WebhookReceiver != "":
		return j.script.WebhookReceiver
	case c.opts.All:
		return c.opts.Receiver
	}
	return ""
}

// chance draws from [0, 1) for one property of a job's delivery.
func (c *courier) chance(property uint64, id uuid.UUID) float64 {
	return unit(mixID(mix(c.seed^property<<40), id))
}

const (
	lossProperty = iota + 1
	lateProperty
	duplicateProperty
)

// expect arranges the deliveries of a job that ends at that time.
func (c *courier) expect(j *job, end time.Time) {
	first := appointment{at: end.Add(c.opts.Delay), ends: j.ends, seq: j.seq, attempt: 1}
	if c.chance(lateProperty, j.id) < c.opts.LateRate {
		first.at = first.at.Add(c.opts.LateBy)
	}
	c.arrange(first)
	if c.chance(duplicateProperty, j.id) < c.opts.DuplicateRate {
		first.at, first.duplicate = first.at.Add(c.opts.DuplicateAfter), true
		c.arrange(first)
	}
}

func (c *courier) arrange(what appointment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	heap.Push(&c.agenda, what)
	if c.agenda[0] == what {
		c.arm()
	}
}

// arm sets the timer for the next appointment.
func (c *courier) arm() {
	if len(c.agenda) == 0 {
		return
	}
	d := time.Until(c.agenda[0].at)
	if c.timer == nil {
		c.timer = time.AfterFunc(d, c.due)
	} else {
		c.timer.Reset(d)
	}
}

// due makes the deliveries whose time has come, all at once, as a service with many
// workers does.
func (c *courier) due() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	for now := time.Now(); len(c.agenda) > 0 && !c.agenda[0].at.After(now); {
		what := heap.Pop(&c.agenda).(appointment)
		c.busy.Go(func() { c.deliver(what) })
	}
	c.arm()
}

func (c *courier) deliver(what appointment) {
	p, ok := c.look(what)
	if !ok {
		return
	}
	if c.chance(lossProperty, p.id) < c.opts.LossRate {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !what.duplicate {
			c.lost++
		}
		return
	}
	d := Delivery{
		Time:      time.Now(),
		JobID:     p.id.String(),
		URL:       p.url,
		Attempt:   int(what.attempt),
		Duplicate: what.duplicate,
		Header:    http.Header{"Content-Type": {"application/json"}, "X-Edenai-Webhook": {"true"}},
		Body:      p.body,
	}
	if !c.opts.Unsigned {
		d.Err = sign(d.Header, d.Body, c.opts.Form, c.key())
	}
	if d.Err == nil {
		d.Status, d.Err = c.send(d)
	}
	c.note(d)
	if !d.delivered() && d.Attempt < c.opts.MaxAttempts {
		what.at = time.Now().Add(c.opts.RetryDelay)
		what.attempt++
		c.arrange(what)
	}
}

// send returns the status with which the receiver answers.
func (c *courier) send(d Delivery) (status int, err error) {
	if c.opts.Deliver != nil {
		d.Header, d.Body = d.Header.Clone(), slices.Clone(d.Body)
		c.opts.Deliver(d)
		return http.StatusOK, nil
	}
	ctx, cancel := context.WithTimeout(c.ctx, c.opts.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return 0, err
	}
	req.Header = d.Header.Clone()
	if c.opts.Handler != nil {
		return handleWith(c.opts.Handler, req)
	}
	transport := c.opts.Transport
	if transport == nil {
		transport = c.network
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	// A receiver whose answer does not end has answered nevertheless.
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	return resp.StatusCode, nil
}

func (c *courier) note(d Delivery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	if !c.discard {
		c.log = append(c.log, d)
	}
}

// counts returns how many attempts were made, and how many jobs were lost.
func (c *courier) counts() (made, lost int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.made, c.lost
}

func (c *courier) deliveries() []Delivery {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.log)
}

// close ends what is under way, and returns when it has ended.
func (c *courier) close() {
	c.mu.Lock()
	c.closed, c.agenda = true, nil
	if c.timer != nil {
		c.timer.Stop()
	}
	c.mu.Unlock()
	c.stop()
	c.busy.Wait()
	c.network.CloseIdleConnections()
}

// handleWith calls the handler as a server does that has received the request. A
// panic ends the connection.
func handleWith(h http.Handler, req *http.Request) (status int, err error) {
	req.RequestURI = req.URL.RequestURI()
	req.RemoteAddr = "192.0.2.1:443" // for documentation, by RFC 5737
	url := *req.URL
	url.Scheme, url.Host = "", ""
	req.URL = &url
	defer func() {
		if thrown := recover(); thrown != nil {
			status, err = 0, fmt.Errorf("edentest: the receiver panicked: %v", thrown)
		}
	}()
	w := &statusWriter{header: make(http.Header)}
	h.ServeHTTP(w, req)
	if err := req.Context().Err(); err != nil && w.status == 0 {
		return 0, errors.New("edentest: the receiver did not answer in time")
	}
	return cmp.Or(w.status, http.StatusOK), nil
}

// A statusWriter keeps nothing of an answer but its status.
type statusWriter struct {
	header http.Header
	status int
}

// Header implements http.ResponseWriter.
func (w *statusWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
}

// Write implements http.ResponseWriter.
func (w *statusWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return len(p), nil
}
