package edenwait

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

const testID = "7f1c2e6a-3b4d-4c5e-8f90-a1b2c3d4e5f6"

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func pollerOf(t testing.TB, base string, client *http.Client) *Poller {
	t.Helper()
	poller, err := NewPoller(Config{Token: "sk-0123456789abcdef", BaseURL: base, HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	return poller
}

func respond(status int, header http.Header, body string) *http.Client {
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if header == nil {
			header = http.Header{}
		}
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})}
}

// TestConnectionSetupErrors: what is wrong with a certificate, a host name or a
// scheme is told apart from what a retry may fix, and says what to do first.
func TestConnectionSetupErrors(t *testing.T) {
	secure, plain := httptest.NewTLSServer(http.NotFoundHandler()), httptest.NewServer(http.NotFoundHandler())
	defer secure.Close()
	defer plain.Close()
	secure.Config.ErrorLog = nil
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	client := func(config *tls.Config) *http.Client {
		return &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	}
	for name, tt := range map[string]struct {
		base   string
		client *http.Client
		says   string
	}{
		"untrusted, own client": {secure.URL, nil, "signed by an unknown authority: install"},
		"untrusted":             {secure.URL, client(nil), "signed by an unknown authority: install"},
		"another host":          {secure.URL, client(&tls.Config{RootCAs: roots, ServerName: "api.edenai.run"}), "not for api.edenai.run: check the host"},
		"expired":               {secure.URL, client(&tls.Config{RootCAs: roots, Time: func() time.Time { return time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) }}), "expired or is not valid yet: check this machine's clock"},
		"no TLS":                {strings.Replace(plain.URL, "http:", "https:", 1), nil, "does not speak TLS: check the scheme"},
		"no TLS, client":        {strings.Replace(plain.URL, "http:", "https:", 1), client(nil), "does not speak TLS: check the scheme"},
		"scheme": {"https://api.edenai.run", &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, errors.New("unsupported protocol scheme \"\"")
		})}, "unsupported protocol scheme: check"},
	} {
		_, err := pollerOf(t, tt.base, tt.client).Get(t.Context(), testID)
		if !isConnectionSetupError(err) || !strings.HasPrefix(err.Error(), "edenwait: job "+testID+": ") || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", name, err)
		}
		if wrapped := fmt.Errorf("a Source's own: %w", err); !isConnectionSetupError(wrapped) {
			t.Errorf("%s: not seen in %v", name, wrapped)
		}
	}
	for _, err := range []error{
		nil, io.EOF, context.DeadlineExceeded, syscall.ECONNREFUSED, &net.DNSError{Err: "no such host", IsNotFound: true},
		&APIError{StatusCode: 503}, tls.AlertError(80), errors.New("boom"),
	} {
		if isConnectionSetupError(err) {
			t.Errorf("%v", err)
		}
	}
	for _, err := range []error{
		&url.Error{Op: "Get", URL: "x", Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}},
		x509.HostnameError{Certificate: secure.Certificate(), Host: "x"}, x509.CertificateInvalidError{Reason: x509.TooManyIntermediates},
		http.ErrSchemeMismatch, tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, tls.AlertError(40),
	} {
		if !isConnectionSetupError(err) {
			t.Errorf("%v", err)
		}
	}
}

// TestFailuresMatch: the errors that callers look for are found.
func TestFailuresMatch(t *testing.T) {
	mine := errors.New("the proxy has had enough")
	for _, tt := range []struct{ err, match error }{
		{&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, syscall.ECONNREFUSED},
		{&net.OpError{Op: "read", Net: "tcp", Err: io.EOF}, io.EOF},
		{io.ErrUnexpectedEOF, io.ErrUnexpectedEOF},
		{mine, mine},
		{fmt.Errorf("wrapped: %w", mine), mine},
		{fmt.Errorf("read %q: %w", "words of a server", context.DeadlineExceeded), context.DeadlineExceeded},
	} {
		client := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, tt.err })}
		_, err := pollerOf(t, "", client).Get(t.Context(), testID)
		if !errors.Is(err, tt.match) || strings.Contains(err.Error(), "words of") {
			t.Errorf("%v: %v", tt.err, err)
		}
	}
	client := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "api.edenai.run", IsNotFound: true}}
	})}
	_, err := pollerOf(t, "", client).Get(t.Context(), testID)
	if dns := (*net.DNSError)(nil); !errors.As(err, &dns) || !dns.IsNotFound {
		t.Error(err)
	}
}

// TestRetryAfterOfARunningJob: it is the job's, and shows nowhere.
func TestRetryAfterOfARunningJob(t *testing.T) {
	header := http.Header{"Retry-After": {"2.5"}}
	for status, want := range map[Status]time.Duration{StatusProcessing: 2500 * time.Millisecond, StatusSuccess: 0} {
		body := fmt.Sprintf(`{"public_id":%q,"status":%q}`, testID, status)
		for _, code := range []int{200, 202} {
			job, err := pollerOf(t, "", respond(code, header, body)).Get(t.Context(), testID)
			if err != nil || job.retryAfter != want {
				t.Errorf("%d, %s: %v, %v", code, status, job.retryAfter, err)
			}
			if out, err := job.MarshalJSON(); err != nil || string(out) != body {
				t.Errorf("%s, %v", out, err)
			}
		}
	}
}

// TestFailuresAreSmall: of the error that is kept for a waiting job whose GETs
// fail, at most 256 bytes are its own; jobs that fail alike share all but 32.
func TestFailuresAreSmall(t *testing.T) {
	long := strings.Repeat("words of a server ", 250)
	for name, client := range map[string]*http.Client{
		"503":       respond(503, nil, `{"detail":"`+long+`"}`),
		"503, each": respond(503, nil, `{"detail":"the database is away"}`),
		"HTML":      respond(502, nil, "<html>"+long),
		"not JSON":  respond(200, http.Header{"Content-Type": {long}}, long),
		"refused": {Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		})},
		"own words": {Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New(long) })},
	} {
		poller := pollerOf(t, "", client)
		const jobs = 1000
		kept := make([]error, jobs)
		one := func(i int) {
			_, err := poller.Get(t.Context(), testID)
			kept[i] = err
		}
		for i := range 10 {
			one(i) // what is made once
		}
		before := heap()
		for i := 10; i < jobs; i++ {
			one(i)
		}
		each := float64(heap()-before) / (jobs - 10)
		if runtime.KeepAlive(kept); each > 40 {
			t.Errorf("%s: %.0f bytes for each job that fails alike", name, each)
		}
		if size := len(kept[0].Error()); size > 320 {
			t.Errorf("%s: a text of %d bytes: %v", name, size, kept[0])
		}
	}
	// Where each is another's, none is shared.
	n := 0
	poller := pollerOf(t, "", &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		n++
		return &http.Response{StatusCode: 503, Body: io.NopCloser(strings.NewReader(fmt.Sprintf(`{"detail":"%d %s"}`, n, long)))}, nil
	})})
	kept := make([]error, 1000)
	before := heap()
	for i := range kept {
		_, kept[i] = poller.Get(t.Context(), testID)
	}
	each := float64(heap()-before) / float64(len(kept))
	if runtime.KeepAlive(kept); each > 256 {
		t.Errorf("%.0f bytes for each job that fails in its own way", each)
	}
	t.Logf("%.0f bytes for each job that fails in its own way", each)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
