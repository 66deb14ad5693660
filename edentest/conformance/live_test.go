package conformance

import (
	"cmp"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/edenwait/edenwait"
)

// TestLive holds the live service against the contract, and against what Poller
// reads. It sends about ten requests, spaced so that the account's other users
// hardly notice.
func TestLive(t *testing.T) {
	key := os.Getenv("EDENAI_API_KEY")
	if key == "" {
		t.Skip("EDENAI_API_KEY is not set, so the live service was not asked; what is known to keep to the contract is edentest")
	}
	base := cmp.Or(os.Getenv("EDENAI_BASE_URL"), edenwait.DefaultBaseURL)
	contract := readContract(t)
	client, k := contract.client(t, nil)
	poller, err := edenwait.NewPoller(edenwait.Config{Token: key, BaseURL: base, HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	breathe := func() { time.Sleep(time.Second) }

	page, err := poller.List(t.Context(), edenwait.ListQuery{Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range page.Items {
		breathe()
		job, err := poller.Get(t.Context(), item.ID)
		if err != nil {
			t.Errorf("a listed job: %v", err)
			continue
		}
		if job.ID != item.ID || job.CreatedAt.IsZero() || job.Cost == "" {
			t.Errorf("a listed job reads as id %s, created %v, cost %q", job.ID, job.CreatedAt, job.Cost)
		}
	}
	breathe()
	if _, err := poller.List(t.Context(), edenwait.ListQuery{Status: edenwait.StatusProcessing, Limit: 1, Page: 2}); err != nil {
		t.Errorf("a page far out: %v", err)
	}
	breathe()
	if _, err := poller.Get(t.Context(), unknown); !errors.Is(err, edenwait.ErrNotFound) {
		t.Errorf("an unknown job: %v", err)
	}
	// What a program without this library might ask.
	for _, c := range []call{
		{http.MethodGet, async + "/42", key, "", 422, ""},
		{http.MethodGet, async + "?limit=1001", key, "", 422, ""},
		{http.MethodGet, async + "?page=0", key, "", 422, ""},
		{http.MethodGet, async, "", "", 403, ""},
	} {
		breathe()
		c.do(t, client, base)
	}
	t.Logf("%s was asked: %v", base, k.seen)
}
