package conformance

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

const (
	async   = "/v3/universal-ai/async"
	running = "11111111-1111-4111-8111-111111111111"
	unknown = "22222222-2222-4222-8222-222222222222"
	ended   = "33333333-3333-4333-8333-333333333333"

	submission = `{"model":"ocr/ocr_async/amazon","input":{"file":"https://files.example/a.pdf"}}`
)

// A call is one request that a program without this library would make.
type call struct {
	method, path, key, body string
	status                  int
}

// calls bring about every answer that edentest has of its own.
var calls = []call{
	{"POST", async, "edentest", submission, 202},
	{"POST", async, "", submission, 403},
	{"POST", async, "guess", submission, 401},
	{"POST", async, "edentest", `{"model":"text/chat/x","fallbacks":["a","b","c","d"]}`, 422},
	{"POST", async, "edentest", `{`, 422},
	{"GET", async, "edentest", "", 200},
	{"GET", async + "?limit=1000&page=2&status=success&feature=ocr&subfeature=ocr_async", "edentest", "", 200},
	{"GET", async + "?page=9999", "edentest", "", 200},
	{"GET", async, "", "", 403},
	{"GET", async, "guess", "", 401},
	{"GET", async + "?page=0&limit=x&status=done", "edentest", "", 422},
	{"PATCH", async, "edentest", "", 405},
	{"GET", async + "/" + ended, "edentest", "", 200},
	{"GET", async + "/" + running, "edentest", "", 200},
	{"GET", async + "/" + ended, "", "", 403},
	{"GET", async + "/" + ended, "guess", "", 401},
	{"GET", async + "/" + unknown, "edentest", "", 404},
	{"GET", async + "/42", "edentest", "", 422},
	{"PUT", async + "/" + ended, "edentest", "", 405},
	{"DELETE", async + "/" + running, "edentest", "", 409},
	{"DELETE", async + "/" + unknown, "edentest", "", 404},
	{"DELETE", async + "/42", "edentest", "", 422},
	{"DELETE", async + "/" + ended, "", "", 403},
	{"DELETE", async + "/" + ended, "guess", "", 401},
	{"DELETE", async + "/" + ended, "edentest", "", 204},
}

func (c call) do(t *testing.T, client *http.Client, base string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), c.method, base+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", c.method, c.path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", c.method, c.path, err)
	}
	if resp.StatusCode != c.status {
		t.Errorf("%s %s = %d %s, want %d", c.method, c.path, resp.StatusCode, body, c.status)
	}
}

func (c call) under(status int) call {
	c.status = status
	return c
}

// Every answer of edentest keeps to the contract, and every answer that the
// contract names has been looked at.
func TestAnswers(t *testing.T) {
	contract := readContract(t)
	var seen []string
	for _, door := range []string{"memory", "loopback"} {
		for _, s := range []struct {
			name  string
			opts  edentest.Options
			under int // the status of all calls; 0: their own
		}{
			{"healthy", edentest.Options{Rate: -1}, 0},
			{"limited", edentest.Options{Rate: 1e-9, Burst: 1, RetryAfter: time.Second}, 429},
			{"without credit", edentest.Options{Rate: -1, Faults: []edentest.Fault{{Do: edentest.Status(402, "", nil)}}}, 402},
			{"ill", edentest.Options{Rate: -1, Faults: []edentest.Fault{{Do: edentest.Status(500, "", nil)}}}, 500},
			// What the contract leaves open and edentest does not choose.
			{"other DELETE", edentest.Options{Rate: -1, Faults: []edentest.Fault{{On: edentest.Delete, Do: edentest.Status(200, "{}", nil)}}}, 200},
		} {
			t.Run(s.name+"/"+door, func(t *testing.T) {
				server := edentest.Start(s.opts)
				defer server.Close()
				base, next := server.URL, server.Client().Transport
				if door == "memory" {
					base, next = edenwait.DefaultBaseURL, server.API.Client().Transport
				}
				client, k := contract.client(t, next)
				server.Submit(edentest.Script{ID: running, After: edentest.Never})
				server.Submit(edentest.Script{ID: ended})
				if s.under == 429 {
					call{"GET", async, "edentest", "", 200}.do(t, client, base)
				}
				for _, c := range calls {
					switch {
					case s.under == 0:
						c.do(t, client, base)
					case c.key != "edentest" || s.under == 200 && c.method != "DELETE" || c.status == 405:
					default:
						c.under(s.under).do(t, client, base)
					}
				}
				seen = append(seen, k.seen...)
			})
		}
	}
	if left := contract.missing(seen); len(left) > 0 {
		t.Errorf("answers of the document that nothing has brought about: %v", left)
	}
}

// scripts are the forms in which a job's end can come.
var scripts = map[string]edentest.Script{
	"default":          {},
	"fail":             {Status: "fail"},
	"error as object":  {Status: "fail", Error: json.RawMessage(`{"message":"no","error_code":"E1"}`)},
	"error as message": {Status: "fail", Error: json.RawMessage(`{"message":"no"}`)},
	"error as string":  {Status: "fail", Error: json.RawMessage(`"no"`)},
	"cost as number":   {Cost: json.RawMessage(`0.1`)},
	"cost as string":   {Cost: json.RawMessage(`"12.30"`)},
	"with model":       {Model: "nova-3", OriginalResponse: json.RawMessage(`{"a":[1]}`)},
	"output null":      {Output: json.RawMessage(`null`)},
	"output string":    {Output: json.RawMessage(`"s"`)},
	"created at +00":   {CreatedAt: "2026-01-02T03:04:05.000006+00:00"},
	"created at Z":     {CreatedAt: "2026-01-02T03:04:05Z"},
}

// Every job of edentest, scripted or drawn, keeps to the contract and is read by
// Poller with nothing lost.
func TestPollerReadsJobs(t *testing.T) {
	contract := readContract(t)
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Rate: -1})
		client, _ := contract.client(t, api.Client().Transport)
		poller, err := edenwait.NewPoller(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: client})
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]string{}
		for name, s := range scripts {
			s.After = time.Minute
			names[api.Submit(s)] = name
		}
		for _, id := range api.SubmitAll(200, edentest.World{Durations: edentest.Fixed(time.Minute), FailShare: 0.3}) {
			names[id] = "drawn"
		}
		for range 2 { // while they run, then after their end
			for id, name := range names {
				job, err := poller.Get(t.Context(), id)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				after := time.Since(api.Requests()[0].Time) >= time.Minute
				if job.ID != id || job.Status.Done() != after || job.Cost == "" || job.CreatedAt.IsZero() ||
					job.Feature == "" || job.Subfeature == "" || job.Provider == "" || (job.Error != nil) != (job.Status == edenwait.StatusFail) {
					t.Errorf("%s reads as %+v", name, job)
				}
			}
			page, err := poller.List(t.Context(), edenwait.ListQuery{Limit: 1000})
			if err != nil {
				t.Fatal(err)
			}
			if page.Total != len(names) || len(page.Items) != len(names) || page.Page != 1 || page.Limit != 1000 || page.TotalPages != 1 {
				t.Errorf("the list reads as %d items, %+v", len(page.Items), page)
			}
			for _, item := range page.Items {
				if names[item.ID] == "" || item.Status == "" || item.Feature == "" || item.Subfeature == "" || item.Provider == "" || item.CreatedAt.IsZero() {
					t.Errorf("an item of the list reads as %+v", item)
				}
			}
			time.Sleep(time.Minute)
		}
	})
}

// Every error of edentest reaches the caller of Poller as what it is.
func TestPollerReadsErrors(t *testing.T) {
	contract := readContract(t)
	api := edentest.New(edentest.Options{Rate: 1e-9, Burst: 2, RetryAfter: 3 * time.Second})
	client, _ := contract.client(t, api.Client().Transport)
	ask := func(key, id string) error {
		poller, err := edenwait.NewPoller(edenwait.Config{Token: key, HTTPClient: client})
		if err != nil {
			t.Fatal(err)
		}
		_, err = poller.Get(t.Context(), id)
		return err
	}
	if err := ask("guess", unknown); !errors.Is(err, edenwait.ErrUnauthorized) {
		t.Errorf("wrong key: %v", err)
	}
	if err := ask(edentest.DefaultToken, unknown); !errors.Is(err, edenwait.ErrNotFound) {
		t.Errorf("unknown job: %v", err)
	}
	if err := ask(edentest.DefaultToken, "42"); !errors.Is(err, edenwait.ErrInvalidID) {
		t.Errorf("no id: %v", err)
	}
	if id := api.Submit(edentest.Script{}); ask(edentest.DefaultToken, id) != nil {
		t.Errorf("within the limit: an error")
	}
	err := ask(edentest.DefaultToken, unknown)
	var apiErr *edenwait.APIError
	if !errors.Is(err, edenwait.ErrRateLimited) || !errors.As(err, &apiErr) || apiErr.RetryAfter != 3*time.Second {
		t.Errorf("beyond the limit: %v", err)
	}
}
