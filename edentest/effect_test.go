package edentest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// An outcome is what a client sees of one request.
type outcome struct {
	status int
	header http.Header
	length int64
	body   string
	took   time.Duration
	err    error // of the request
	bodyer error // of the body
}

func (d *door) observe(t *testing.T, path string) (o outcome) {
	t.Helper()
	start := time.Now()
	resp, err := d.send(t.Context(), http.MethodGet, path, edentest.DefaultToken, "")
	if err != nil {
		return outcome{took: time.Since(start), err: err}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return outcome{resp.StatusCode, resp.Header, resp.ContentLength, string(b), time.Since(start), nil, err}
}

// isReset tells whether err is what a connection that the other end has cut
// looks like. Over a real network an end without an answer can show as EOF, and
// over HTTP/2 it is the stream that is reset.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) || err != nil && strings.Contains(err.Error(), "stream error")
}

func TestEffects(t *testing.T) {
	const elsewhere = "https://elsewhere.example/"
	tests := []struct {
		do     edentest.Effect
		name   string
		status int // as recorded
		ok     func(healthy, o outcome) bool
	}{
		{edentest.Status(500, "", nil), "status 500", 500, func(_, o outcome) bool {
			return o.status == 500 && o.body == `{"detail":"Internal Server Error"}` && o.header.Get("Content-Type") == "application/json"
		}},
		{edentest.Status(418, "<b>tea</b>", http.Header{"x-tea": {"mint"}}), "status 418", 418, func(_, o outcome) bool {
			return o.status == 418 && o.body == "<b>tea</b>" && o.header.Get("X-Tea") == "mint" &&
				strings.HasPrefix(o.header.Get("Content-Type"), "text/html")
		}},
		{edentest.RetryAfter("-7"), `retry after "-7"`, 429, func(_, o outcome) bool {
			return o.status == 429 && o.header.Get("Retry-After") == "-7"
		}},
		{edentest.Redirect(elsewhere), "redirect", 307, func(_, o outcome) bool {
			return o.status == 307 && o.header.Get("Location") == elsewhere
		}},
		{edentest.RefuseConnection(), "refuse", 0, func(_, o outcome) bool {
			return errors.Is(o.err, syscall.ECONNREFUSED) || isReset(o.err)
		}},
		{edentest.Reset(), "reset", 0, func(_, o outcome) bool { return isReset(o.err) }},
		{edentest.ResetBody(), "reset body", 200, func(h, o outcome) bool {
			return o.status == 200 && isReset(o.bodyer) && len(o.body) == len(h.body)/2
		}},
		{edentest.Drip(50 * time.Millisecond), "drip 50ms", 200, func(h, o outcome) bool {
			return o.body == h.body && o.bodyer == nil && o.took >= 49*time.Millisecond
		}},
		{edentest.Delay(5 * time.Millisecond), "delay 5ms", 200, func(h, o outcome) bool { return o.body == h.body && o.took >= 5*time.Millisecond }},
		{edentest.TruncateBody(), "torn", 200, func(h, o outcome) bool {
			return o.status == 200 && o.bodyer == nil && o.body == h.body[:len(h.body)/2] && o.length == int64(len(o.body))
		}},
		{edentest.Empty(), "empty", 200, func(_, o outcome) bool { return o.status == 200 && o.body == "" && o.bodyer == nil }},
		{edentest.Null(), "null", 200, func(_, o outcome) bool { return o.status == 200 && o.body == "null" }},
		{edentest.HTML(), "html", 200, func(_, o outcome) bool {
			return o.status == 200 && strings.Contains(o.body, "<html>") && strings.HasPrefix(o.header.Get("Content-Type"), "text/html")
		}},
		{edentest.WrongType("text/plain"), `type "text/plain"`, 200, func(h, o outcome) bool {
			return o.body == h.body && o.header.Get("Content-Type") == "text/plain"
		}},
		{edentest.TruncateGzip(), "gzip torn", 200, func(h, o outcome) bool {
			return o.status == 200 && errors.Is(o.bodyer, io.ErrUnexpectedEOF) && len(o.body) < len(h.body) && o.length == -1 &&
				o.header.Get("Content-Encoding") == ""
		}},
		{edentest.PadBody(1 << 20), "huge 1048576", 200, func(h, o outcome) bool {
			var small, large bytes.Buffer
			return len(o.body) == len(h.body)+1<<20 && o.length == -1 &&
				json.Compact(&small, []byte(h.body)) == nil && json.Compact(&large, []byte(o.body)) == nil && small.String() == large.String()
		}},
		{edentest.ClockSkew(-3 * time.Hour), "clock skew -3h0m0s", 200, func(h, o outcome) bool {
			then, err1 := created(h.body)
			now, err2 := created(o.body)
			return err1 == nil && err2 == nil && then.Sub(now) == 3*time.Hour
		}},
		{edentest.Edit("own", func(r edentest.Request, ans *edentest.Answer) {
			ans.Body = []byte(r.Kind.String())
			ans.Header.Set("X-Own", "1")
		}), "own", 200, func(_, o outcome) bool {
			return (o.body == "get" || o.body == "list") && o.header.Get("X-Own") == "1"
		}},
		{edentest.Effect{}, "unnamed", 200, func(h, o outcome) bool { return o.body == h.body }},
	}
	for _, tt := range tests {
		for _, what := range []string{"get", "list"} {
			t.Run(tt.name+"/"+what, func(t *testing.T) {
				opts := edentest.Options{Faults: []edentest.Fault{{Skip: 1, Times: 1, Do: tt.do}}}
				throughBoth(t, opts, func(t *testing.T, d *door) {
					d.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
					if tr, ok := d.client.Transport.(*http.Transport); ok {
						tr.DisableKeepAlives = true // or it repeats by itself what was reset
					}
					path := async
					if id := d.Submit(edentest.Script{}); what == "get" {
						path += "/" + id
					}
					healthy := d.observe(t, path)
					if healthy.err != nil || healthy.bodyer != nil || healthy.status != 200 || healthy.length != int64(len(healthy.body)) {
						t.Fatalf("without a fault: %+v", healthy)
					}
					if o := d.observe(t, path); !tt.ok(healthy, o) {
						t.Errorf("got %+v\nwithout the fault %+v", o, healthy)
					}
					if o := d.observe(t, path); o.body != healthy.body {
						t.Errorf("after it: %+v", o)
					}
					if got, sent := d.Requests()[1].Status, tt.status; got != sent {
						t.Errorf("recorded status %d, want %d", got, sent)
					}
					if log := d.Requests(); log[0].Fault != "" || log[1].Fault != tt.name || log[2].Fault != "" {
						t.Errorf("recorded %q %q %q", log[0].Fault, log[1].Fault, log[2].Fault)
					}
				})
			})
		}
	}
}

func created(body string) (time.Time, error) {
	var v struct {
		CreatedAt time.Time `json:"created_at"`
		Items     []struct {
			CreatedAt time.Time `json:"created_at"`
		}
	}
	err := json.Unmarshal([]byte(body), &v)
	if len(v.Items) > 0 {
		return v.Items[0].CreatedAt, err
	}
	return v.CreatedAt, err
}

func TestStall(t *testing.T) {
	throughBoth(t, edentest.Options{Faults: []edentest.Fault{{Do: edentest.Stall()}}}, func(t *testing.T, d *door) {
		ctx, cancel := context.WithCancel(t.Context())
		resp, err := d.send(ctx, http.MethodGet, async+"/"+d.Submit(edentest.Script{}), edentest.DefaultToken, "")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		half := make([]byte, resp.ContentLength/2)
		if _, err := io.ReadFull(resp.Body, half); err != nil {
			t.Fatalf("the first half: %v", err)
		}
		read := make(chan error)
		go func() {
			_, err := resp.Body.Read(make([]byte, 1))
			read <- err
		}()
		cancel()
		if err := <-read; !errors.Is(err, context.Canceled) {
			t.Errorf("the second half: %v, want context.Canceled", err)
		}
	})
}

// An answer without a body is held back whole: with its header, the client would
// have all of it.
func TestStallWithoutBody(t *testing.T) {
	for _, method := range []string{http.MethodDelete, http.MethodHead} {
		throughBoth(t, edentest.Options{Faults: []edentest.Fault{{Do: edentest.Stall()}}}, func(t *testing.T, d *door) {
			cause := errors.New("had enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			path := async + "/" + d.Submit(edentest.Script{})
			failed := make(chan error)
			go func() {
				_, err := d.send(ctx, method, path, edentest.DefaultToken, "")
				failed <- err
			}()
			testbed.Eventually(t, "a request", func() bool { return d.Stats().Requests() > 0 })
			cancel(cause)
			// HTTP/2 as net/http speaks it reports no cause.
			if err := <-failed; !errors.Is(err, cause) && !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v, want %v", method, err, cause)
			}
		})
	}
}

func TestStallEndsWithClose(t *testing.T) {
	inMemory(t, edentest.Options{Faults: []edentest.Fault{{Do: edentest.Stall()}}}, func(t *testing.T, d *door) {
		resp, err := d.send(t.Context(), http.MethodGet, async, edentest.DefaultToken, "")
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Minute, func() { resp.Body.Close() })
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, http.ErrBodyReadAfterClose) {
			t.Errorf("%v, want http.ErrBodyReadAfterClose", err)
		}
	})
}

func TestDripAndDelayTakeTheirTime(t *testing.T) {
	for _, do := range []edentest.Effect{edentest.Drip(20 * time.Second), edentest.Delay(20 * time.Second)} {
		inMemory(t, edentest.Options{Faults: []edentest.Fault{{Do: do}}}, func(t *testing.T, d *door) {
			long := d.Submit(edentest.Script{Output: json.RawMessage(`"` + strings.Repeat("x", 100_000) + `"`)})
			for _, path := range []string{async, async + "/42", async + "/" + long} {
				if o := d.observe(t, path); o.took.Round(time.Millisecond) != 20*time.Second {
					t.Errorf("%v took %v with %d bytes, want 20 s", do, o.took, len(o.body))
				}
			}
			d.client.Timeout = 5 * time.Second
			start := time.Now()
			if o := d.observe(t, async); o.err == nil && o.bodyer == nil {
				t.Errorf("%v: no timeout", do)
			}
			if took := time.Since(start); took != 5*time.Second {
				t.Errorf("%v: the timeout took %v, want 5 s", do, took)
			}
		})
	}
}

// A Delay and a Latency together may be longer than a Duration can say.
func TestDelayForever(t *testing.T) {
	opts := edentest.Options{Latency: time.Second, Faults: []edentest.Fault{{Do: edentest.Delay(edentest.Never)}}}
	inMemory(t, opts, func(t *testing.T, d *door) {
		d.client.Timeout = time.Hour
		if o := d.observe(t, async); o.err == nil || o.took != time.Hour {
			t.Errorf("status %d after %v, want none within the timeout", o.status, o.took)
		}
	})
}

func TestOtherID(t *testing.T) {
	throughBoth(t, edentest.Options{Faults: []edentest.Fault{{Do: edentest.OtherID()}}}, func(t *testing.T, d *door) {
		one := d.Submit(edentest.Script{})
		if got := d.job(t, one); got.ID == one || got.Status != "success" {
			t.Errorf("alone: %+v", got)
		}
		two := d.Submit(edentest.Script{})
		if got := d.job(t, one).ID; got != two {
			t.Errorf("job %s, want %s", got, two)
		}
		if got := d.job(t, two).ID; got != one {
			t.Errorf("job %s, want %s", got, one)
		}
		if status, _ := d.get(t, "00000000-0000-4000-8000-000000000000"); status != http.StatusNotFound {
			t.Errorf("an unknown job: %d, want 404", status)
		}
		if got := d.list(t, "").ids(); !slices.Equal(got, []string{two, one}) {
			t.Errorf("the list: %v", got)
		}
		if log := d.Requests(); log[len(log)-1].Fault != "" {
			t.Errorf("the list met %q, which cannot apply to it", log[len(log)-1].Fault)
		}
		for _, id := range []string{one, two} {
			if at, ok := d.FirstSeenEnded(id); ok {
				t.Errorf("the end of %s was shown at %v, though its own answer never came", id, at)
			}
		}
	})
}

// With Accept-Encoding set by hand, a transport hands the bytes through.
func TestGzipByHand(t *testing.T) {
	throughBoth(t, edentest.Options{Faults: []edentest.Fault{{Do: edentest.TruncateGzip()}}}, func(t *testing.T, d *door) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.base+async, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+edentest.DefaultToken)
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err := d.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.Header.Get("Content-Encoding") != "gzip" || resp.Uncompressed {
			t.Errorf("%+v", resp)
		}
		zr, err := gzip.NewReader(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(zr); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v, want io.ErrUnexpectedEOF", err)
		}
	})
}

// A request that was reset had been taken in: what it asked for is done.
func TestResetAfterPost(t *testing.T) {
	throughBoth(t, edentest.Options{Faults: []edentest.Fault{{On: edentest.Submit, Do: edentest.Reset()}}}, func(t *testing.T, d *door) {
		if _, err := d.send(t.Context(), http.MethodPost, async, edentest.DefaultToken, submission); !isReset(err) {
			t.Errorf("%v, want a reset", err)
		}
		if got := d.list(t, "").Total; got != 1 {
			t.Errorf("%d jobs, want 1", got)
		}
	})
}
