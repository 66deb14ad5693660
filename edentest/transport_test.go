package edentest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// A request that is given up ends at that moment, wherever it is, and counts
// only if it had arrived.
func TestGivenUp(t *testing.T) {
	cause := errors.New("had enough")
	for _, tt := range []struct {
		after   time.Duration
		arrives int
	}{
		{0, 0}, {20*time.Second - 1, 0}, {20*time.Second + 1, 1}, {40*time.Second - 1, 1},
	} {
		inMemory(t, edentest.Options{Latency: 40 * time.Second}, func(t *testing.T, d *door) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(tt.after, func() { cancel(cause) })
			start := time.Now()
			_, err := d.send(ctx, http.MethodGet, async, edentest.DefaultToken, "")
			if took := time.Since(start); !errors.Is(err, cause) || took != tt.after {
				t.Errorf("given up after %v: %v after %v", tt.after, err, took)
			}
			if n := d.Stats().Lists; n != tt.arrives {
				t.Errorf("given up after %v: %d arrived, want %d", tt.after, n, tt.arrives)
			}
		})
	}
}

func TestBodyAfterCancel(t *testing.T) {
	inMemory(t, edentest.Options{}, func(t *testing.T, d *door) {
		ctx, cancel := context.WithCancel(t.Context())
		resp, err := d.send(ctx, http.MethodGet, async, edentest.DefaultToken, "")
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.Canceled) {
			t.Errorf("after cancel: %v", err)
		}
		resp, err = d.send(t.Context(), http.MethodGet, async, edentest.DefaultToken, "")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, http.ErrBodyReadAfterClose) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// RoundTrip must close the body of the request in any case.
func TestRequestBodyIsClosed(t *testing.T) {
	for _, broken := range []bool{false, true} {
		inMemory(t, edentest.Options{}, func(t *testing.T, d *door) {
			body := &watched{Reader: strings.NewReader("{}")}
			if broken {
				body.Reader = io.MultiReader(body.Reader, failing{})
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint, body)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := d.client.Do(req)
			if broken != errors.Is(err, errBroken) || !broken && err != nil {
				t.Errorf("broken %v: %v", broken, err)
			}
			if err == nil {
				resp.Body.Close()
			}
			if !body.closed {
				t.Errorf("broken %v: the body was left open", broken)
			}
		})
	}
}

// A body that does not come keeps nothing of a request that is given up.
func TestRequestBodyNeverComes(t *testing.T) {
	cause := errors.New("had enough")
	inMemory(t, edentest.Options{}, func(t *testing.T, d *door) {
		never, w := io.Pipe()
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(cause) })
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, never)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = d.client.Do(req)
		if took := time.Since(start); !errors.Is(err, cause) || took != time.Minute {
			t.Errorf("%v after %v, want %v", err, took, cause)
		}
		if _, err := w.Write([]byte("late")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("writing on: %v, want io.ErrClosedPipe", err)
		}
		if n := d.Stats().Requests(); n != 0 {
			t.Errorf("%d requests arrived", n)
		}
	})
}

// An API that was made outside a bubble says so inside, instead of having
// jobs that never end.
func TestMadeOutsideOfBubble(t *testing.T) {
	api := edentest.New(edentest.Options{})
	id := api.Submit(edentest.Script{After: time.Second})
	synctest.Test(t, func(t *testing.T) {
		for name, use := range map[string]func(){
			"request": func() { _, _, _ = get(api.Client(), endpoint) },
			"Submit":  func() { api.Submit(edentest.Script{}) },
			"Finish":  func() { api.Finish(id) },
		} {
			func() {
				defer func() {
					if text, _ := recover().(string); !strings.Contains(text, "call New inside") {
						t.Errorf("%s: recovered %q", name, text)
					}
				}()
				use()
			}()
		}
	})
	api.Stats() // the lock is free
}

var errBroken = errors.New("broken")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }

type watched struct {
	io.Reader
	closed bool
}

func (w *watched) Close() error {
	w.closed = true
	return nil
}

// The same request gets the same answer through each door.
func TestDoorsAgree(t *testing.T) {
	opts := edentest.Options{Rate: -1}
	plain, secure := edentest.Start(opts), edentest.StartTLS(opts)
	defer plain.Close()
	defer secure.Close()
	memory := edentest.New(opts)
	const id = "11111111-1111-4111-8111-111111111111"
	for _, api := range []*edentest.API{plain.API, secure.API, memory} {
		api.Submit(edentest.Script{ID: id, CreatedAt: "2026-01-02T03:04:05Z"})
	}
	for _, call := range [][2]string{
		{http.MethodGet, async}, {http.MethodGet, async + "/" + id}, {http.MethodGet, async + "/42"}, {http.MethodHead, async},
		{http.MethodPut, async}, {http.MethodGet, "/"}, {http.MethodDelete, async + "/" + id}, {http.MethodDelete, async + "/" + id},
	} {
		var answers [3]outcome
		for i, d := range []*door{
			{plain.API, plain.Client(), plain.URL, false},
			{secure.API, secure.Client(), secure.URL, false},
			{memory, memory.Client(), "https://api.edenai.run", true},
		} {
			resp, err := d.send(t.Context(), call[0], call[1], edentest.DefaultToken, "")
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if _, err := http.ParseTime(resp.Header.Get("Date")); err != nil {
				t.Errorf("%v: %v", call, err)
			}
			resp.Header.Del("Date")
			answers[i] = outcome{status: resp.StatusCode, header: resp.Header, length: resp.ContentLength, body: string(b)}
		}
		a := answers[2]
		for i, b := range answers[:2] {
			if a.status != b.status || a.body != b.body || a.length != b.length || !sameHeader(a.header, b.header) {
				t.Errorf("%v: in memory %+v\nover HTTP/%d %+v", call, a, i+1, b)
			}
		}
	}
}

func sameHeader(a, b http.Header) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		if a.Get(name) != b.Get(name) {
			return false
		}
	}
	return true
}
