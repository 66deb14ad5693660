package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/edenwait/edenwait"
	edenotel "github.com/edenwait/edenwait/otel"
)

// service submits jobs and waits for them.
type service struct {
	token     string
	waiter    *edenwait.Waiter
	client    *http.Client // for submits, which share the Waiter's budget
	telemetry *edenotel.Telemetry
}

func newService(token string, transport http.RoundTripper, meters metric.MeterProvider) (*service, error) {
	telemetry, err := edenotel.New(edenotel.Options{Name: "transcripts", MeterProvider: meters})
	if err != nil {
		return nil, err
	}
	waiter, err := edenwait.New(edenwait.Config{
		Token: token, HTTPClient: &http.Client{Transport: transport}, Trace: telemetry.Trace(),
		Hooks: edenwait.Hooks{OnSuccess: save},
	})
	if err != nil {
		return nil, errors.Join(err, telemetry.Unregister())
	}
	if err := telemetry.Observe(waiter); err != nil {
		return nil, errors.Join(err, telemetry.Unregister())
	}
	return &service{token, waiter, &http.Client{Transport: waiter.Transport(transport)}, telemetry}, nil
}

func (s *service) close() error { return s.telemetry.Unregister() }

// save stands for a database.
func save(context.Context, *edenwait.Job) error { return nil }

// providers get the jobs in turn.
var providers = []string{"deepgram", "openai"}

// work submits a job at each interval, and returns once all have ended, or ctx.
func (s *service) work(ctx context.Context, length, interval time.Duration) error {
	submits, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	for r := range s.waiter.AsCompleted(ctx, func(yield func(string) bool) {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for i := 0; ; i++ {
			id, err := s.submit(submits, providers[i%len(providers)])
			if err == nil && !yield(id) {
				return
			}
			// A submit that failed is not tried again here: it may be billed.
			select {
			case <-submits.Done():
				return
			case <-ticker.C:
			}
		}
	}) {
		var failed *edenwait.JobFailedError
		if r.Err != nil && !errors.As(r.Err, &failed) {
			return r.Err
		}
	}
	return ctx.Err()
}

// submit starts a job, and returns its id.
func (s *service) submit(ctx context.Context, provider string) (string, error) {
	body := strings.NewReader(`{"model":"audio/speech_to_text_async/` + provider + `","input":{"file":"https://files.example/a.mp3"}}`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, edenwait.DefaultBaseURL+"/v3/universal-ai/async", body)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var job struct {
		ID string `json:"public_id"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&job); err != nil || job.ID == "" {
		return "", fmt.Errorf("submit: %s, %w", resp.Status, err)
	}
	return job.ID, nil
}
