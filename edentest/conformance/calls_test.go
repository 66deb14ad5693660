package conformance

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
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
	answer                  string // the whole body; "" if it is not looked at
}

// What errors say.
const (
	noKey    = `{"detail":"Not authenticated"}`
	wrongKey = `{"detail":"Invalid token"}`
	noJob    = `{"detail":"Job not found"}`
	noMethod = `{"detail":"Method Not Allowed"}`
	noID     = `{"detail":[{"loc":["path","job_id"],"msg":"Input should be a valid UUID, unable to parse string as a UUID","type":"uuid_parsing"}]}`
)

// calls bring about every answer that edentest has of its own, in this order.
var calls = []call{
	{"POST", async, "edentest", submission, 202, ""},
	{"POST", async, "", submission, 403, noKey},
	{"POST", async, "guess", submission, 401, wrongKey},
	{"POST", async, "edentest", `{"model":"text/chat/x","fallbacks":["a","b","c","d"]}`, 422, `{"detail":[` +
		`{"loc":["body","input"],"msg":"Field required","type":"missing"},` +
		`{"loc":["body","model"],"msg":"Value error, model must be feature/subfeature/provider[/model] of an async feature","type":"value_error"},` +
		`{"loc":["body","fallbacks"],"msg":"List should have at most 3 items after validation","type":"too_long"}]}`},
	{"POST", async, "edentest", `{`, 422, `{"detail":[{"loc":["body"],"msg":"JSON decode error","type":"json_invalid"}]}`},
	{"GET", async, "edentest", "", 200, ""},
	{"GET", async + "?limit=1000&page=2&status=success&feature=ocr&subfeature=ocr_async", "edentest", "", 200, `{"items":[],"total":0,"page":2,"limit":1000,"total_pages":0}`},
	{"GET", async + "?page=9999", "edentest", "", 200, `{"items":[],"total":3,"page":9999,"limit":100,"total_pages":1}`},
	{"GET", async + "?page=3&limit=2", "edentest", "", 200, `{"items":[],"total":3,"page":3,"limit":2,"total_pages":2}`},
	{"GET", async, "", "", 403, noKey},
	{"GET", async, "guess", "", 401, wrongKey},
	{"GET", async + "?page=0&limit=x&status=done", "edentest", "", 422, `{"detail":[` +
		`{"loc":["query","page"],"msg":"Input should be greater than or equal to 1","type":"greater_than_equal"},` +
		`{"loc":["query","limit"],"msg":"Input should be a valid integer, unable to parse string as an integer","type":"int_parsing"},` +
		`{"loc":["query","status"],"msg":"Input should be 'processing', 'success' or 'fail'","type":"enum"}]}`},
	{"GET", async + "?limit=1001", "edentest", "", 422, `{"detail":[{"loc":["query","limit"],"msg":"Input should be less than or equal to 1000","type":"less_than_equal"}]}`},
	{"PATCH", async, "edentest", "", 405, noMethod},
	{"GET", async + "/" + ended, "edentest", "", 200, ""},
	{"GET", async + "/" + running, "edentest", "", 200, ""},
	{"GET", async + "/" + ended, "", "", 403, noKey},
	{"GET", async + "/" + ended, "guess", "", 401, wrongKey},
	{"GET", async + "/" + unknown, "edentest", "", 404, noJob},
	{"GET", async + "/42", "edentest", "", 422, noID},
	{"PUT", async + "/" + ended, "edentest", "", 405, noMethod},
	{"DELETE", async + "/" + running, "edentest", "", 409, `{"detail":"Job is still processing"}`},
	{"GET", async + "/" + running, "edentest", "", 200, ""}, // it is left as it is
	{"DELETE", async + "/" + unknown, "edentest", "", 404, noJob},
	{"DELETE", async + "/42", "edentest", "", 422, noID},
	{"DELETE", async + "/" + ended, "", "", 403, noKey},
	{"DELETE", async + "/" + ended, "guess", "", 401, wrongKey},
	{"GET", async + "/" + ended, "edentest", "", 200, ""}, // nor did these remove it
	{"DELETE", async + "/" + ended, "edentest", "", 204, ""},
	{"GET", async + "/" + ended, "edentest", "", 404, noJob},
	{"DELETE", async + "/" + ended, "edentest", "", 404, noJob},
	{"GET", async, "edentest", "", 200, ""},
}

// do makes the call and returns the body of its answer.
func (c call) do(t *testing.T, client *http.Client, base string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), c.method, base+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	if c.body != "" {
		req.Header.Set("Content-Type", "application/json")
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
	if resp.StatusCode != c.status || c.answer != "" && string(body) != c.answer {
		t.Errorf("%s %s = %d %s, want %d %s", c.method, c.path, resp.StatusCode, body, c.status, c.answer)
	}
	return body
}

// under is the call while something else decides about the answer.
func (c call) under(status int) call {
	c.status, c.answer = status, ""
	return c
}

// Every answer of edentest keeps to the contract, and every answer that the
// contract names has been looked at.
func TestAnswers(t *testing.T) {
	contract := readContract(t)
	var seen []string
	for _, door := range []string{"memory", "loopback", "loopback over TLS and HTTP/2"} {
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
				start := edentest.Start
				if strings.Contains(door, "TLS") {
					start = edentest.StartTLS
				}
				server := start(s.opts)
				defer server.Close()
				base, next := server.URL, server.Client().Transport
				if door == "memory" {
					base, next = edenwait.DefaultBaseURL, server.API.Client().Transport
				}
				client, k := contract.client(t, next)
				server.Submit(edentest.Script{ID: running, After: edentest.Never})
				server.Submit(edentest.Script{ID: ended})
				if s.under == 429 {
					call{"GET", async, "edentest", "", 200, ""}.do(t, client, base)
				}
				for _, c := range calls {
					switch {
					case s.under == 0:
						c.do(t, client, base)
					case c.key != "edentest" || s.under == 200 && (c.method != "DELETE" || c.status == 422) || c.status == 405:
					default:
						c.under(s.under).do(t, client, base)
					}
				}
				seen = append(seen, k.seen...)
			})
		}
	}
	for _, promise := range contract.promised {
		if !slices.Contains(seen, promise) {
			t.Errorf("%s is in the document, and nothing has brought it about", promise)
		}
	}
}
