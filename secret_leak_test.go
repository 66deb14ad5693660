package edenwait_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/internal/testbed"
)

// What must not be shown, and servers and clients that would have it shown.

// TestOutputsAreNowhere: whatever stands around a job's JSON, and whatever status
// it comes with, none of its output is in an error or in the log.
func TestOutputsAreNowhere(t *testing.T) {
	const secret = "patient"
	job := `{"public_id":"` + testbed.SomeID + `","status":"success","output":{"text":"the patient is well","n":[1,2]}}`
	page := `{"items":[` + job + `]}`
	quoted, _ := json.Marshal(job)
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, _ = io.WriteString(w, job)
	_ = w.Close()
	for name, body := range map[string]string{
		"byte order mark": "\xef\xbb\xbf" + job, "anti-hijacking": ")]}',\n" + job, "chunk size": "1a4\r\n" + job, "while(1)": "while(1);" + job,
		"a stray byte": "\x00" + job, "HTML around it": "<html><pre>" + job + "</pre>", "torn": job[:70], "torn at its head": job[50:], "in a string": string(quoted),
		"callback": "callback(" + job + ");", "twice": job + job, "another's": strings.ReplaceAll(job, testbed.SomeID, testbed.ID(7)), "no id": strings.ReplaceAll(job, "public_id", "id"),
		"no status": strings.ReplaceAll(job, `"status"`, `"state"`), "an array": "[" + job + "]", "a page": page, "base text": "the patient is well", "XML": "<job><output>patient</output></job>",
		"YAML": "output: the patient", "NDJSON": job + "\n" + job, "UTF-16": "\xff\xfe" + strings.Join(strings.Split(job, ""), "\x00"), "a number": `{"public_id":"patient","status":7}`,
		"detail beside it": job[:len(job)-1] + `,"detail":"the patient"}`, "detail with it": `{"detail":` + string(quoted) + `}`, "detail of an object": `{"detail":` + job + `}`,
		"detail in Python": `{"detail":"KeyError in {'output': 'the patient'}"}`, "detail in a reason": `{"detail":[{"loc":["body"],"msg":` + string(quoted) + `}]}`,
		"detail in a list": `{"detail":[{"loc":["body",` + job + `],"msg":"no"}]}`, "in an error": `{"error":"the patient is well"}`, "in a message": `{"message":"the patient is well"}`,
		"other case": strings.ReplaceAll(job, "output", "Output")[:len(job)-1] + `,"detail":"patient"}`, "gzip unannounced": compressed.String(),
		"detail beside another": `{"data":{"jobs":[` + job + `]},"detail":"the patient"}`, "detail before it": `{"detail":"the patient","job":` + job + `}`,
		"escaped name": `{"\u006futput":{"text":"x"},"detail":"the patient"}`, "escaped name, deep": `{"a":[{"\u006F\u0075tput_text":1}],"detail":"the patient"}`,
		"detail with a dictionary": `{"detail":"unexpected {'text': 'the patient'}"}`, "detail with a list": `{"detail":"unexpected [\"the patient\"]"}`,
		"detail in Python's words": `{"detail":"Job(status=success, output=the patient)"}`, "detail with tags": `{"detail":"bad <text>the patient</text>"}`,
		"reason with a dictionary": `{"detail":[{"loc":["body"],"msg":"got {'a': 'patient'}","input":{"output":"patient"}}]}`,
		"error of a job":           `{"public_id":"` + testbed.SomeID + `","status":"fail","error":{"kind":1,"output":"the patient"}}`,
		"status of a job":          `{"public_id":"` + testbed.SomeID + `"` + job[1:], "nothing": "",
	} {
		for _, status := range []int{200, 202, 400, 404, 409, 429, 500, 502, 503, 302} {
			if status < 300 && (name == "detail beside it" || name == "status of a job" || name == "other case") {
				continue // a job, of a kind
			}
			synctest.Test(t, func(t *testing.T) {
				if text := testbed.Told(t, edenwait.Config{HTTPClient: testbed.Answering(status, http.Header{"Content-Type": {"application/json"}}, body)}); strings.Contains(text, secret) || strings.Contains(text, "p\x00a\x00t") {
					t.Errorf("%s, %d: %s", name, status, text)
				}
			})
		}
	}
}

// TestNothingIsQuotedOfABadAnswer: errors of net/http quote what they cannot read.
func TestNothingIsQuotedOfABadAnswer(t *testing.T) {
	const words = "the patient has " + testbed.Token
	for name, answer := range map[string]string{
		"no status line": words + "\r\n\r\n", "status": "HTTP/1.1 " + words + "\r\n\r\n", "version": "HTTP/" + words + " 200 OK\r\n\r\n",
		"header": "HTTP/1.1 200 OK\r\n" + words + "\r\n\r\n", "header name": "HTTP/1.1 200 OK\r\n" + words + ": x\r\n\r\n", "length": "HTTP/1.1 200 OK\r\nContent-Length: " + words + "\r\n\r\n",
		"lengths":  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: " + words + "\r\n\r\n",
		"encoding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + words + "\r\n\r\n", "chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + words + "\r\n",
		"trailer":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Length," + words + "\r\n\r\n0\r\n\r\n",
		"trailers": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n0\r\n" + words + "\r\n\r\n",
		"location": "HTTP/1.1 302 Found\r\nLocation: ://" + words + "\r\nContent-Length: 0\r\n\r\n", "coding": "HTTP/1.1 200 OK\r\nContent-Encoding: " + words + "\r\nContent-Length: 0\r\n\r\n",
		"reason": "HTTP/1.1 599 " + words + "\r\nContent-Length: 0\r\n\r\n", "half a key": "HTTP/1.1 200 " + testbed.Token[:14] + "\r\n" + testbed.Token[:14] + "\r\n\r\n",
		"interim": "HTTP/1.1 103 " + words + "\r\nLink: " + words + "\r\n\r\nHTTP/1.1 " + words + "\r\n\r\n", "half a line": "HTTP/1.1 200 OK\r\nX: " + testbed.Token[:18],
	} {
		for _, client := range []*http.Client{nil, {Transport: &http.Transport{}}} {
			poller, err := edenwait.NewPoller(edenwait.Config{Token: testbed.Token, BaseURL: testbed.Raw(t, answer), HTTPClient: client})
			if err != nil {
				t.Fatal(err)
			}
			_, err = poller.Get(t.Context(), testbed.SomeID)
			for cause := err; cause != nil; cause = errors.Unwrap(cause) {
				if text := fmt.Sprintf("%v %+v", cause, cause); strings.Contains(text, "patient") || testbed.HoldsKey(text) {
					t.Errorf("%s: %s", name, testbed.HideKey(text))
				}
			}
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	}
}

// TestKeyThroughAPanic: mocks throw what they were sent.
func TestKeyThroughAPanic(t *testing.T) {
	type thrown struct{ header http.Header }
	for name, throw := range map[string]func(*http.Request) any{
		"request": func(r *http.Request) any { return r }, "header": func(r *http.Request) any { return r.Header }, "by value": func(r *http.Request) any { return *r },
		"struct": func(r *http.Request) any { return thrown{r.Header} }, "pointer": func(r *http.Request) any { return &thrown{r.Header} },
		"text":  func(r *http.Request) any { return fmt.Sprint("unexpected request: ", r.Header) },
		"error": func(r *http.Request) any { return fmt.Errorf("unexpected request: %v", r.Header) },
		"bytes": func(r *http.Request) any { return []byte(r.Header.Get("Authorization")) },
		"hex":   func(r *http.Request) any { return fmt.Sprintf("%x", r.Header) }, "quoted": func(r *http.Request) any { return fmt.Sprintf("%q", r.Header) },
		"dump": func(r *http.Request) any { return fmt.Sprintf("%#v", r) }, "half": func(r *http.Request) any { return r.Header.Get("Authorization")[:20] },
		"lower case": func(r *http.Request) any { return "no: " + strings.ToLower(r.Header.Get("Authorization")[7:]) },
	} {
		for _, late := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				client := &http.Client{Transport: testbed.RoundTrip(func(r *http.Request) (*http.Response, error) {
					if late {
						return &http.Response{StatusCode: 200, Body: throwing{throw(r)}}, nil
					}
					panic(throw(r))
				})}
				text := testbed.Told(t, edenwait.Config{HTTPClient: client})
				if testbed.HoldsKey(text) || strings.Contains(text, fmt.Sprintf("%x", testbed.KeyStart)) {
					t.Errorf("%s: %s", name, testbed.HideKey(text))
				}
				if !strings.Contains(text, "the HTTP client panicked") {
					t.Errorf("%s: nothing says that it panicked", name)
				}
			})
		}
	}
	poller, err := edenwait.NewPoller(edenwait.Config{Token: testbed.Token, HTTPClient: &http.Client{Transport: testbed.RoundTrip(func(*http.Request) (*http.Response, error) {
		panic("no expectation matches\n\x1b[31m")
	})}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := poller.Get(t.Context(), testbed.SomeID); err == nil || !strings.Contains(err.Error(), `no expectation matches\n\x1b[31m`) {
		t.Errorf("what is no secret is told: %v", err)
	}
}

type throwing struct{ what any }

func (t throwing) Read([]byte) (int, error) { panic(t.what) }

func (t throwing) Close() error { return nil }

// TestKeyInParts: no part of a key remains where a text is cut, by the Poller or by
// a server.
func TestKeyInParts(t *testing.T) {
	for cut := 1; cut < len(testbed.Token)+3; cut++ {
		for name, body := range map[string]string{
			"body":   strings.Repeat("x", 64<<10-cut) + testbed.Token,
			"JSON":   `{"detail":"` + strings.Repeat("x", 64<<10-cut-len(`{"detail":"`)) + testbed.Token + `"}`,
			"detail": `{"detail":"` + strings.Repeat("x", 128-cut) + testbed.Token + `"}`,
			"masked": `{"detail":"no key ` + testbed.Token[:min(cut+9, len(testbed.Token))] + `…"}`,
			"tail":   `{"detail":"no key …` + testbed.Token[max(len(testbed.Token)-cut-9, 0):] + `"}`,
			"loc":    `{"detail":[{"loc":["` + strings.Repeat("x", max(36-cut, 0)) + testbed.Token + `"],"msg":"no"}]}`,
		} {
			poller, err := edenwait.NewPoller(edenwait.Config{Token: testbed.Token, HTTPClient: testbed.Answering(422, nil, body)})
			if err != nil {
				t.Fatal(err)
			}
			_, err = poller.Get(t.Context(), testbed.SomeID)
			text := fmt.Sprint(err)
			for at := range len(testbed.Token) - 10 {
				if part := testbed.Token[at : at+10]; strings.Contains(text, part) {
					t.Fatalf("%s, cut at %d: %s", name, cut, testbed.HideKey(text))
				}
			}
		}
	}
}

// TestSecretInBaseURL: the path of a gateway may be its key.
func TestSecretInBaseURL(t *testing.T) {
	const own = "gw-Key-5f2c81d09a"
	for _, path := range []string{"/" + own, "/x/" + own + "/y", "/" + testbed.Token, "/%67w-Key-5f2c81d09a"} {
		for name, client := range map[string]*http.Client{
			"refused":   {Transport: testbed.RoundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no network") })},
			"echo":      {Transport: testbed.RoundTrip(func(r *http.Request) (*http.Response, error) { return nil, fmt.Errorf("no route to %s", r.URL) })},
			"404":       testbed.Answering(404, nil, `{"detail":"no route `+path+`/v3/universal-ai/async"}`),
			"redirect":  testbed.Answering(302, http.Header{"Location": {"://" + path}}, ""),
			"not a job": testbed.Answering(200, http.Header{"Content-Type": {path}}, path),
		} {
			synctest.Test(t, func(t *testing.T) {
				text := testbed.Told(t, edenwait.Config{BaseURL: "https://gateway.example" + path, HTTPClient: client})
				if strings.Contains(text, "5f2c81d09a") || testbed.HoldsKey(text) {
					t.Errorf("%s, %s: %s", path, name, testbed.HideKey(text))
				}
			})
		}
		for _, wrong := range []string{"http://gateway.example" + path, "https://gateway.example" + path + "?a", "gateway.example" + path, "https://gateway.example" + path + "/v2", own, "https:" + path} {
			if _, err := edenwait.New(edenwait.Config{Token: testbed.Token, BaseURL: wrong}); err == nil || strings.Contains(err.Error(), "5f2c81d09a") || testbed.HoldsKey(err.Error()) {
				t.Errorf("%v", err)
			}
		}
	}
}

// TestNoProxyForThisMachine: what travels in clear text stays on this machine,
// however its name is written. ProxyFromEnvironment reads the variables once, so
// the proxy is that of a process of its own.
func TestNoProxyForThisMachine(t *testing.T) {
	if base := os.Getenv("EDENWAIT_TEST_BASE"); base != "" {
		for _, client := range []*http.Client{nil, {}} {
			poller, err := edenwait.NewPoller(edenwait.Config{Token: "secret-key", BaseURL: base, HTTPClient: client})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := poller.Get(t.Context(), testbed.SomeID); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the proxy was asked for %s", r.URL)
	}))
	defer proxy.Close()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(rw, `{"public_id":%q,"status":"processing"}`, testbed.SomeID)
	}))
	defer server.Close()
	port := server.URL[strings.LastIndexByte(server.URL, ':'):]
	for _, host := range []string{"localhost", "LOCALHOST", "LocalHost", "127.0.0.1", "[::ffff:127.0.0.1]", "[::FFFF:7f00:1]"} {
		command := testbed.Process(t, "TestNoProxyForThisMachine", "EDENWAIT_TEST_BASE=http://"+host+port, "HTTP_PROXY="+proxy.URL, "HTTPS_PROXY="+proxy.URL, "NO_PROXY=", "no_proxy=", "http_proxy=")
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", host, err, out)
		}
	}
}

// TestForeignTextIsTame: text that a server chose is quoted and bounded, wherever
// it is shown.
func TestForeignTextIsTame(t *testing.T) {
	const line = "x\n2026-01-01T00:00:00Z ERROR all is lost\x1b[31m\u202e\xff"
	for name, text := range map[string]string{"a line": line, "long": strings.Repeat("m", 100_000), "long lines": strings.Repeat(line, 10_000)} {
		field, _ := json.Marshal(text)
		for _, name := range []string{"provider", "feature", "subfeature", "model", "status", "error", "cost", "created_at"} {
			body := fmt.Sprintf(`{"public_id":%q,"status":"fail",%q:%s}`, testbed.SomeID, name, field)
			synctest.Test(t, func(t *testing.T) {
				tame(t, testbed.Told(t, edenwait.Config{HTTPClient: testbed.Answering(200, nil, body)}))
			})
		}
		job := &edenwait.Job{ID: text, Status: edenwait.Status(text), Provider: text, Model: text, Error: &edenwait.JobError{Message: text, Code: text}}
		for _, err := range []error{
			&edenwait.JobFailedError{Job: job}, &edenwait.UnexpectedStatusError{Job: job}, job.Error, job.Decode(new(any)),
			&edenwait.GaveUpError{ID: text, LastStatus: edenwait.Status(text), Err: context.Canceled}, &edenwait.HookError{ID: text, Err: context.Canceled},
			&edenwait.APIError{StatusCode: 500, Detail: text},
		} {
			tame(t, err.Error())
		}
		for _, header := range []string{"Content-Type", "Content-Encoding", "Retry-After", "Location"} {
			for _, status := range []int{200, 302, 503} {
				synctest.Test(t, func(t *testing.T) {
					tame(t, testbed.Told(t, edenwait.Config{HTTPClient: testbed.Answering(status, http.Header{header: {text}}, "x")}))
				})
			}
		}
		for _, detail := range []string{`{"detail":` + string(field) + `}`, `{"detail":[{"loc":[` + string(field) + `],"msg":` + string(field) + `}]}`} {
			synctest.Test(t, func(t *testing.T) {
				tame(t, testbed.Told(t, edenwait.Config{HTTPClient: testbed.Answering(503, nil, detail)}))
			})
		}
		poller, err := edenwait.NewPoller(edenwait.Config{Token: testbed.Token, HTTPClient: &http.Client{Transport: testbed.RoundTrip(func(*http.Request) (*http.Response, error) {
			return nil, errors.New(text)
		})}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = poller.Get(t.Context(), testbed.SomeID)
		tame(t, err.Error())
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func tame(t *testing.T, text string) {
	t.Helper()
	if strings.ContainsAny(text, "\x1b\u202e\r") || strings.Contains(text, "\n2026-01-01T") || strings.Contains(text, "\xff") {
		t.Errorf("%.2000q", text)
	}
	for line := range strings.Lines(text) {
		if len(line) > 4096 {
			t.Errorf("a line of %d bytes: %.300q", len(line), line)
		}
	}
}

// TestDecodeErrorsQuoteNothing: an error of Decode may be logged.
func TestDecodeErrorsQuoteNothing(t *testing.T) {
	for output, into := range map[string]any{
		`{"text":"the patient"}`: new(int), `12345678901234567890`: new(int8), `{"a":[{"b":987654321}]}`: new(struct{ A []struct{ B string } }),
		`"the patient"`: new(time.Time), `"patient`: new(any), `{"at":"patient"}`: new(struct{ At time.Time }), `[987654321.5]`: new([]int),
	} {
		job := &edenwait.Job{ID: testbed.SomeID, Status: edenwait.StatusSuccess, Output: json.RawMessage(output)}
		err := job.Decode(into)
		if err == nil || strings.Contains(err.Error(), "patient") || strings.Contains(err.Error(), "98765") || strings.Contains(err.Error(), "12345678901") {
			t.Errorf("%s: %v", output, err)
		}
		if errors.Unwrap(err) == nil {
			t.Errorf("%s: the decoder's own error is not wrapped", output)
		}
	}
}
