package edenwait_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// Everything that parses what others wrote, given anything. The corpus in
// testdata/fuzz runs with every go test; to look for more:
//
//	go test -run '^$' -fuzz FuzzJob -fuzztime 30s .

const fuzzID = "11111111-2222-4333-8444-555555555555"

// canned answers every request with one answer.
type canned struct {
	status int
	header http.Header
	body   []byte
}

// RoundTrip implements http.RoundTripper.
func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: c.status, Header: c.header, Body: io.NopCloser(bytes.NewReader(c.body)), ContentLength: int64(len(c.body)), Request: r,
	}, nil
}

func cannedPoller(t *testing.T, c canned) *edenwait.Poller {
	t.Helper()
	poller, err := edenwait.NewPoller(edenwait.Config{Token: testbed.Token, HTTPClient: &http.Client{Transport: c}})
	if err != nil {
		t.Fatal(err)
	}
	return poller
}

// shown checks an error's text: whatever came, it fits a log line or a few.
func shown(t *testing.T, err error) {
	t.Helper()
	if text := err.Error(); len(text) > 4096 || strings.ContainsAny(text, "\x00\x1b\r") {
		t.Errorf("%d bytes: %q", len(text), text[:min(len(text), 4096)])
	}
}

// FuzzJob: a body is a job that marshals back to what came, or an error.
func FuzzJob(f *testing.F) {
	for _, fields := range []string{
		`"cost":"0.25","provider":"deepgram","feature":"audio","subfeature":"speech_to_text_async","model":null,"created_at":"2026-01-02T03:04:05.123456Z","output":{"text":"hello"},"original_response":null`,
		`"cost":0.1234567890123456789,"created_at":"2026-01-02T03:04:05+00:00","output":[1e400,"\ud800"]`,
		`"cost":null,"created_at":"2026-01-02 03:04:05","error":{"message":"no","error_code":7}`,
		`"cost":{},"created_at":7,"error":"bare words"`, `"error":[],"output":"a<b>\u2028"`, `"Status":"fail","STATUS":"x"`,
	} {
		f.Add([]byte(`{"public_id":"`+fuzzID+`","status":"success",`+fields+`}`), fuzzID)
	}
	for _, body := range []string{"", "null", "{}", "[]", "<html>", `{"public_id":"` + fuzzID + `"}`, `{"public_id":"` + fuzzID + `","status":7}`} {
		f.Add([]byte(body), fuzzID)
	}
	f.Fuzz(func(t *testing.T, body []byte, id string) {
		job, err := cannedPoller(t, canned{status: 200, body: body}).Get(context.Background(), id)
		if err != nil {
			shown(t, err)
			if job != nil {
				t.Errorf("a job beside the error %v", err)
			}
			// No answer may end the wait for an id that is one.
			if testbed.IsJobID(id) && (errors.Is(err, edenwait.ErrInvalidID) || errors.Is(err, edenwait.ErrNotFound)) {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		if job.ID != strings.ToLower(id) || job.Status == "" {
			t.Fatalf("%+v", job)
		}
		out, err := json.Marshal(job)
		if err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		if !sameJSON(t, body, out) {
			t.Errorf("%q came back as %q", body, out)
		}
		var again edenwait.Job
		if err := json.Unmarshal(out, &again); err != nil || again.ID != job.ID || again.Status != job.Status || again.Cost != job.Cost || !again.CreatedAt.Equal(job.CreatedAt) {
			t.Errorf("%q read again: %+v, %v", out, again, err)
		}
		if _, err := edenwait.SumCosts(job.Cost); err != nil {
			t.Errorf("cost %q: %v", job.Cost, err)
		}
		shown(t, &edenwait.JobFailedError{Job: job})
		shown(t, &edenwait.UnexpectedStatusError{Job: job})
		_ = job.Decode(new(any))
	})
}

// sameJSON compares without losing a digit.
func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var values [2]any
	for i, data := range [][]byte{a, b} {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		if err := decoder.Decode(&values[i]); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
	}
	return reflect.DeepEqual(values[0], values[1])
}

// FuzzList: a body is a page or an error, and the items are strings and times
// whatever they were.
func FuzzList(f *testing.F) {
	for _, body := range []string{
		`{"items":[{"public_id":"` + fuzzID + `","status":"processing","feature":"audio","subfeature":"x","provider":"y","model":null,"created_at":"2026-01-02T03:04:05Z"}],"total":1,"page":1,"limit":100,"total_pages":1}`,
		`{"items":[],"total":0,"page":1,"limit":1000,"total_pages":0}`, `{"items":null}`, `{"items":[null,7,"x",{}]}`, `{"total":1e9}`, `{"items":[],"total":"many"}`,
		`{"items":[],"total_pages":-1,"page":9223372036854775808}`, "null", "", "[]", "<html>",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := cannedPoller(t, canned{status: 200, body: body}).List(context.Background(), edenwait.ListQuery{Page: 1})
		switch {
		case err != nil:
			shown(t, err)
		case page == nil:
			t.Error("neither a page nor an error")
		case !json.Valid(body):
			t.Errorf("a page from %q", body)
		}
	})
}

// FuzzRetryAfter: never negative, never beyond what a Duration can be added to,
// and nothing but a number or a date is one.
func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{
		"", "0", "1", "7", " 3 ", "-5", "+4", "1.5", "1e3", "soon", "99999999999", "99999999999999999999", "9223372036854775807",
		"Fri, 02 Jan 2026 03:04:05 GMT", "Friday, 02-Jan-26 03:04:05 GMT", "Fri Jan  2 03:04:05 2026", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT",
	} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		header := http.Header{"Retry-After": {value}}
		_, err := cannedPoller(t, canned{status: 429, header: header}).Get(context.Background(), fuzzID)
		var api *edenwait.APIError
		if !errors.As(err, &api) || !errors.Is(err, edenwait.ErrRateLimited) {
			t.Fatal(err)
		}
		if api.RetryAfter < 0 || api.RetryAfter > 24*time.Hour {
			t.Errorf("%q: %v", value, api.RetryAfter)
		}
		if api.RetryAfter > 0 && !strings.ContainsAny(value, "0123456789") {
			t.Errorf("%q: %v", value, api.RetryAfter)
		}
	})
}

// FuzzErrorBody: what explains a refusal is shown, in bounds, and decides
// nothing.
func FuzzErrorBody(f *testing.F) {
	for _, body := range []string{
		`{"detail":"Invalid token"}`, `{"detail":[{"loc":["path","job_id"],"msg":"bad","type":"uuid_parsing"}]}`, `{"detail":[]}`, `{"detail":null}`, `{"detail":{"a":1}}`,
		`{"detail":[{"loc":[{"x":[1]}],"msg":7}]}`, "<html>\x1b[31m</html>", "", "null", `{"detail":"` + strings.Repeat("é", 600) + `"}`, "\xff\xfe",
	} {
		for _, status := range []int{404, 422, 429, 500} {
			f.Add(status, []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 300 || status > 599 {
			t.Skip()
		}
		_, err := cannedPoller(t, canned{status: status, body: body}).Get(context.Background(), fuzzID)
		var api *edenwait.APIError
		if !errors.As(err, &api) || api.StatusCode != status {
			t.Fatalf("%d: %v", status, err)
		}
		if errors.Is(err, edenwait.ErrNotFound) != (status == 404) || errors.Is(err, edenwait.ErrRateLimited) != (status == 429) {
			t.Errorf("%d: %v", status, err)
		}
		shown(t, err)
	})
}

// FuzzID: an id is asked about if it is a UUID of 36 characters, in its
// canonical form, and costs no request otherwise.
func FuzzID(f *testing.F) {
	for _, id := range []string{
		fuzzID, strings.ToUpper(fuzzID), "", "job", "{" + fuzzID + "}", "urn:uuid:" + fuzzID, strings.ReplaceAll(fuzzID, "-", ""), fuzzID + " ", "../" + fuzzID[3:],
		"11111111x2222x4333x8444x555555555555", "1111111112222-4333-8444-5555555555551", strings.Repeat("g", 36),
	} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		asked := ""
		client := &http.Client{Transport: testbed.RoundTrip(func(r *http.Request) (*http.Response, error) {
			asked = r.URL.EscapedPath()
			return nil, errors.New("no network")
		})}
		poller, err := edenwait.NewPoller(edenwait.Config{Token: testbed.Token, HTTPClient: client})
		if err != nil {
			t.Fatal(err)
		}
		_, err = poller.Get(context.Background(), id)
		if testbed.IsJobID(id) {
			if parsed, _ := uuid.Parse(id); asked != "/v3/universal-ai/async/"+parsed.String() {
				t.Errorf("%q: asked for %q", id, asked)
			}
			return
		}
		if asked != "" || !errors.Is(err, edenwait.ErrInvalidID) {
			t.Errorf("%q: asked for %q, %v", id, asked, err)
		}
		shown(t, err)
	})
}

// FuzzBaseURL: what is accepted sends the key over https, or to loopback, and
// to the host that stands in the URL.
func FuzzBaseURL(f *testing.F) {
	for _, base := range []string{
		"", edenwait.DefaultBaseURL, edenwait.EUBaseURL + "/", "http://127.0.0.1:8080", "http://localhost/x", "http://[::1]:9", "http://127.0.0.1.evil.example",
		"http://localhost.evil.example", "https://user:pw@host", "https://host?x", "https://host#x", "ftp://host", "//host", "host", "https://", "https://:443",
		"HTTPS://HOST/a/../b", "http://127.1", "http://2130706433", "https://host\x00", "http://[::ffff:127.0.0.1]", "http://localhost:80@evil.example", "0.A:\x00",
	} {
		f.Add(base)
	}
	f.Fuzz(func(t *testing.T, base string) {
		var sent *http.Request
		client := &http.Client{Transport: testbed.RoundTrip(func(r *http.Request) (*http.Response, error) {
			sent = r
			return nil, errors.New("no network")
		})}
		poller, err := edenwait.NewPoller(edenwait.Config{Token: testbed.Token, BaseURL: base, HTTPClient: client})
		if err != nil {
			shown(t, err)
			return
		}
		if _, err = poller.Get(context.Background(), fuzzID); err == nil || sent == nil {
			return
		}
		shown(t, err)
		host := sent.URL.Hostname()
		addr, _ := netip.ParseAddr(host)
		local := strings.EqualFold(host, "localhost") || addr.Unmap().IsLoopback()
		if sent.URL.Scheme != "https" && !local {
			t.Errorf("%q: the key would go to %v", base, sent.URL)
		}
		if sent.URL.User != nil || sent.URL.RawQuery != "" {
			t.Errorf("%q: asks %v", base, sent.URL)
		}
		if !strings.HasSuffix(sent.URL.Path, "/v3/universal-ai/async/"+fuzzID) {
			t.Errorf("%q: asks %v", base, sent.URL)
		}
	})
}

// FuzzSumCosts: exact to the last digit, against a second arithmetic.
func FuzzSumCosts(f *testing.F) {
	for _, pair := range [][2]string{
		{"0.1", "0.2"}, {"", "1"}, {"-1.50", "+1.5"}, {"1e-3", "1E+3"}, {".5", "5."}, {"00.10", "0"}, {"0.1234567890123456789", "9999999999999999999"},
		{"x", "1"}, {"1_000", "1"}, {"0x10", "1"}, {"1e999999999", "1"}, {"1/3", "1"}, {".", "-"}, {"1e", "e1"}, {"--1", "+-1"}, {"Inf", "NaN"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		sum, err := edenwait.SumCosts(edenwait.Cost(a), edenwait.Cost(b))
		if err != nil {
			shown(t, err)
		}
		want, bad := new(big.Rat), false
		for _, text := range []string{a, b} {
			// One at a time, so as to know which was taken.
			if _, err := edenwait.SumCosts(edenwait.Cost(text)); err != nil {
				bad = true
				continue
			}
			value, ok := new(big.Rat), true
			if text != "" {
				value, ok = value.SetString(text)
			}
			if !ok || strings.ContainsAny(text, "/xXpP_") {
				t.Fatalf("%q was taken for a number", text)
			}
			want.Add(want, value)
		}
		if bad != (err != nil) {
			t.Errorf("%q and %q: %v", a, b, err)
		}
		got, ok := new(big.Rat).SetString(string(sum))
		if !ok || got.Cmp(want) != 0 || strings.ContainsAny(string(sum), "eE") {
			t.Errorf("%q and %q: %s, want %s", a, b, sum, want.RatString())
		}
		if decimalCost(a) && err != nil && decimalCost(b) {
			t.Errorf("%q and %q: %v", a, b, err)
		}
	})
}

// decimalCost is the API's own pattern for a cost, in numbers of a bearable
// length.
func decimalCost(text string) bool {
	if text != "" && strings.ContainsAny(text[:1], "+-") {
		text = text[1:]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	digits := whole + fraction
	return digits != "" && len(digits) < 500 && strings.Trim(digits, "0123456789") == "" && strings.Count(text, ".") < 2
}
