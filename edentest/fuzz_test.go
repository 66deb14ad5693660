package edentest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait/edentest"
)

// promised is what openapi.yaml names for each kind of request, without what
// only a fault brings about; of the others, what stands for them everywhere.
var promised = map[edentest.Kind][]int{
	edentest.Submit: {202, 401, 403, 422, 429},
	edentest.Get:    {200, 401, 403, 404, 422, 429},
	edentest.List:   {200, 401, 403, 422, 429},
	edentest.Delete: {204, 401, 403, 404, 409, 422, 429},
	edentest.Other:  {404, 405},
}

// Whatever is asked, in whatever way: no panic, and an answer of the contract,
// the same through either door.
func FuzzServe(f *testing.F) {
	const (
		ended   = "/11111111-1111-4111-8111-111111111111"
		running = "/22222222-2222-4222-8222-222222222222"
		unknown = "/33333333-3333-4333-8333-333333333333"
		bearer  = "Bearer " + edentest.DefaultToken
	)
	for _, path := range []string{"", ended, running, unknown, "/42", ended + "/x", "/"} {
		for _, method := range []string{"GET", "DELETE", "PUT", "HEAD"} {
			f.Add(method, async+path, "page=2&limit=3&status=fail&feature=ocr", bearer, "", "", []byte(nil))
		}
	}
	for _, query := range []string{"", "limit=1001", "page=-1&status=x", "page=9999999999999999999", "%zz=1;2"} {
		f.Add("GET", async, query, bearer, "", "", []byte(nil))
	}
	for _, key := range []string{"", "Bearer", "Bearer ", "bearer x", "Basic eA=="} {
		f.Add("GET", async, "", key, "Accept-Encoding", "gzip", []byte(nil))
	}
	for _, s := range submissions(f) {
		f.Add("POST", async, "", bearer, "Content-Type", "application/json", []byte(s.body))
	}
	f.Fuzz(func(t *testing.T, method, path, query, key, name, value string, body []byte) {
		request := func() *http.Request {
			r := &http.Request{
				Method: method, URL: &url.URL{Path: path, RawQuery: query}, Host: "fuzz.example",
				Header: http.Header{name: {value}, "Authorization": {key}}, Body: io.NopCloser(strings.NewReader(string(body))),
			}
			return r.WithContext(t.Context())
		}
		newAPI := func() *edentest.API {
			api := edentest.New(edentest.Options{Rate: 1e-9, Burst: 1})
			api.Submit(edentest.Script{ID: ended[1:], CreatedAt: "2026-01-02T03:04:05Z"})
			api.Submit(edentest.Script{ID: running[1:], After: edentest.Never, CreatedAt: "2026-01-02T03:04:05Z"})
			return api
		}
		api, second := newAPI(), newAPI()
		for range 2 { // of which the limit refuses the second
			w := httptest.NewRecorder()
			api.ServeHTTP(w, request())
			log := api.Requests()
			kind := log[len(log)-1].Kind
			checkAnswer(t, kind, method, w.Code, w.Header(), w.Body.Bytes())

			resp, err := second.Client().Transport.RoundTrip(request())
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if method == http.MethodHead {
				b = w.Body.Bytes() // which a server drops
			}
			// A job that was just made has its own time in it.
			if resp.StatusCode != w.Code || w.Code != http.StatusAccepted && string(b) != w.Body.String() {
				t.Errorf("%d %s in memory, %d %s by a handler", resp.StatusCode, b, w.Code, w.Body)
			}
		}
	})
}

func checkAnswer(t *testing.T, kind edentest.Kind, method string, status int, header http.Header, body []byte) {
	t.Helper()
	if !slices.Contains(promised[kind], status) {
		t.Fatalf("%v is answered with %d %s", kind, status, body)
	}
	if (header.Get("Allow") != "") != (status == http.StatusMethodNotAllowed) {
		t.Errorf("%d with Allow %q", status, header.Get("Allow"))
	}
	if status == http.StatusNoContent {
		if len(body) > 0 {
			t.Errorf("204 with %s", body)
		}
		return
	}
	if got := header.Get("Content-Type"); got != "application/json" || !json.Valid(body) {
		t.Fatalf("%d %s %s", status, got, body)
	}
	switch {
	case status == http.StatusUnprocessableEntity:
		problems := decode[struct{ Detail []problem }](t, string(body)).Detail
		if len(problems) == 0 {
			t.Errorf("422 without a reason: %s", body)
		}
		for _, p := range problems {
			checkWords(t, p)
			if want := map[edentest.Kind]string{edentest.Submit: "body", edentest.Get: "path", edentest.List: "query", edentest.Delete: "path"}[kind]; p.Loc[0] != want {
				t.Errorf("%v is refused for %q", kind, p.Loc)
			}
		}
	case status >= 400:
		if decode[struct{ Detail string }](t, string(body)).Detail == "" {
			t.Errorf("%d without a reason: %s", status, body)
		}
	case kind == edentest.List:
		p := decode[page](t, string(body))
		if p.Items == nil || len(p.Items) > p.Limit || len(p.Items) > p.Total || p.Page < 1 || p.Limit < 1 || p.Limit > 1000 {
			t.Errorf("%s", body)
		}
		for _, item := range p.Items {
			checkJob(t, item)
		}
	default:
		j := decode[job](t, string(body))
		if checkJob(t, j); j.Cost == nil || j.Output == nil {
			t.Errorf("%s", body)
		}
	}
}

func checkJob(t *testing.T, j job) {
	t.Helper()
	if _, err := uuid.Parse(j.ID); err != nil || !slices.Contains([]string{"processing", "success", "fail"}, j.Status) ||
		j.Feature == "" || j.Subfeature == "" || j.Provider == "" || j.CreatedAt == "" || (j.Error != nil) != (j.Status == "fail") {
		t.Errorf("%+v", j)
	}
}
