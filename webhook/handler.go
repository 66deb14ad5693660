package webhook

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"time"
)

// Notifier receives hints that jobs may have ended. A *edenwait.Waiter is a Notifier.
// Notify is called concurrently, with a UUID in lower case. Anyone may have sent that id.
// Notify should return at once, because the delivery is answered after it.
type Notifier interface {
	Notify(id string)
}

// NotifierFunc makes a function a Notifier.
type NotifierFunc func(id string)

// Notify calls f.
func (f NotifierFunc) Notify(id string) { f(id) }

// Options configure a Handler. The zero value passes hints on and verifies nothing.
type Options struct {
	// Keys verify signatures. A delivery is verified if one of them has signed it, and
	// otherwise answered 401. Without Keys, no delivery is verified. ParseKeys reads them.
	// Defaults to none.
	Keys []*rsa.PublicKey
	// OnEvent is called for each verified delivery, after Notify and before the
	// answer. An error or a panic is answered 500, so that Eden AI sends the
	// delivery again, up to three times in all. The context ends when the sender
	// hangs up.
	//
	// It is called at least once per delivery, possibly more often and concurrently. A
	// signed delivery contains no time, so anyone who has seen it can send it again, even
	// much later. Make OnEvent idempotent by JobID.
	//
	// Without Keys, OnEvent is not called, and each delivery is answered 401. To use
	// unverified deliveries, write a handler with Parse. Defaults to no call.
	OnEvent func(context.Context, *Event) error
	// OnReject is called for each request that is not answered 200, before the
	// answer, with the reason. It matches ErrSignature for a 401, *http.MaxBytesError
	// for a 413, and the error of OnEvent for a 500. It may be called concurrently. The
	// answer waits for it. From the request, the error contains only the job's id and,
	// quoted, at most 64 bytes of a wrong header, never a part of an output. After a
	// panic it contains the stack. Defaults to no call.
	OnReject func(*http.Request, error)
	// MaxBytes is the maximum size of a body. A larger delivery is used as a hint only.
	// Defaults to 32 MiB.
	MaxBytes int64
}

const (
	maxBytes    = 32 << 20
	maxAtOnce   = 16
	readTimeout = 30 * time.Second
	// headBytes are enough for the job_id of a delivery that is not read whole.
	headBytes   = 4 << 10
	headTimeout = time.Second
	largeBody   = 1 << 20
)

// Handler returns a handler for the deliveries of Eden AI. Mount it at any path,
// and submit jobs with its public https URL as webhook_receiver.
//
// For any POST whose body contains a job's id, it first calls Notify. The signature, the
// event, the Content-Type and other fields do not matter for that: hints need no
// signature, so a wrong key does not turn them off. Then it verifies the signature, calls
// OnEvent, and answers with an empty body:
//
//	200  OnEvent returned nil, or there is neither an OnEvent nor a key
//	400  the body is not a delivery: there is no job_id, or it is not JSON
//	401  the signature is not verified
//	405  the method is not POST
//	413  the body is larger than MaxBytes
//	500  OnEvent or Notify panicked, or OnEvent returned an error
//	503  16 deliveries are being handled already, or the body did not arrive
//	     whole within 30 seconds
//
// Eden AI repeats a delivery after a 5xx, but not after a 4xx.
//
// The bound of 16 deliveries is per Handler, and limits its memory. Further deliveries
// are still used as hints if their id is in the first 4 KiB.
//
// The 30 seconds replace the server's ReadTimeout. They do not include OnEvent. Handler
// panics if notifier is nil.
func Handler(notifier Notifier, options Options) http.Handler {
	if notifier == nil {
		panic("webhook: nil Notifier")
	}
	if options.MaxBytes <= 0 {
		options.MaxBytes = maxBytes
	}
	return &handler{Options: options, notifier: notifier, slots: make(chan struct{}, maxAtOnce), large: make(chan struct{}, 1)}
}

type handler struct {
	Options
	notifier Notifier
	slots    chan struct{} // holds one for each delivery that is being handled
	large    chan struct{} // holds one while a large body is verified
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, err := http.StatusInternalServerError, errExit
	defer func() {
		if err != nil && h.OnReject != nil {
			h.OnReject(r, err)
		}
		if err == errExit { //nolint:errorlint // the very value
			w.Header().Set("Content-Length", "0")
			w.Header().Set("Connection", "close") // package net/http closes it without a word
			w.WriteHeader(status)
			_ = http.NewResponseController(w).Flush() // nothing else will, in a goroutine that ends
			return
		}
		w.WriteHeader(status)
	}()
	status, err = h.handle(w, r)
}

// errExit means that OnEvent or Notify ended the goroutine, as FailNow in a test does.
var errExit = errors.New("webhook: OnEvent or Notify called runtime.Goexit")

// handle returns the status of the answer, and the reason if it is not 200.
func (h *handler) handle(w http.ResponseWriter, r *http.Request) (status int, err error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return http.StatusMethodNotAllowed, errors.New("webhook: invalid method: want POST")
	}
	defer func() {
		if thrown := recover(); thrown != nil {
			status, err = http.StatusInternalServerError, panicked(thrown)
		}
	}()
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		head, _ := readHead(w, r, headTimeout)
		h.notify(scanID(head))
		return http.StatusServiceUnavailable, fmt.Errorf("webhook: %d deliveries are being handled already", maxAtOnce)
	}
	body, err := h.read(w, r)
	if err != nil {
		id := scanID(body)
		h.notify(id)
		return unread(id, err)
	}
	event, err := parseEvent(body)
	if event != nil {
		h.notify(event.JobID)
	}
	if err != nil {
		return http.StatusBadRequest, err
	}
	return h.deliver(r, event, body)
}

func (h *handler) notify(id string) {
	if id != "" {
		h.notifier.Notify(id)
	}
}

// deliver verifies the event and hands it to OnEvent.
func (h *handler) deliver(r *http.Request, event *Event, body []byte) (status int, err error) {
	if len(h.Keys) == 0 && h.OnEvent == nil {
		return http.StatusOK, nil
	}
	if err := h.verify(r, event, body); err != nil {
		return http.StatusUnauthorized, err
	}
	if h.OnEvent == nil {
		return http.StatusOK, nil
	}
	if err := h.OnEvent(r.Context(), event); err != nil {
		return http.StatusInternalServerError, fmt.Errorf("webhook: job %s: OnEvent: %w", event.JobID, err)
	}
	return http.StatusOK, nil
}

// verify verifies one large body at a time: before a signature is known to be
// wrong, a forged body can take seconds, and several times its size in memory.
func (h *handler) verify(r *http.Request, event *Event, body []byte) error {
	if len(body) > largeBody {
		h.large <- struct{}{}
		defer func() { <-h.large }()
	}
	return event.verify(r.Header, body, h.Keys)
}

// read returns the body, or as much of it as came before the error.
func (h *handler) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > h.MaxBytes {
		head, _ := readHead(w, r, readTimeout)
		return head, &http.MaxBytesError{Limit: h.MaxBytes}
	}
	setReadDeadline(w, readTimeout)
	var body bytes.Buffer
	// A length is only a claim until the bytes come.
	body.Grow(int(max(0, min(r.ContentLength, 64<<10))) + bytes.MinRead)
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, h.MaxBytes))
	return body.Bytes(), err
}

// readHead returns the beginning of a body that will not be read whole.
func readHead(w http.ResponseWriter, r *http.Request, timeout time.Duration) ([]byte, error) {
	setReadDeadline(w, timeout)
	return io.ReadAll(io.LimitReader(r.Body, headBytes))
}

// setReadDeadline bounds the time that the body may take. net/http lifts the
// deadline at the end of the body, so that it does not end the context of OnEvent.
// Where a ResponseWriter has no deadlines, they are left to the server.
func setReadDeadline(w http.ResponseWriter, timeout time.Duration) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(timeout))
}

// unread is the answer to a body that was not read whole.
func unread(id string, err error) (status int, why error) {
	status = http.StatusServiceUnavailable
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("it did not arrive within %v: %w", readTimeout, err)
	}
	if id == "" {
		id = "unknown"
	}
	return status, fmt.Errorf("webhook: job %s: reading the body: %w", id, err)
}

// panicked is the error of a panic, with the stack, which nobody else will show. Only
// texts are quoted: a value may be the Event with its output, or the request.
func panicked(thrown any) error {
	stack := debug.Stack()
	switch thrown := thrown.(type) {
	case error:
		return fmt.Errorf("webhook: panic: %w\n%s", thrown, stack)
	case string:
		text := strconv.Quote(thrown[:min(len(thrown), 1024)])
		return fmt.Errorf("webhook: panic: %s\n%s", text[1:len(text)-1], stack)
	default:
		return fmt.Errorf("webhook: panic: a %T\n%s", thrown, stack)
	}
}
