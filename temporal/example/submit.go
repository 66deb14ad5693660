package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/edenwait/edenwait"
)

const (
	submitName = "submit"
	endpoint   = "/v3/universal-ai/async"
	refusals   = 5
)

// submitter posts jobs. Its client draws from the leader's rate limit.
type submitter struct {
	client     *http.Client
	base, key  string
	afterLimit time.Duration
}

// submit posts one job, and returns its id. Only a 429 is tried again: any other answer
// may have been billed.
func (s submitter) submit(ctx context.Context, file string) (string, error) {
	body, err := json.Marshal(map[string]any{
		"model": "audio/speech_to_text_async/deepgram",
		"input": map[string]string{"file": file},
	})
	if err != nil {
		return "", err
	}
	for range refusals {
		id, again, err := s.post(ctx, body)
		if !again {
			return id, err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(s.afterLimit):
		}
	}
	return "", edenwait.ErrRateLimited
}

// post sends one request. It reports whether it was refused with 429.
func (s submitter) post(ctx context.Context, body []byte) (id string, again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+endpoint, bytes.NewReader(body))
	if err != nil {
		return "", false, err
	}
	request.Header.Set("Authorization", "Bearer "+s.key)
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return "", false, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusTooManyRequests {
		return "", true, nil
	}
	if response.StatusCode/100 != 2 {
		return "", false, fmt.Errorf("POST %s: %s", endpoint, response.Status)
	}
	var job struct {
		ID string `json:"public_id"`
	}
	err = json.NewDecoder(response.Body).Decode(&job)
	return job.ID, false, err
}
