package webhook

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
)

// calls records what a handler calls, in order.
type calls struct {
	mu   sync.Mutex
	list []string
	errs []error
}

func (c *calls) add(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, fmt.Sprintf(format, args...))
}

func (c *calls) Notify(id string) { c.add("notify %s", id) }

func (c *calls) reject(_ *http.Request, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list, c.errs = append(c.list, "reject"), append(c.errs, err)
}

func (c *calls) event(_ context.Context, e *Event) error {
	c.add("event %s %v", e.JobID, e.Verified)
	return nil
}

func (c *calls) taken() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.list
	c.list = nil
	return taken
}

// post calls the handler without a connection.
func post(h http.Handler, header http.Header, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/hooks/edenai", strings.NewReader(body))
	if header != nil {
		r.Header = header
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHandler(t *testing.T) {
	v := typical(t)
	good, forged := signedWith(v.signature), signedWith(sign(t, "x"))
	withType := good.Clone()
	withType.Set("Content-Type", "text/html; charset=latin1")
	keys := []*rsa.PublicKey{publicKey(t, "pkcs1.pem")}
	c := &calls{}
	all := Options{Keys: keys, OnEvent: c.event, OnReject: c.reject, MaxBytes: 4096}
	unknown := strings.Replace(v.body, "async_job_completed", "job_paused", 1)
	large := v.body[:len(v.body)-1] + `,"padding":"` + strings.Repeat("x", 4096) + `"}`
	const notify, event, reject = "notify " + id, "event " + id + " true", "reject"
	tests := []struct {
		name    string
		options Options
		header  http.Header
		body    string
		status  int
		calls   []string
	}{
		{"signed", all, good, v.body, 200, []string{notify, event}},
		{"of an odd type", all, withType, v.body, 200, []string{notify, event}},
		{"unknown event", all, signedWith(sign(t, unknown)), unknown, 200, []string{notify, event}},
		{"without OnEvent", Options{Keys: keys, OnReject: c.reject}, good, v.body, 200, []string{notify}},
		{"forged", all, forged, v.body, 401, []string{notify, reject}},
		{"forged, without OnEvent", Options{Keys: keys, OnReject: c.reject}, forged, v.body, 401, []string{notify, reject}},
		{"forged, without OnReject", Options{Keys: keys, OnEvent: c.event}, forged, v.body, 401, []string{notify}},
		{"unsigned", all, nil, v.body, 401, []string{notify, reject}},
		{"without keys", Options{OnEvent: c.event, OnReject: c.reject}, good, v.body, 401, []string{notify, reject}},
		{"hints only", Options{OnReject: c.reject}, nil, v.body, 200, []string{notify}},
		{"only an id", Options{}, nil, `{"job_id":"` + id + `"}`, 200, []string{notify}},
		{"cut", all, good, v.body[:200], 400, []string{notify, reject}},
		{"too large", all, signedWith(sign(t, large)), large, 413, []string{notify, reject}},
		{"no id", all, good, `{"event":"async_job_completed"}`, 400, []string{reject}},
		{"empty", all, good, ``, 400, []string{reject}},
		{"no JSON", all, good, `job_id=` + id, 400, []string{reject}},
	}
	for _, tt := range tests {
		w := post(Handler(c, tt.options), tt.header, tt.body)
		if got := c.taken(); w.Code != tt.status || w.Body.Len() != 0 || !slices.Equal(got, tt.calls) {
			t.Errorf("%s: status %d, body %q, calls %q, want %d, %q", tt.name, w.Code, w.Body, got, tt.status, tt.calls)
		}
	}
	for _, err := range c.errs {
		if err == nil || strings.Contains(err.Error(), "raw_text") {
			t.Errorf("OnReject was called with %v", err)
		}
	}
}

func TestHandlerTakesPostOnly(t *testing.T) {
	v := typical(t)
	c := &calls{}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodOptions, http.MethodDelete} {
		w := httptest.NewRecorder()
		Handler(c, Options{OnReject: c.reject}).ServeHTTP(w, httptest.NewRequest(method, "/", strings.NewReader(v.body)))
		if got := c.taken(); w.Code != 405 || w.Header().Get("Allow") != "POST" || !slices.Equal(got, []string{"reject"}) {
			t.Errorf("%s: status %d, Allow %q, calls %q", method, w.Code, w.Header().Get("Allow"), got)
		}
	}
}

func TestHandlerErrors(t *testing.T) {
	v := typical(t)
	errDisk := errors.New("disk full")
	throw := func(thrown any) func(context.Context, *Event) error {
		return func(context.Context, *Event) error { panic(thrown) }
	}
	tests := []struct {
		name    string
		onEvent func(context.Context, *Event) error
		notify  NotifierFunc
		want    string
	}{
		{"an error", func(context.Context, *Event) error { return errDisk }, func(string) {}, "webhook: job " + id + ": OnEvent: disk full"},
		{"a panic with it", throw(errDisk), func(string) {}, "webhook: panic: disk full\n"},
		{"a panic", throw("boom"), func(string) {}, "webhook: panic: boom\n"},
		{"a panic with the event", func(_ context.Context, e *Event) error { panic(e) }, func(string) {}, "webhook: panic: a *webhook.Event\n"},
		{"a panic of several lines", throw("a\n\x1b[31m"), func(string) {}, `webhook: panic: a\n\x1b[31m` + "\n"},
		{"a panic of Notify", nil, func(string) { panic("boom") }, "webhook: panic: boom\n"},
	}
	for _, tt := range tests {
		var rejected error
		h := Handler(tt.notify, Options{
			Keys: []*rsa.PublicKey{publicKey(t, "pkcs1.pem")}, OnEvent: tt.onEvent,
			OnReject: func(_ *http.Request, err error) { rejected = err },
		})
		// More often than the handler has places: each is given back.
		for range maxAtOnce + 1 {
			if w := post(h, signedWith(v.signature), v.body); w.Code != 500 || w.Body.Len() != 0 {
				t.Fatalf("%s: status %d, body %q", tt.name, w.Code, w.Body)
			}
		}
		if rejected == nil || !strings.HasPrefix(rejected.Error(), tt.want) {
			t.Errorf("%s: OnReject was called with %v", tt.name, rejected)
		}
		if strings.HasSuffix(tt.want, "disk full\n") && !errors.Is(rejected, errDisk) {
			t.Errorf("%s: %v does not match what was thrown", tt.name, rejected)
		}
		if strings.Contains(tt.name, "panic") && !strings.Contains(rejected.Error(), "handler_test.go") {
			t.Errorf("%s: there is no stack in %v", tt.name, rejected)
		}
	}
}

func TestHandlerErrorsMatch(t *testing.T) {
	v := typical(t)
	var rejected error
	reject := func(_ *http.Request, err error) { rejected = err }
	post(Handler(&calls{}, Options{OnReject: reject, MaxBytes: 10}), nil, v.body)
	var tooLarge *http.MaxBytesError
	if !errors.As(rejected, &tooLarge) || tooLarge.Limit != 10 || !strings.Contains(rejected.Error(), id) {
		t.Errorf("too large: %v", rejected)
	}
	post(Handler(&calls{}, Options{OnReject: reject, Keys: []*rsa.PublicKey{publicKey(t, "pkix.pem")}}), nil, v.body)
	if !errors.Is(rejected, ErrSignature) || !strings.Contains(rejected.Error(), id) {
		t.Errorf("unsigned: %v", rejected)
	}
	post(Handler(&calls{}, Options{OnReject: reject, OnEvent: (&calls{}).event}), signedWith(v.signature), v.body)
	if !errors.Is(rejected, ErrSignature) || !strings.Contains(rejected.Error(), "no key is configured") {
		t.Errorf("without keys: %v", rejected)
	}
}

// TestHandlerReservesNothing: a length that is only claimed takes no memory.
func TestHandlerReservesNothing(t *testing.T) {
	v := typical(t)
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(v.body))
	r.ContentLength = 1 << 49
	w := httptest.NewRecorder()
	Handler(&calls{}, Options{MaxBytes: 1 << 50}).ServeHTTP(w, r)
	if w.Code != 200 {
		t.Errorf("status %d", w.Code)
	}
}

// TestHandlerVerifiesOneLargeBodyAtATime, which holds up no small one.
func TestHandlerVerifiesOneLargeBodyAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := typical(t)
		h := Handler(&calls{}, Options{Keys: []*rsa.PublicKey{publicKey(t, "pkcs1.pem")}}).(*handler)
		h.large <- struct{}{}
		status := make(chan int, 1)
		go func() { status <- post(h, signedWith(v.signature), v.body+strings.Repeat(" ", largeBody)).Code }()
		if w := post(h, signedWith(v.signature), v.body); w.Code != 200 {
			t.Errorf("status %d of a small one", w.Code)
		}
		synctest.Wait()
		if len(status) > 0 {
			t.Error("a second large one was verified")
		}
		<-h.large
		if got := <-status; got != 200 || len(h.large) != 0 {
			t.Errorf("status %d of a large one, %d places taken", got, len(h.large))
		}
	})
}

func TestHandlerSixteenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := typical(t)
		c := &calls{}
		release := make(chan struct{})
		entered := 0
		h := Handler(c, Options{
			Keys: []*rsa.PublicKey{publicKey(t, "pkcs1.pem")},
			OnEvent: func(context.Context, *Event) error {
				c.mu.Lock()
				entered++
				c.mu.Unlock()
				<-release
				return nil
			},
		})
		statuses := make(chan int, 100)
		for range maxAtOnce {
			go func() { statuses <- post(h, signedWith(v.signature), v.body).Code }()
		}
		synctest.Wait()
		c.taken()
		for range 3 {
			w := post(h, signedWith(v.signature), v.body)
			if got := c.taken(); w.Code != 503 || !slices.Equal(got, []string{"notify " + id}) {
				t.Errorf("the seventeenth: status %d, calls %q", w.Code, got)
			}
		}
		if entered != maxAtOnce {
			t.Errorf("OnEvent was called %d times", entered)
		}
		close(release)
		for range maxAtOnce {
			if status := <-statuses; status != 200 {
				t.Errorf("status %d", status)
			}
		}
		if w := post(h, signedWith(v.signature), v.body); w.Code != 200 {
			t.Errorf("afterwards: status %d", w.Code)
		}
	})
}

// A body that breaks off is worth another delivery, and is a hint.
func TestHandlerOfABrokenBody(t *testing.T) {
	c := new(calls)
	r := httptest.NewRequest(http.MethodPost, "/", io.MultiReader(strings.NewReader(`{"job_id":"`+id+`","outp`), iotest.ErrReader(io.ErrUnexpectedEOF)))
	w := httptest.NewRecorder()
	Handler(c, Options{OnReject: c.reject}).ServeHTTP(w, r)
	if got := c.taken(); w.Code != 503 || !slices.Equal(got, []string{"notify " + id, "reject"}) {
		t.Errorf("status %d, calls %q", w.Code, got)
	}
}

func TestHandlerNeedsANotifier(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Handler(nil, Options{})
}

// TestHandlerExits: an OnEvent that ends its goroutine is answered and reported too.
func TestHandlerExits(t *testing.T) {
	v := typical(t)
	for _, http2 := range []bool{false, true} {
		rejected := make(chan error, 2*maxAtOnce)
		server := httptest.NewUnstartedServer(Handler(&calls{}, Options{
			Keys: []*rsa.PublicKey{publicKey(t, "pkcs1.pem")}, OnReject: func(_ *http.Request, err error) { rejected <- err },
			OnEvent: func(context.Context, *Event) error { runtime.Goexit(); return nil },
		}))
		server.EnableHTTP2 = http2
		server.StartTLS()
		for range maxAtOnce + 1 {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(v.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header = signedWith(v.signature)
			answer, err := server.Client().Do(r)
			if err != nil || answer.StatusCode != 500 {
				t.Fatalf("%v, %v", answer, err)
			}
			_ = answer.Body.Close()
			if err := <-rejected; !strings.Contains(err.Error(), "Goexit") {
				t.Error(err)
			}
		}
		server.Close()
	}
}
