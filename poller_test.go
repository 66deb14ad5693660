package edenwait_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

func TestPollerAsks(t *testing.T) {
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		for base, path := range map[string]string{"": "", "/": "", "/proxy/": "/proxy", "/a%2Fb": "/a%2Fb"} {
			var got *http.Request
			server := w.Start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = r
				fmt.Fprintf(w, `{"public_id":%q,"status":"processing"}`, testbed.SomeID)
			}))
			if _, err := w.Poller(t, edenwait.Config{BaseURL: server.URL + base}).Get(context.Background(), strings.ToUpper(testbed.SomeID)); err != nil {
				t.Fatal(err)
			}
			if asked := got.URL.EscapedPath(); got.Method != "GET" || asked != path+"/v3/universal-ai/async/"+testbed.SomeID || w.HTTP2 != (got.ProtoMajor == 2) {
				t.Errorf("asked %s %s over %s", got.Method, asked, got.Proto)
			}
			if _, host, _ := strings.Cut(server.URL, "://"); got.Host != host {
				t.Errorf("Host: %s, want that of %s", got.Host, server.URL)
			}
			if h := got.Header.Get("Authorization"); h != "Bearer secret-key" {
				t.Errorf("Authorization: %s", h)
			}
			if h := got.Header.Get("User-Agent"); h != "edenwait-go/"+edenwait.Version {
				t.Errorf("User-Agent: %s", h)
			}
		}
	})
}

func TestPollerGetReadsEveryField(t *testing.T) {
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		const body = `{"public_id":"` + testbed.SomeID + `","status":"fail","cost":"0.00120","provider":"deepgram","feature":"audio",
		"subfeature":"speech_to_text_async","model":"nova-2","created_at":"2026-11-02T10:20:30.123456","output":{"text":"hé"},
		"error":{"message":"no","error_code":"E1"},"original_response":[1,2],"new_field":{"a":1}}`
		job, err := w.ServeBody(t, 200, body).Get(context.Background(), testbed.SomeID)
		if err != nil {
			t.Fatal(err)
		}
		if job.ID != testbed.SomeID || job.Status != edenwait.StatusFail || job.Cost != "0.00120" || job.Provider != "deepgram" ||
			job.Feature != "audio" || job.Subfeature != "speech_to_text_async" || job.Model != "nova-2" ||
			!job.CreatedAt.Equal(time.Date(2026, 11, 2, 10, 20, 30, 123456000, time.UTC)) ||
			string(job.OriginalResponse) != "[1,2]" || job.Error.Message != "no" || job.Error.Code != "E1" {
			t.Errorf("job: %+v", job)
		}
		var output struct{ Text string }
		if err := job.Decode(&output); err != nil || output.Text != "hé" {
			t.Errorf("Decode: %+v, %v", output, err)
		}
		var again []byte
		for _, v := range []any{job, *job} { // a Job by value is a Job too
			if again, err = json.Marshal(v); err != nil {
				t.Fatal(err)
			}
			var want, got any
			if json.Unmarshal([]byte(body), &want) != nil || json.Unmarshal(again, &got) != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%T marshals to %s, came as %s", v, again, body)
			}
		}
		var failure edenwait.JobError
		stored, err := json.Marshal(job.Error)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(stored, &failure); err != nil || !reflect.DeepEqual(&failure, job.Error) {
			t.Errorf("the error is stored as %s and read back as %+v, %v", stored, failure, err)
		}
		var copied edenwait.Job
		if err := json.Unmarshal(again, &copied); err != nil || copied.Cost != job.Cost || !bytes.Equal(copied.Output, job.Output) {
			t.Errorf("unmarshals to %+v, %v", copied, err)
		}
	})
}

// A field of an unforeseen shape costs nothing but itself.
func TestPollerGetTolerates(t *testing.T) {
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		utc := time.Date(2026, 11, 2, 10, 20, 30, 0, time.UTC)
		tests := []struct {
			field string
			check func(*edenwait.Job) bool
		}{
			{`"cost":0.1`, func(j *edenwait.Job) bool { return j.Cost == "0.1" }},
			{`"cost":0.100000000000000000000000000001`, func(j *edenwait.Job) bool { return j.Cost == "0.100000000000000000000000000001" }},
			{`"cost":1e-7`, func(j *edenwait.Job) bool { return j.Cost == "1e-7" }},
			{`"cost":"+.5"`, func(j *edenwait.Job) bool { return j.Cost == "+.5" }},
			{`"cost":{"amount":1}`, func(j *edenwait.Job) bool { return j.Cost == "" }},
			{`"cost":"1e999999999"`, func(j *edenwait.Job) bool { return j.Cost == "" }},
			{`"cost":null`, func(j *edenwait.Job) bool { return j.Cost == "" }},
			{`"error":"out of tape"`, func(j *edenwait.Job) bool { return j.Error.Message == "out of tape" && j.Error.Code == "" }},
			{`"error":{"message":"m"}`, func(j *edenwait.Job) bool { return j.Error.Message == "m" }},
			{`"error":{"message":"m","error_code":17}`, func(j *edenwait.Job) bool { return j.Error.Code == "17" }},
			{`"error":[1,2]`, func(j *edenwait.Job) bool { return j.Error.Message == "[1,2]" }},
			{`"error":null`, func(j *edenwait.Job) bool { return j.Error == nil }},
			{`"created_at":"2026-11-02T10:20:30Z"`, func(j *edenwait.Job) bool { return j.CreatedAt.Equal(utc) }},
			{`"created_at":"2026-11-02T12:20:30+02:00"`, func(j *edenwait.Job) bool { return j.CreatedAt.Equal(utc) }},
			{`"created_at":"2026-11-02T12:20:30+0200"`, func(j *edenwait.Job) bool { return j.CreatedAt.Equal(utc) }},
			{`"created_at":"2026-11-02T12:20:30+02"`, func(j *edenwait.Job) bool { return j.CreatedAt.Equal(utc) }},
			{`"created_at":"2026-11-02t10:20:30z"`, func(j *edenwait.Job) bool { return j.CreatedAt.Equal(utc) }},
			{`"created_at":"2026-11-02 10:20:30"`, func(j *edenwait.Job) bool { return j.CreatedAt.Equal(utc) }},
			{`"created_at":"yesterday"`, func(j *edenwait.Job) bool { return j.CreatedAt.IsZero() }},
			{`"created_at":1730000000`, func(j *edenwait.Job) bool { return j.CreatedAt.IsZero() }},
			{`"model":null`, func(j *edenwait.Job) bool { return j.Model == "" }},
			{`"provider":["x"]`, func(j *edenwait.Job) bool { return j.Provider == "" }},
			{"\"provider\":\"a\xffb\"", func(j *edenwait.Job) bool { return j.Provider == "a\ufffdb" }}, // no UTF-8
			{`"output":null`, func(j *edenwait.Job) bool { return j.Output == nil && j.Decode(new(any)) != nil }},
			{`"output":"text"`, func(j *edenwait.Job) bool { return string(j.Output) == `"text"` }},
		}
		for _, tt := range tests {
			body := fmt.Sprintf(`{"public_id":%q,"status":"success",%s}`, testbed.SomeID, tt.field)
			job, err := w.ServeBody(t, 202, body).Get(context.Background(), testbed.SomeID)
			if err != nil || !tt.check(job) {
				t.Errorf("%s: %+v, %v", tt.field, job, err)
			}
		}
	})
}

// TestFailedJobHasAnError: a caller may print job.Error of a job that failed.
func TestFailedJobHasAnError(t *testing.T) {
	for field, says := range map[string]string{
		``: "no reason", `,"error":null`: "no reason", `,"error":"out of tape"`: `"out of tape"`, `,"error":{}`: `"{}"`,
		`,"error":{"message":"no","error_code":"E1"}`: `"no" ("E1")`, `,"error":{"message":"no\n","error_code":7}`: `"no\n" ("7")`,
	} {
		body := fmt.Sprintf(`{"public_id":%q,"status":"fail"%s}`, testbed.SomeID, field)
		job, err := testbed.Protocol{}.ServeBody(t, 200, body).Get(t.Context(), testbed.SomeID)
		if err != nil || job.Error == nil || job.Error.Message == "" {
			t.Fatalf("%s: %+v, %v", field, job, err)
		}
		var failure error = job.Error
		if !strings.Contains(failure.Error(), says) || !strings.Contains((&edenwait.JobFailedError{Job: job}).Error(), says) {
			t.Errorf("%s: %v", field, failure)
		}
		if out, err := json.Marshal(job); err != nil || string(out) != body {
			t.Errorf("%s came back as %s, %v", body, out, err)
		}
	}
	if text := (*edenwait.JobError)(nil).Error(); text == "" {
		t.Error("a nil JobError says nothing")
	}
}

// TestTooDeepIsFinal: a response that no program can read costs one request, not
// MaxErrors of them.
func TestTooDeepIsFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := fmt.Sprintf(`{"public_id":%q,"status":"success","output":%s1%s}`, testbed.SomeID, strings.Repeat("[", 10_000), strings.Repeat("]", 10_000))
		waiter, err := edenwait.New(edenwait.Config{Token: "secret-key", HTTPClient: testbed.Answering(200, nil, body)})
		if err != nil {
			t.Fatal(err)
		}
		results, err := waiter.WaitAll(t.Context(), []string{testbed.SomeID})
		if results[0].Polls != 1 || !strings.Contains(err.Error(), "nests more than 9900 levels deep") {
			t.Errorf("%d polls, %v", results[0].Polls, err)
		}
	})
}

func TestPollerGetRefuses(t *testing.T) {
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		for _, body := range []string{
			"", "null", "[]", "<html>Login</html>", `{"public_id":"` + testbed.SomeID + `","status":"succ`,
			`{"status":"success"}`, `{"public_id":"` + testbed.SomeID + `"}`, `{"public_id":7,"status":"success"}`,
			`{"public_id":"00000000-0000-0000-0000-000000000001","status":"success"}`,
		} {
			if job, err := w.ServeBody(t, 200, body).Get(context.Background(), testbed.SomeID); err == nil {
				t.Errorf("%q is taken for %+v", body, job)
			} else if !strings.Contains(err.Error(), testbed.SomeID) {
				t.Errorf("the error does not say which job: %v", err)
			}
		}
		asked := false
		poller := w.Serve(t, func(http.ResponseWriter, *http.Request) { asked = true }, edenwait.Config{})
		for _, id := range []string{"", "x", "../../admin", "{" + testbed.SomeID + "}", "urn:uuid:" + testbed.SomeID, strings.ReplaceAll(testbed.SomeID, "-", ""), testbed.SomeID + "\n"} {
			if _, err := poller.Get(context.Background(), id); !errors.Is(err, edenwait.ErrInvalidID) || asked {
				t.Errorf("%q: %v, asked %v", id, err, asked)
			}
		}
	})
}

func TestPollerErrors(t *testing.T) {
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		tests := []struct {
			status int
			body   string
			is     error
			says   string
		}{
			{401, `{"detail":"Invalid token"}`, edenwait.ErrUnauthorized, "Invalid token"},
			{403, `{"detail":"Not authenticated"}`, edenwait.ErrUnauthorized, "Not authenticated"},
			{402, `{}`, edenwait.ErrPaymentRequired, "Payment Required"},
			{404, `{"detail":"Job not found"}`, edenwait.ErrNotFound, "Job not found"},
			{422, `{"detail":[{"loc":["path","job_id"],"msg":"not a uuid","type":"t"}]}`, nil, "path job_id: not a uuid"},
			{422, `{"detail":[{"loc":["body","output_format"],"msg":"unknown"}]}`, nil, "body output_format: unknown"},
			{429, ``, edenwait.ErrRateLimited, "Too Many Requests"},
			{502, "<html>\x1b[31mBad gateway</html>", nil, "Bad Gateway (not the API's JSON)"},
			{307, ``, nil, "Temporary Redirect"},
		}
		for _, tt := range tests {
			_, err := w.ServeBody(t, tt.status, tt.body).Get(context.Background(), testbed.SomeID)
			var api *edenwait.APIError
			if !errors.As(err, &api) || api.StatusCode != tt.status || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%d: %v", tt.status, err)
				continue
			}
			for _, says := range []string{tt.says, testbed.SomeID, fmt.Sprint(tt.status), "GET /v3/universal-ai/async"} {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%d: %v does not say %s", tt.status, err, says)
				}
			}
		}
	})
}

// Of a long list of what is wrong with a request, the beginning is told.
func TestPollerErrorIsShort(t *testing.T) {
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		item := `{"loc":["query","page"],"msg":"wrong","type":"t"},`
		_, err := w.ServeBody(t, 422, `{"detail":[`+strings.Repeat(item, 100)+item[:len(item)-1]+`]}`).Get(context.Background(), testbed.SomeID)
		var api *edenwait.APIError
		if !errors.As(err, &api) || strings.Count(api.Detail, "query page: wrong") != 3 {
			t.Errorf("err = %v", err)
		}
	})
}

// The key must not follow a redirect to wherever the answer points.
func TestPollerFollowsNoRedirect(t *testing.T) {
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			t.Errorf("followed, with Authorization %q", r.Header.Get("Authorization"))
		}))
		defer elsewhere.Close()
		client := &http.Client{}
		poller := w.Serve(t, func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, edenwait.Config{HTTPClient: client})
		if _, err := poller.Get(context.Background(), testbed.SomeID); err == nil {
			t.Error("no error")
		}
		if client.CheckRedirect != nil {
			t.Error("the caller's client was changed")
		}
	})
}

func TestPollerBoundsBodies(t *testing.T) {
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		body := fmt.Sprintf(`{"public_id":%q,"status":"success","output":%q}`, testbed.SomeID, strings.Repeat("x", 1000))
		for _, chunked := range []bool{false, true} {
			for limit, tooLarge := range map[int64]bool{int64(len(body)): false, int64(len(body)) - 1: true} {
				poller := w.Serve(t, func(rw http.ResponseWriter, _ *http.Request) {
					if chunked {
						rw.(http.Flusher).Flush()
					}
					fmt.Fprint(rw, body)
				}, edenwait.Config{MaxResponseBytes: limit})
				_, err := poller.Get(context.Background(), testbed.SomeID)
				if errors.Is(err, edenwait.ErrResponseTooLarge) != tooLarge || !tooLarge && err != nil {
					t.Errorf("chunked %v, %d bytes of %d: %v", chunked, limit, len(body), err)
				}
			}
		}
	})
}

// An output of megabytes is not copied: it lies in the response as it was read.
func TestPollerGetSharesTheResponse(t *testing.T) {
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		body := fmt.Sprintf(`{"public_id":%q,"status":"success","output":%q}`, testbed.SomeID, strings.Repeat("x", 8<<20))
		poller := w.ServeBody(t, 200, body)
		job, err := poller.Get(context.Background(), testbed.SomeID)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := job.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		from, to := uintptr(unsafe.Pointer(&raw[0])), uintptr(unsafe.Pointer(&raw[len(raw)-1]))
		if at := uintptr(unsafe.Pointer(&job.Output[0])); at < from || at > to {
			t.Error("the output is a copy")
		}
		if cap(job.Output) != len(job.Output) {
			t.Error("appending to the output would overwrite the response")
		}
	})
}

func TestPollerTimesOut(t *testing.T) {
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		release := make(chan struct{})
		poller := w.Serve(t, func(http.ResponseWriter, *http.Request) { <-release }, edenwait.Config{RequestTimeout: time.Millisecond})
		t.Cleanup(func() { close(release) })
		if _, err := poller.Get(context.Background(), testbed.SomeID); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
	})
}

func TestPollerList(t *testing.T) {
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		server, transport := w.Account(t, edentest.Options{Rate: -1})
		ids := server.SubmitAll(30, edentest.Workload{Durations: edentest.Fixed(edentest.Never)})
		done := server.Submit(edentest.Script{Feature: "ocr", Subfeature: "ocr_async", Provider: "amazon"})
		poller, err := edenwait.NewPoller(edenwait.Config{Token: edentest.DefaultToken, BaseURL: server.URL, HTTPClient: &http.Client{Transport: transport}})
		if err != nil {
			t.Fatal(err)
		}
		page, err := poller.List(context.Background(), edenwait.ListQuery{Status: edenwait.StatusProcessing, Page: 3, Limit: 12})
		if err != nil {
			t.Fatal(err)
		}
		if page.Total != 30 || page.TotalPages != 3 || page.Page != 3 || page.Limit != 12 || len(page.Items) != 6 || page.Items[5].ID != ids[0] {
			t.Errorf("page: %+v", page)
		}
		page, err = poller.List(context.Background(), edenwait.ListQuery{Feature: "ocr", Subfeature: "ocr_async"})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Items) == 0 || page.Items[0].ID != done || page.Items[0].Status != edenwait.StatusSuccess || page.Items[0].Provider != "amazon" || page.Items[0].CreatedAt.IsZero() {
			t.Errorf("page: %+v", page)
		}
		stored, err := json.Marshal(page)
		if err != nil {
			t.Fatal(err)
		}
		var again edenwait.JobPage
		if err := json.Unmarshal(stored, &again); err != nil || !reflect.DeepEqual(&again, page) {
			t.Errorf("stored as %s, read back as %+v, %v", stored, again, err)
		}
		if page, err := poller.List(context.Background(), edenwait.ListQuery{Limit: 1001}); err == nil {
			t.Errorf("a limit of 1001 gives %+v", page)
		}
		for _, body := range []string{"", "null", "{}", "[]", `{"items":null}`, `{"items":{}}`, "<html>"} {
			if page, err := w.ServeBody(t, 200, body).List(context.Background(), edenwait.ListQuery{}); err == nil {
				t.Errorf("%q is taken for a page: %+v", body, page)
			}
		}
	})
}
