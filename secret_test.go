package edenwait_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// indiscreet is a server, or a proxy before it, that repeats the key in every
// answer it can: as debugging pages do, and as an attacker would.
type indiscreet struct {
	status int
	body   string // KEY stands for the key
	header http.Header
	fails  bool

	mu    sync.Mutex
	hosts map[string]bool // that were sent the key
}

// RoundTrip implements http.RoundTripper.
func (s *indiscreet) RoundTrip(r *http.Request) (*http.Response, error) {
	key := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if key != "" {
		s.mu.Lock()
		s.hosts[r.URL.Host] = true
		s.mu.Unlock()
	}
	if s.fails {
		return nil, errors.New("the proxy has had enough")
	}
	id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	body := strings.NewReplacer("KEY", key, "ID", id).Replace(s.body)
	header := http.Header{}
	for name, values := range s.header {
		header.Set(name, strings.ReplaceAll(values[0], "KEY", key))
	}
	return &http.Response{StatusCode: s.status, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1, Request: r}, nil
}

// leaky are answers that hold the key.
func leaky() map[string]*indiscreet {
	to := func(url string) http.Header { return http.Header{"Location": {url}} }
	servers := map[string]*indiscreet{
		"detail":          {status: 422, body: `{"detail":"Invalid token: KEY"}`},
		"detail in parts": {status: 422, body: `{"detail":[{"loc":["header","Authorization","Bearer KEY"],"msg":"KEY"}]}`},
		"refusal":         {status: 401, body: `{"detail":"Invalid token: KEY"}`},
		"rate limit":      {status: 429, body: `{"detail":"KEY"}`},
		"plain text":      {status: 500, body: "GET / HTTP/1.1\r\nAuthorization: Bearer KEY"},
		"cut short":       {status: 500, body: strings.Repeat("x", 185) + "KEY"},
		"page":            {status: 200, body: "<html><pre>Authorization: Bearer KEY</pre></html>"},
		"another job":     {status: 200, body: `{"public_id":"KEY","status":"success"}`},
		"retry after":     {status: 503, header: http.Header{"Retry-After": {"KEY"}}},
		"redirect":        {status: 307, header: to("https://elsewhere.example/?key=KEY")},
		"bad redirect":    {status: 302, header: to("://KEY")},
		"no network":      {fails: true},
	}
	for _, s := range servers {
		s.hosts = map[string]bool{}
	}
	return servers
}

// TestKeyStaysHome has everything that can be printed printed, and looks for
// the key in it.
func TestKeyStaysHome(t *testing.T) {
	const id = "22222222-2222-4222-8222-222222222222"
	for name, server := range leaky() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &testbed.Log{}
				var (
					mu   sync.Mutex
					told []any
				)
				tell := func(v any) {
					mu.Lock()
					defer mu.Unlock()
					told = append(told, v)
				}
				config := edenwait.Config{
					Token: testbed.Token, HTTPClient: &http.Client{Transport: server}, MaxWait: time.Minute, MaxErrors: 3,
					Logger: log.Logger(),
					Hooks: edenwait.Hooks{
						OnError:    func(_ context.Context, _ string, err error) { tell(err) },
						OnProgress: func(p edenwait.Progress) { tell(p) },
					},
				}
				waiter, err := edenwait.New(config)
				if err != nil {
					t.Fatal(err)
				}
				poller, err := edenwait.NewPoller(config)
				if err != nil {
					t.Fatal(err)
				}
				_, getErr := poller.Get(context.Background(), id)
				page, listErr := poller.List(context.Background(), edenwait.ListQuery{})
				results, batch := waiter.WaitAll(context.Background(), []string{id, "33333333-3333-4333-8333-333333333333", "no id"})
				for i := range results {
					// What a job is, it may say; what we say of it is at issue.
					told = append(told, results[i].Err, edenwait.Result{ID: results[i].ID, Err: results[i].Err})
				}
				told = append(told, config, &config, waiter, poller, getErr, listErr, page, batch)
				// A field that fmt may not call methods of is printed as it lies.
				told = append(told, struct{ w *edenwait.Waiter }{waiter}, struct{ w edenwait.Waiter }{*waiter}, struct{ p edenwait.Poller }{*poller})
				for err := batch; err != nil; err = errors.Unwrap(err) {
					told = append(told, err)
				}
				for _, v := range told {
					lookForKey(t, v)
				}
				if text := log.String(); testbed.HoldsKey(text) {
					t.Errorf("log: %s", testbed.HideKey(text))
				}
				for host := range server.hosts {
					if host != "api.edenai.run" {
						t.Errorf("the key was sent to %s", host)
					}
				}
			})
		})
	}
}

func lookForKey(t *testing.T, v any) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, v); testbed.HoldsKey(text) {
			t.Errorf("%s of %T: %s", verb, v, testbed.HideKey(text))
			return
		}
	}
	if text, err := json.Marshal(v); testbed.HoldsKey(string(text)) || err != nil && testbed.HoldsKey(err.Error()) {
		t.Errorf("JSON of %T: %s, %s", v, testbed.HideKey(string(text)), testbed.HideKey(fmt.Sprint(err)))
	}
}

// TestKeyInConfigErrors: a key that is refused, or stands in the wrong field,
// is not quoted.
func TestKeyInConfigErrors(t *testing.T) {
	for _, config := range []edenwait.Config{
		{Token: testbed.Token + "\n"},
		{Token: testbed.Token + "é"},
		{Token: "a b" + testbed.Token},
		{Token: testbed.Token, BaseURL: "https://" + testbed.Token + "@api.edenai.run"},
		{Token: testbed.Token, BaseURL: "https://x:" + testbed.Token + "@[::1"},
		{Token: testbed.Token, BaseURL: "https://api.edenai.run?key=" + testbed.Token},
		{Token: testbed.Token, BaseURL: "https://api.edenai.run#" + testbed.Token},
		{Token: testbed.Token, BaseURL: "http://api.edenai.run/" + testbed.Token},
		{Token: testbed.Token, BaseURL: testbed.Token},
		{Token: testbed.Token, Rate: -1},
	} {
		if _, err := edenwait.New(config); err == nil || testbed.HoldsKey(err.Error()) {
			t.Errorf("New: %s", testbed.HideKey(fmt.Sprint(err)))
		}
	}
}

// TestKeyIsRecordedNowhere: what edentest notes of a request can be printed.
func TestKeyIsRecordedNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Token: testbed.Token})
		waiter, err := edenwait.New(edenwait.Config{Token: testbed.Token, HTTPClient: api.Client()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := waiter.Wait(context.Background(), api.Submit(edentest.Script{})); err != nil {
			t.Fatal(err)
		}
		lookForKey(t, api.Requests())
	})
}

// TestKeyEscapedByAServer: what a server repeats may be escaped or cut on the way.
func TestKeyEscapedByAServer(t *testing.T) {
	const key = "sk/abcdef+0123456789<secret>&more"
	long := strings.Repeat("0123456789", 10)
	tests := []struct {
		key, body string
		status    int
		leak      string
	}{
		{key, `{"detail":"Invalid token sk\/abcdef+0123456789\u003csecret\u003e\u0026more"}`, 422, "0123456789<"},
		{key, `{"detail":[{"loc":["header"],"msg":"sk\/abcdef+0123456789\u003csecret\u003e&more"}]}`, 422, "0123456789<"},
		{key, `{"error":"sk\/abcdef+0123456789\u003csecret\u003e\u0026more"}`, 500, `abcdef+`},
		{key, `<p>sk/abcdef+0123456789&lt;secret&gt;&amp;more</p>`, 500, "abcdef+"},
		{key, `at /?key=sk%2Fabcdef%2B0123456789%3Csecret%3E%26more`, 500, "abcdef%2B"},
		{long, `{"public_id":"` + long + `","status":"success"}`, 200, long[:40]},
	}
	for _, tt := range tests {
		api := edentest.New(edentest.Options{Faults: []edentest.Fault{{Do: edentest.Status(tt.status, tt.body, nil)}}})
		poller, err := edenwait.NewPoller(edenwait.Config{Token: tt.key, HTTPClient: api.Client()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := poller.Get(context.Background(), testbed.SomeID); err == nil || strings.Contains(err.Error(), tt.leak) {
			t.Errorf("%s: %v", tt.body, err)
		}
	}
}

// TestOutputsAreNotLogged: of an answer that is torn there is an output left.
func TestOutputsAreNotLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.DebugLevel)
		api := edentest.New(edentest.Options{Faults: []edentest.Fault{
			{On: edentest.Get, Times: 1, Do: edentest.Status(200, `{"output":{"text":"a patient's name"},"public`, nil)},
			{On: edentest.Get, Times: 1, Do: edentest.Status(200, `{"output":{"text":"a patient's name"},"public_id":7}`, nil)},
			{On: edentest.Get, Times: 1, Do: edentest.Status(200, `"a patient's name`, nil)},
		}})
		waiter := testbed.NewWaiter(t, api, edenwait.Config{Logger: zap.New(core)})
		if _, err := waiter.Wait(context.Background(), api.Submit(edentest.Script{Output: json.RawMessage(`"a patient's name"`)})); err != nil {
			t.Fatal(err)
		}
		if api.Stats().Faults != 3 {
			t.Fatalf("%+v", api.Stats())
		}
		for _, entry := range logs.All() {
			if text := fmt.Sprint(entry.Message, entry.ContextMap()); strings.Contains(text, "patient") {
				t.Error(text)
			}
		}
	})
}

// TestShortKeys: the key of a test or of a proxy may be short, and is a key.
func TestShortKeys(t *testing.T) {
	for _, token := range []string{"tok1", "s3cret"} {
		client := &http.Client{Transport: &indiscreet{status: 500, body: `{"detail":"no ` + token + `"}`, hosts: map[string]bool{}}}
		poller, err := edenwait.NewPoller(edenwait.Config{Token: token, HTTPClient: client})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := poller.Get(context.Background(), testbed.SomeID); err == nil || strings.Contains(err.Error(), token) {
			t.Error(err)
		}
	}
}

type stringerKey struct{ k string }

func (s stringerKey) String() string { return "req " + s.k }

type errKey struct{ h http.Header }

func (e errKey) Error() string { return "no expectation" }

type nestedKey struct {
	A *struct{ H http.Header }
	E error
}

// TestKeyInOtherClothes: a panic, an error or a detail may hold the key in a value, in
// base64, escaped, as bytes or in pieces.
func TestKeyInOtherClothes(t *testing.T) {
	req, _ := http.NewRequest("GET", "https://x.example", nil)
	req.Header.Set("Authorization", "Bearer "+testbed.Token)
	throws := map[string]any{
		"req": req, "header": req.Header, "struct": struct{ H http.Header }{req.Header},
		"ptr": &nestedKey{A: &struct{ H http.Header }{req.Header}}, "stringer": stringerKey{testbed.Token},
		"err": fmt.Errorf("x %+v", req), "errstruct": errKey{req.Header}, "fmt": fmt.Sprintf("%+v", req),
		"b64":           base64.StdEncoding.EncodeToString([]byte("Authorization: Bearer " + testbed.Token)),
		"b64 of bearer": base64.StdEncoding.EncodeToString([]byte("Bearer " + testbed.Token)),
		"b64 of x":      base64.StdEncoding.EncodeToString([]byte("x" + testbed.Token)),
		"b64 raw":       base64.RawURLEncoding.EncodeToString([]byte("xy" + testbed.Token)),
		"esc":           url.QueryEscape(testbed.Token), "esc all": testbed.PercentAll(testbed.Token), "bytes": []byte(testbed.Token),
		"split":      struct{ A, B string }{testbed.Token[:len(testbed.Token)/2], testbed.Token[len(testbed.Token)/2:]},
		"split text": testbed.Token[:11] + " " + testbed.Token[11:], "spaced": strings.Join(strings.Split(testbed.Token, ""), " "),
		"wrapped":  nestedKey{E: fmt.Errorf("in %v", req.Header)},
		"bytes %v": fmt.Sprintf("%v", []byte(testbed.Token)),
	}
	var found []string
	defer func() {
		for _, f := range found {
			t.Error(f)
		}
	}()
	for name, thrown := range throws {
		synctest.Test(t, func(t *testing.T) {
			log := &testbed.Log{}
			config := edenwait.Config{Token: testbed.Token, MaxErrors: 2, MaxWait: time.Minute,
				Logger: log.Logger(),
				Source: testbed.GetFunc(func(context.Context, string) (*edenwait.Job, error) { panic(thrown) })}
			waiter, err := edenwait.New(config)
			if err != nil {
				t.Fatal(err)
			}
			_, err = waiter.Wait(context.Background(), testbed.SomeID)
			text := log.String()
			if name != "split text" && name != "spaced" && name != "esc all" && name != "bytes %v" {
				// A key that is not known either, since the Source has it.
				config.Token = ""
				if waiter, err = edenwait.New(config); err != nil {
					t.Fatal(err)
				}
				_, _ = waiter.Wait(context.Background(), testbed.SomeID)
				text += log.String()
			}
			for _, v := range testbed.Chain(err) {
				text += fmt.Sprintf("\n%v\n%+v\n%#v", v, v, v)
			}
			if leak := testbed.Leaks(text); leak != "" {
				found = append(found, fmt.Sprintf("source %s: %s", name, leak))
			}
			client := &http.Client{Transport: testbed.RoundTrip(func(r *http.Request) (*http.Response, error) { panic(thrown) })}
			if leak := testbed.Leaks(testbed.Told(t, edenwait.Config{HTTPClient: client})); leak != "" {
				found = append(found, fmt.Sprintf("transport panic %s: %s", name, leak))
			}
			client = &http.Client{Transport: testbed.RoundTrip(func(r *http.Request) (*http.Response, error) {
				if err, ok := thrown.(error); ok {
					return nil, err
				}
				return nil, errors.New(fmt.Sprint(thrown))
			})}
			if leak := testbed.Leaks(testbed.Told(t, edenwait.Config{HTTPClient: client})); leak != "" {
				found = append(found, fmt.Sprintf("transport error %s: %s", name, leak))
			}
			detail := fmt.Sprint(thrown)
			if leak := testbed.Leaks(testbed.Told(t, edenwait.Config{HTTPClient: testbed.Answering(422, nil, `{"detail":`+escapedJSON(detail)+`}`)})); leak != "" {
				found = append(found, fmt.Sprintf("detail %s: %s", name, leak))
			}
		})
	}
}

// escapedJSON is text as a JSON string, each letter escaped.
func escapedJSON(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		fmt.Fprintf(&b, `\u%04x`, r&0xffff)
	}
	b.WriteByte('"')
	return b.String()
}
