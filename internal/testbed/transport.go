package testbed

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// RoundTrip is an http.RoundTripper of one function.
type RoundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f RoundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Answering is a client whose every answer is this one.
func Answering(status int, header http.Header, body string) *http.Client {
	return &http.Client{Transport: RoundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header.Clone(), Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1, Request: r}, nil
	})}
}

// Submit posts a job through the client, and returns its id. Its webhooks go to the
// receiver, if there is one.
func Submit(ctx context.Context, client *http.Client, host, receiver string) (id string, status int, err error) {
	body := `{"model":"audio/speech_to_text_async/deepgram","input":{"file":"https://example.com/a.mp3"}}`
	if receiver != "" {
		body = body[:len(body)-1] + `,"webhook_receiver":"` + receiver + `"}`
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, host+"/v3/universal-ai/async", strings.NewReader(body))
	if err != nil {
		return "", 0, err
	}
	req.Header.Set("Authorization", "Bearer "+edentest.DefaultToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusAccepted {
		return "", resp.StatusCode, err
	}
	var job edenwait.Job
	err = job.UnmarshalJSON(answer)
	return job.ID, resp.StatusCode, err
}
