package edentest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

// A door is one way in to an API.
type door struct {
	*edentest.API
	client *http.Client
	base   string
	memory bool
}

// throughBoth runs f behind either door: in memory within a bubble, and over
// loopback by the wall clock, with HTTP/1.1 and with HTTP/2.
func throughBoth(t *testing.T, opts edentest.Options, f func(*testing.T, *door)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			api := edentest.New(opts)
			f(t, &door{api, api.Client(), "https://api.edenai.run", true})
		})
	})
	t.Run("loopback", func(t *testing.T) {
		server := edentest.Start(opts)
		defer server.Close()
		f(t, &door{server.API, server.Client(), server.URL, false})
	})
	t.Run("http2", func(t *testing.T) {
		server := edentest.StartTLS(opts)
		defer server.Close()
		f(t, &door{server.API, server.Client(), server.URL, false})
	})
}

// inMemory runs f within a bubble.
func inMemory(t *testing.T, opts edentest.Options, f func(*testing.T, *door)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(opts)
		f(t, &door{api, api.Client(), "https://api.edenai.run", true})
	})
}

const async = "/v3/universal-ai/async"

// send makes a request with the given key ("" for none; with a scheme, if not
// Bearer) and does not fail the
// test when it fails.
func (d *door) send(ctx context.Context, method, path, key, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, d.base+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	switch {
	case strings.Contains(key, " "):
		req.Header.Set("Authorization", key)
	case key != "":
		req.Header.Set("Authorization", "Bearer "+key)
	}
	return d.client.Do(req)
}

// do makes a request and returns its status and body.
func (d *door) do(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	resp, err := d.send(t.Context(), method, path, edentest.DefaultToken, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: reading the body: %v", method, path, err)
	}
	return resp.StatusCode, string(b)
}

func (d *door) get(t *testing.T, id string) (int, string) {
	t.Helper()
	return d.do(t, http.MethodGet, async+"/"+id, "")
}

type job struct {
	ID         string `json:"public_id"`
	Status     string
	Cost       json.RawMessage
	Feature    string
	Subfeature string
	Provider   string
	Model      *string
	CreatedAt  string `json:"created_at"`
	Output     json.RawMessage
	Original   json.RawMessage `json:"original_response"`
	Error      json.RawMessage
}

type page struct {
	Items      []job
	Total      int
	Page       int
	Limit      int
	TotalPages int `json:"total_pages"`
}

func (d *door) job(t *testing.T, id string) job {
	t.Helper()
	status, body := d.get(t, id)
	if status != http.StatusOK {
		t.Fatalf("GET %s = %d %s, want 200", id, status, body)
	}
	return decode[job](t, body)
}

func (d *door) list(t *testing.T, query string) page {
	t.Helper()
	status, body := d.do(t, http.MethodGet, async+query, "")
	if status != http.StatusOK {
		t.Fatalf("list %s = %d %s, want 200", query, status, body)
	}
	return decode[page](t, body)
}

func (p page) ids() []string {
	ids := make([]string, len(p.Items))
	for i, item := range p.Items {
		ids[i] = item.ID
	}
	return ids
}

func decode[T any](t *testing.T, body string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}

// sleep is for bubbles only.
func (d *door) sleep(t *testing.T, pause time.Duration) {
	t.Helper()
	if !d.memory {
		t.Fatal("a test over loopback must not sleep")
	}
	time.Sleep(pause)
}

func copyAll(b *strings.Builder, body io.ReadCloser) (int64, error) {
	defer body.Close()
	return io.Copy(b, body)
}
