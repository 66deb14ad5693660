package edentest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"testing"
	"time"

	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// onceSilent has the first connection go silent with its third request.
var onceSilent = []edentest.Fault{{Skip: 2, Times: 1, Do: edentest.Silence()}}

// In memory, the requests of a client share a connection: those that are under way
// and those that come later hang until they are given up, also a body that is being
// read, and nothing arrives any more. A new connection works.
func TestSilenceInMemory(t *testing.T) {
	inMemory(t, edentest.Options{Rate: -1, Latency: time.Second, Faults: append([]edentest.Fault{
		{On: edentest.List, Do: edentest.Drip(time.Minute)},
	}, onceSilent...)}, func(t *testing.T, d *door) {
		id := d.Submit(edentest.Script{})
		path := async + "/" + id
		resp, err := d.send(t.Context(), http.MethodGet, async, edentest.DefaultToken, "")
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := io.ReadAll(resp.Body)
			ended <- err
		}()
		d.get(t, id)
		d.get(t, id)
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			start := time.Now()
			if _, err := d.send(ctx, http.MethodGet, path, edentest.DefaultToken, ""); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Hour {
				t.Errorf("%v after %v, want a deadline exceeded after 1h", err, time.Since(start))
			}
			cancel()
		}
		select {
		case err := <-ended:
			t.Errorf("a body ended over a silent connection: %v", err)
		default:
			resp.Body.Close()
			<-ended
		}
		if got := d.Stats().Gets; got != 3 {
			t.Errorf("%d GETs arrived, want 3", got)
		}
		if status, _ := (&door{d.API, d.API.Client(), d.base, true}).get(t, id); status != 200 {
			t.Errorf("another client: %d", status)
		}
		d.client.CloseIdleConnections()
		if status, _ := d.get(t, id); status != 200 {
			t.Errorf("a new connection: %d", status)
		}
	})
}

// silentDoor opens a door to a server, over HTTP/2 if secure, and returns a GET
// that runs until it has an answer or is given up.
func silentDoor(t *testing.T, secure bool) (*door, func(context.Context) error) {
	start := edentest.Start
	if secure {
		start = edentest.StartTLS
	}
	server := start(edentest.Options{Rate: -1, Faults: onceSilent})
	t.Cleanup(server.Close)
	d := &door{server.API, server.Client(), server.URL, false}
	id := d.Submit(edentest.Script{})
	return d, func(ctx context.Context) error {
		resp, err := d.send(ctx, http.MethodGet, async+"/"+id, edentest.DefaultToken, "")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.ReadAll(resp.Body)
		return err
	}
}

func TestSilenceOverHTTP1(t *testing.T) {
	d, get := silentDoor(t, false)
	ctx, cancel := context.WithCancel(t.Context())
	hangs := make(chan error)
	for range 2 {
		if err := get(ctx); err != nil {
			t.Fatal(err)
		}
	}
	go func() { hangs <- get(ctx) }()
	testbed.Eventually(t, "three GETs", func() bool { return d.Stats().Gets >= 3 })
	// Others have connections of their own.
	for range 20 {
		if err := get(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-hangs:
		t.Errorf("a silent connection answered: %v", err)
	default:
	}
	cancel()
	if err := <-hangs; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Over HTTP/2 all requests share the connection: what is sent over it does not
// arrive. Another connection works.
func TestSilenceOverHTTP2(t *testing.T) {
	d, get := silentDoor(t, true)
	for range 2 {
		if err := get(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	const n = 5
	sent := make(chan struct{}, n)
	ctx, cancel := context.WithCancel(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { sent <- struct{}{} },
	}))
	hangs := make(chan error, n)
	for range n {
		go func() { hangs <- get(ctx) }()
		<-sent
		testbed.Eventually(t, "three GETs", func() bool { return d.Stats().Gets >= 3 })
	}
	if len(hangs) > 0 {
		t.Errorf("a silent connection answered: %v", <-hangs)
	}
	other := d.client.Transport.(*http.Transport).Clone()
	defer other.CloseIdleConnections()
	old := d.client
	d.client = &http.Client{Transport: other}
	if err := get(t.Context()); err != nil {
		t.Errorf("a new connection: %v", err)
	}
	d.client = old
	cancel()
	for range n {
		if err := <-hangs; !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want context.Canceled", err)
		}
	}
	if got := d.Stats().Gets; got != 4 {
		t.Errorf("%d GETs arrived, want 4", got)
	}
}

func TestStartTLS(t *testing.T) {
	server := edentest.StartTLS(edentest.Options{})
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	for _, tt := range []struct {
		client *http.Client
		major  int // 0: refused
	}{
		{server.Client(), 2},
		{&http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "localhost"}}}, 1},
		{&http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "elsewhere.example"}}}, 0},
		{&http.Client{Transport: &http.Transport{}}, 0},
	} {
		resp, err := (&door{server.API, tt.client, server.URL, false}).send(t.Context(), http.MethodGet, async, edentest.DefaultToken, "")
		if err != nil {
			var untrusted *tls.CertificateVerificationError
			if !errors.As(err, &untrusted) || tt.major != 0 {
				t.Errorf("want HTTP/%d: %v", tt.major, err)
			}
			continue
		}
		resp.Body.Close()
		if resp.ProtoMajor != tt.major || resp.StatusCode != 200 {
			t.Errorf("%s %d, want HTTP/%d", resp.Proto, resp.StatusCode, tt.major)
		}
		tt.client.CloseIdleConnections()
	}
	plain := edentest.Start(edentest.Options{})
	defer plain.Close()
	if plain.Certificate() != nil {
		t.Error("a certificate without TLS")
	}
}

func TestHang(t *testing.T) {
	throughBoth(t, edentest.Options{Faults: []edentest.Fault{{Do: edentest.Hang()}}}, func(t *testing.T, d *door) {
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error)
		go func() {
			_, err := d.send(ctx, http.MethodGet, async, edentest.DefaultToken, "")
			failed <- err
		}()
		testbed.Eventually(t, "a list", func() bool { return d.Stats().Lists > 0 })
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
