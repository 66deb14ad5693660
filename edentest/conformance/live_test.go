package conformance

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// TestLive holds the live service against the contract, and against what Poller
// reads. It sends about ten requests, spaced so that the account's other users
// hardly notice, and reports every fact that differs.
func TestLive(t *testing.T) {
	key := os.Getenv("EDENAI_API_KEY")
	if key == "" {
		t.Skip("EDENAI_API_KEY is not set, so the live service was not asked; what is known to keep to the contract is edentest")
	}
	base := cmp.Or(os.Getenv("EDENAI_BASE_URL"), edenwait.DefaultBaseURL)
	facts, text := survey(t, base, key, nil, time.Second)
	t.Log(text)
	if len(facts) > 0 {
		t.Fail()
	}
}

// survey asks a service what it is like. It goes on after each difference.
func survey(t *testing.T, base, key string, next http.RoundTripper, pause time.Duration) (facts []string, text string) {
	t.Helper()
	contract := readContract(t)
	client, k := contract.client(t, next)
	k.report = &report{key: key}
	poller, err := edenwait.NewPoller(edenwait.Config{Token: key, BaseURL: base, HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	page, err := poller.List(t.Context(), edenwait.ListQuery{Limit: 3})
	switch {
	case err != nil:
		k.report.add("the job list cannot be read: %v", err)
	case len(page.Items) == 0:
		k.report.add("not known: the account has no jobs, so no job was read; submit one and run this again")
	case len(page.Items) > 3:
		k.report.add("limit=3 is answered with %d jobs", len(page.Items))
	}
	if page != nil {
		for _, item := range page.Items {
			time.Sleep(pause)
			job, err := poller.Get(t.Context(), item.ID)
			switch {
			case err != nil:
				k.report.add("a listed job cannot be read: %v", err)
			case job.ID != item.ID || job.CreatedAt.IsZero() || job.Cost == "":
				k.report.add("a listed job has its own id: %v, a time: %v, a cost: %v", job.ID == item.ID, !job.CreatedAt.IsZero(), job.Cost != "")
			case item.Status.Done() && !job.Status.Done():
				k.report.add("the list says %s of a job whose GET says %s", item.Status, job.Status)
			}
		}
	}
	time.Sleep(pause)
	if _, err := poller.List(t.Context(), edenwait.ListQuery{Status: edenwait.StatusProcessing, Limit: 1, Page: 2}); err != nil {
		k.report.add("a page far out: %v", err)
	}
	time.Sleep(pause)
	if _, err := poller.Get(t.Context(), unknown); !errors.Is(err, edenwait.ErrNotFound) {
		k.report.add("an unknown job: %v", err)
	}
	// What a program without this library might ask.
	for _, c := range []call{
		{http.MethodGet, async + "/" + unknown, key, "", 404, noJob},
		{http.MethodGet, async + "/42", key, "", 422, ""},
		{http.MethodGet, async + "?limit=1001", key, "", 422, ""},
		{http.MethodGet, async + "?page=0", key, "", 422, ""},
		{http.MethodGet, async, "", "", 403, noKey},
		{http.MethodGet, async, "no-such-key", "", 401, wrongKey},
	} {
		time.Sleep(pause)
		c.compare(t, client, base, k.report)
	}
	return k.report.facts, k.report.text(base, k.seen)
}

// compare makes the call, and reports how its answer differs.
func (c call) compare(t *testing.T, client *http.Client, base string, to *report) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), c.method, base+c.path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	who := map[string]string{"": ", without a key", "no-such-key": ", with a wrong key"}[c.key]
	resp, err := client.Do(req)
	if err != nil {
		to.add("%s %s%s: %v", c.method, c.path, who, err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1000))
	switch {
	case err != nil:
		to.add("%s %s%s: %v", c.method, c.path, who, err)
	case resp.StatusCode != c.status:
		to.add("%s %s%s is answered %d, and not %d", c.method, c.path, who, resp.StatusCode, c.status)
	case c.answer != "" && strings.TrimSpace(string(body)) != c.answer: // an error, which has no output
		to.add("%s %s%s is answered %s, and not %s", c.method, c.path, who, body, c.answer)
	}
}

// TestReport: each difference is in the report, and the key, ids and outputs are not.
func TestReport(t *testing.T) {
	const key = "key-0123456789abcdef"
	secret := strings.Repeat("an output ", 10)
	for name, test := range map[string]struct {
		faults []edentest.Fault
		says   []string
	}{
		"as documented": {nil, nil},
		"no list":       {[]edentest.Fault{{On: edentest.List, Do: edentest.Status(405, `{"detail":"Method Not Allowed"}`, nil)}}, []string{"the job list cannot be read", "is answered 405, and not 422"}},
		"other words":   {[]edentest.Fault{{On: edentest.Get, Do: edentest.Status(404, `{"detail":"gone for good"}`, nil)}}, []string{"a listed job cannot be read", "gone for good", "is answered 404, and not 422"}},
		"another shape": {[]edentest.Fault{{On: edentest.Get, Do: edentest.Edit("cost", func(_ edentest.Request, ans *edentest.Answer) {
			ans.Body = []byte(strings.ReplaceAll(string(ans.Body), `"cost":`, `"price":`))
		})}}, []string{"it breaks the contract", "a cost: false"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := edentest.Start(edentest.Options{Token: key, Rate: -1, Faults: test.faults})
			defer server.Close()
			id := server.Submit(edentest.Script{Output: []byte(`"` + secret + `"`)})
			facts, text := survey(t, server.URL, key, server.Client().Transport, 0)
			if (len(facts) == 0) != (len(test.says) == 0) {
				t.Error(text)
			}
			for _, says := range test.says {
				if !strings.Contains(text, says) {
					t.Errorf("%q is not in\n%s", says, text)
				}
			}
			for _, hidden := range []string{key, id, "an output"} {
				if strings.Contains(text, hidden) {
					t.Errorf("%q is in\n%s", hidden, text)
				}
			}
		})
	}
}
