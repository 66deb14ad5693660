package conformance

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// The document and edentest take and refuse the same submissions: those that
// edentest's own tests know of, each with what is wrong with it.
func TestSubmissions(t *testing.T) {
	text, err := os.ReadFile("../testdata/submissions.txt")
	if err != nil {
		t.Fatal(err)
	}
	contract := readContract(t)
	api := edentest.New(edentest.Options{Rate: -1})
	client, _ := contract.client(t, api.Client().Transport)
	taken := 0
	for line := range strings.Lines(string(text)) {
		refused, body, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		status := http.StatusUnprocessableEntity
		if refused == "-" {
			status = http.StatusAccepted
			taken++
		}
		call{"POST", async, "edentest", body, status, ""}.do(t, client, edenwait.DefaultBaseURL)
	}
	if n := len(api.Requests()); taken < 10 || n < 50 {
		t.Errorf("%d submissions, of which %d were taken", n, taken)
	}
}

// They take and refuse the same questions, too.
func TestQuestions(t *testing.T) {
	contract := readContract(t)
	api := edentest.New(edentest.Options{Rate: -1})
	client, _ := contract.client(t, api.Client().Transport)
	api.Submit(edentest.Script{ID: ended})
	for _, q := range []struct {
		question string
		status   int
	}{
		{"", 200}, {"?page=1&limit=1", 200}, {"?limit=1000", 200}, {"?page=1000000000000", 200}, {"?status=processing", 200}, {"?status=success", 200},
		{"?status=fail", 200}, {"?feature=x&subfeature=y", 200}, {"?page=1&other=z", 200},
		{"?page=0", 422}, {"?page=-1", 422}, {"?page=x", 422}, {"?page=1.5", 422}, {"?page=", 422},
		{"?limit=0", 422}, {"?limit=1001", 422}, {"?limit=x", 422}, {"?limit=", 422},
		{"?status=cancelled", 422}, {"?status=Success", 422},
		{"/" + ended, 200}, {"/" + strings.ToUpper(ended), 200}, {"/" + unknown, 404},
		{"/42", 422}, {"/" + ended[1:], 422}, {"/" + ended + "0", 422},
	} {
		call{"GET", async + q.question, "edentest", "", q.status, ""}.do(t, client, edenwait.DefaultBaseURL)
	}
}

// What is not asked for is the same in both.
func TestDefaults(t *testing.T) {
	contract := readContract(t)
	api := edentest.New(edentest.Options{})
	client, _ := contract.client(t, api.Client().Transport)
	var page struct{ Page, Limit int }
	body := call{"GET", async, "edentest", "", 200, ""}.do(t, client, edenwait.DefaultBaseURL)
	if err := json.Unmarshal(body, &page); err != nil {
		t.Fatal(err)
	}
	if page.Page != contract.defaults["page"] || page.Limit != contract.defaults["limit"] || page.Limit != 100 || page.Page != 1 {
		t.Errorf("edentest answers with page %d of %d jobs, the document says %v", page.Page, page.Limit, contract.defaults)
	}
}
