package conformance

import (
	"net/http"
	"strings"
	"testing"
)

// A validator that lets everything pass would prove nothing, so here each rule
// of the contract is broken, one at a time.
func TestViolationsAreCaught(t *testing.T) {
	const (
		job = `{"public_id":"11111111-1111-4111-8111-111111111111","status":"success","cost":"0.1","provider":"p",
			"feature":"f","subfeature":"s","created_at":"2026-01-02T03:04:05Z","output":{},"model":null}`
		ran = `{"public_id":"11111111-1111-4111-8111-111111111111","status":"processing","cost":"0","provider":"p",
			"feature":"f","subfeature":"s","created_at":"2026-01-02T03:04:05Z","output":null,"original_response":null}`
		failed = `{"public_id":"11111111-1111-4111-8111-111111111111","status":"fail","cost":"0","provider":"p",
			"feature":"f","subfeature":"s","created_at":"2026-01-02T03:04:05Z","output":null,"error":{"message":"m","error_code":"c"}}`
		page = `{"items":[{"public_id":"11111111-1111-4111-8111-111111111111","status":"success","provider":"p",
			"feature":"f","subfeature":"s","created_at":"2026-01-02T03:04:05Z","model":"m"}],
			"total":1,"page":1,"limit":100,"total_pages":1}`
		item = `{"public_id":"11111111-1111-4111-8111-111111111111","status":"success","provider":"p",
			"feature":"f","subfeature":"s","created_at":"2026-01-02T03:04:05Z","model":"m"}`
		invalid = `{"detail":[{"loc":["path","job_id"],"msg":"m","type":"t"}]}`
		problem = `{"detail":"d"}`

		submit, list = "POST ", "GET "
		one, remove  = "GET /" + ended, "DELETE /" + ended
	)
	tests := []struct {
		name      string
		request   string // a method, and what follows the path of all
		status    int
		body      string
		old, new_ string // what is changed in body
	}{
		{"id", one, 200, job, `"11111111-1111-4111-8111-111111111111"`, `"42"`},
		{"no id", one, 200, job, `"public_id"`, `"id"`},
		{"status", one, 200, job, `"success"`, `"done"`},
		{"no status", one, 200, job, `"status"`, `"state"`},
		{"cost", one, 200, job, `"0.1"`, `"0.1.2"`},
		{"cost of no digit", one, 200, job, `"0.1"`, `"."`},
		{"no cost", one, 200, job, `"cost"`, `"price"`},
		{"null cost", one, 200, job, `"0.1"`, `null`},
		{"provider", one, 200, job, `"p"`, `7`},
		{"model", one, 200, job, `"model":null`, `"model":[]`},
		{"created_at", one, 200, job, `"2026-01-02T03:04:05Z"`, `"2 January 2026"`},
		{"output while processing", one, 200, job, `"success"`, `"processing"`},
		{"error on success", one, 200, job, `"output"`, `"error":{"message":"m"},"output"`},
		{"status cancelled", one, 200, job, `"success"`, `"cancelled"`},
		{"no provider", one, 200, job, `"provider"`, `"by"`},
		{"no feature", one, 200, job, `"feature"`, `"what"`},
		{"no subfeature", one, 200, job, `"subfeature"`, `"how"`},
		{"no created_at", one, 200, job, `"created_at"`, `"at"`},
		{"empty provider", one, 200, job, `"p"`, `""`},
		{"empty feature", one, 200, job, `"f"`, `""`},
		{"empty subfeature", one, 200, job, `"s"`, `""`},
		{"original_response while processing", one, 200, ran, `"original_response":null`, `"original_response":{}`},
		{"error while processing", one, 200, ran, `"output"`, `"error":{"message":"m"},"output"`},
		{"error of no shape", one, 200, failed, `{"message":"m","error_code":"c"}`, `7`},
		{"error without message", one, 200, failed, `"message"`, `"text"`},
		{"error message", one, 200, failed, `"m"`, `7`},
		{"error code", one, 200, failed, `"c"`, `{}`},
		{"array", one, 200, job, job, `[` + job + `]`},
		{"null", one, 200, job, job, `null`},
		{"torn", one, 200, job, `"model":null}`, ``},
		{"empty", one, 200, job, job, ``},
		{"items", list, 200, page, `"items"`, `"jobs"`},
		{"item status", list, 200, page, `"success"`, `"done"`},
		{"item status cancelled", list, 200, page, `"success"`, `"cancelled"`},
		{"item of id and status", list, 200, page, item, `{"public_id":"11111111-1111-4111-8111-111111111111","status":"success"}`},
		{"item without provider", list, 200, page, `"provider"`, `"by"`},
		{"item without created_at", list, 200, page, `"created_at"`, `"at"`},
		{"item without id", list, 200, page, `"public_id"`, `"id"`},
		{"item with error", list, 200, page, `"model":"m"`, `"error":null`},
		{"1001 items", list, 200, page, item, item + strings.Repeat(","+item, 1000)},
		{"no page", list, 200, page, `"page"`, `"number"`},
		{"no limit", list, 200, page, `"limit"`, `"most"`},
		{"no total", list, 200, page, `"total"`, `"sum"`},
		{"total_pages as string", list, 200, page, `"total_pages":1`, `"total_pages":"1"`},
		{"total_pages", list, 200, page, `"total_pages":1`, `"total_pages":-1`},
		{"limit 0", list, 200, page, `"limit":100`, `"limit":0`},
		{"item with output", list, 200, page, `"model":"m"`, `"output":null`},
		{"item with cost", list, 200, page, `"model":"m"`, `"cost":"0"`},
		{"total", list, 200, page, `"total":1`, `"total":-1`},
		{"total as string", list, 200, page, `"total":1`, `"total":"1"`},
		{"page 0", list, 200, page, `"page":1`, `"page":0`},
		{"limit", list, 200, page, `"limit":100`, `"limit":1001`},
		{"no total_pages", list, 200, page, `"total_pages"`, `"pages"`},
		{"loc", one, 422, invalid, `["path","job_id"]`, `"job_id"`},
		{"no loc", one, 422, invalid, `"loc"`, `"where"`},
		{"empty loc", one, 422, invalid, `["path","job_id"]`, `[]`},
		{"loc of objects", one, 422, invalid, `"path"`, `{}`},
		{"no msg", one, 422, invalid, `"msg"`, `"text"`},
		{"no type", one, 422, invalid, `"type"`, `"kind"`},
		{"empty list of what is invalid", one, 422, invalid, invalid, `{"detail":[]}`},
		{"empty text of what is invalid", one, 422, invalid, invalid, `{"detail":""}`},
		{"empty detail", one, 404, problem, `"d"`, `""`},
		{"no detail", one, 404, problem, `"detail"`, `"message"`},
		{"detail", one, 401, problem, `"d"`, `["d"]`},
		{"detail of an unnamed status", one, 503, problem, `"d"`, `null`},

		{"submitted: id", submit, 202, job, `"11111111-1111-4111-8111-111111111111"`, `"42"`},
		{"submitted: status", submit, 202, ran, `"processing"`, `"queued"`},
		{"submitted: output while processing", submit, 202, job, `"success"`, `"processing"`},
		{"submitted: error on success", submit, 202, job, `"output"`, `"error":"m","output"`},
		{"submitted: no cost", submit, 202, ran, `"cost"`, `"price"`},
		{"submitted: nothing", submit, 202, ran, ran, ``},
		{"submit: detail of 401", submit, 401, problem, `"d"`, `7`},
		{"submit: detail of 402", submit, 402, problem, `"d"`, `7`},
		{"submit: detail of 403", submit, 403, problem, `"d"`, `7`},
		{"submit: detail of 429", submit, 429, problem, `"d"`, `7`},
		{"submit: detail of 500", submit, 500, problem, `"d"`, `7`},
		{"one: detail of 403", one, 403, problem, `"d"`, `7`},
		{"one: detail of 404", one, 404, problem, `"d"`, `7`},
		{"one: detail of 429", one, 429, problem, `"d"`, `7`},
		{"list: detail of 401", list, 401, problem, `"d"`, `7`},
		{"list: detail of 403", list, 403, problem, `"d"`, `7`},
		{"list: detail of 429", list, 429, problem, `"d"`, `7`},
		{"list: detail of 500", list, 500, problem, `"d"`, `7`},
		{"remove: detail of 401", remove, 401, problem, `"d"`, `7`},
		{"remove: detail of 403", remove, 403, problem, `"d"`, `7`},
		{"remove: detail of 404", remove, 404, problem, `"d"`, `7`},
		{"remove: detail of 409", remove, 409, problem, `"d"`, `7`},
		{"remove: detail of 429", remove, 429, problem, `"d"`, `7`},
		{"remove: detail of 503", remove, 503, problem, `"d"`, `7`},
		{"submit: loc", submit, 422, invalid, `"loc"`, `"where"`},
		{"list: loc", list, 422, invalid, `"loc"`, `"where"`},
		{"remove: loc", remove, 422, invalid, `"loc"`, `"where"`},
		{"remove: body of 204", remove, 204, ``, ``, `{}`},
	}
	contract := readContract(t)
	header := http.Header{"Content-Type": {"application/json"}}
	for _, tt := range tests {
		method, path, _ := strings.Cut(tt.request, " ")
		r, err := http.NewRequest(method, "https://api.edenai.run"+async+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if problem := contract.check(r, tt.status, header, []byte(tt.body)); problem != "" {
			t.Errorf("%s: refused before anything was changed: %s", tt.name, problem)
		}
		if !strings.Contains(tt.body, tt.old) {
			t.Fatalf("%s: no %s in %s", tt.name, tt.old, tt.body)
		}
		wrong := strings.Replace(tt.body, tt.old, tt.new_, 1)
		if contract.check(r, tt.status, header, []byte(wrong)) == "" {
			t.Errorf("%s: not caught: %d %s", tt.name, tt.status, wrong)
		}
	}

	r, err := http.NewRequest(http.MethodGet, "https://api.edenai.run"+async+"/"+ended, nil)
	if err != nil {
		t.Fatal(err)
	}
	if contract.check(r, 200, http.Header{"Content-Type": {"text/html"}}, []byte(job)) == "" {
		t.Error("HTML is not caught")
	}
}
