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
		page = `{"items":[{"public_id":"11111111-1111-4111-8111-111111111111","status":"success","provider":"p",
			"feature":"f","subfeature":"s","created_at":"2026-01-02T03:04:05Z","model":"m"}],
			"total":1,"page":1,"limit":100,"total_pages":1}`
		invalid = `{"detail":[{"loc":["path","job_id"],"msg":"m","type":"t"}]}`
		problem = `{"detail":"d"}`
	)
	tests := []struct {
		name      string
		path      string
		status    int
		body      string
		old, new_ string // what is changed in body
	}{
		{"id", "/" + ended, 200, job, `"11111111-1111-4111-8111-111111111111"`, `"42"`},
		{"no id", "/" + ended, 200, job, `"public_id"`, `"id"`},
		{"status", "/" + ended, 200, job, `"success"`, `"done"`},
		{"no status", "/" + ended, 200, job, `"status"`, `"state"`},
		{"cost", "/" + ended, 200, job, `"0.1"`, `"0.1.2"`},
		{"cost of no digit", "/" + ended, 200, job, `"0.1"`, `"."`},
		{"no cost", "/" + ended, 200, job, `"cost"`, `"price"`},
		{"null cost", "/" + ended, 200, job, `"0.1"`, `null`},
		{"provider", "/" + ended, 200, job, `"p"`, `7`},
		{"model", "/" + ended, 200, job, `"model":null`, `"model":[]`},
		{"created_at", "/" + ended, 200, job, `"2026-01-02T03:04:05Z"`, `"2 January 2026"`},
		{"output while processing", "/" + ended, 200, job, `"success"`, `"processing"`},
		{"error on success", "/" + ended, 200, job, `"output"`, `"error":{"message":"m"},"output"`},
		{"error of no shape", "/" + ended, 200, strings.Replace(job, "success", "fail", 1), `"output"`, `"error":7,"output"`},
		{"array", "/" + ended, 200, job, job, `[` + job + `]`},
		{"null", "/" + ended, 200, job, job, `null`},
		{"torn", "/" + ended, 200, job, `"model":null}`, ``},
		{"empty", "/" + ended, 200, job, job, ``},
		{"items", "", 200, page, `"items"`, `"jobs"`},
		{"item status", "", 200, page, `"success"`, `"done"`},
		{"item with output", "", 200, page, `"model":"m"`, `"output":null`},
		{"item with cost", "", 200, page, `"model":"m"`, `"cost":"0"`},
		{"total", "", 200, page, `"total":1`, `"total":-1`},
		{"total as string", "", 200, page, `"total":1`, `"total":"1"`},
		{"page 0", "", 200, page, `"page":1`, `"page":0`},
		{"limit", "", 200, page, `"limit":100`, `"limit":1001`},
		{"no total_pages", "", 200, page, `"total_pages"`, `"pages"`},
		{"loc", "/" + ended, 422, invalid, `["path","job_id"]`, `"job_id"`},
		{"no loc", "/" + ended, 422, invalid, `"loc"`, `"where"`},
		{"no detail", "/" + ended, 404, problem, `"detail"`, `"message"`},
		{"detail", "/" + ended, 401, problem, `"d"`, `["d"]`},
		{"detail of an unnamed status", "/" + ended, 503, problem, `"d"`, `null`},
	}
	contract := readContract(t)
	header := http.Header{"Content-Type": {"application/json"}}
	for _, tt := range tests {
		r, err := http.NewRequest(http.MethodGet, "https://api.edenai.run"+async+tt.path, nil)
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
