package edenwait_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// subtitler is a pipeline as a user of this library may have one: it submits a
// film for transcription and waits for the text. It takes an *http.Client, so a test
// can replace the real API by a fake one.
type subtitler struct {
	client *http.Client
	token  string
	waiter *edenwait.Waiter
}

func newSubtitler(client *http.Client, token string) (*subtitler, error) {
	waiter, err := edenwait.New(edenwait.Config{HTTPClient: client, Token: token})
	return &subtitler{client: client, token: token, waiter: waiter}, err
}

// subtitle returns the text of each film whose job succeeded, by its URL, and an
// error if there were others.
func (s *subtitler) subtitle(ctx context.Context, films []string) (map[string]string, error) {
	ids := make([]string, len(films))
	for i, film := range films {
		var err error
		if ids[i], err = s.submit(ctx, film); err != nil {
			return nil, err
		}
	}
	results, err := s.waiter.WaitAll(ctx, ids)
	texts := map[string]string{}
	for i, r := range results {
		var out struct{ Text string }
		if r.Err != nil {
			continue // it is in err
		}
		if decodeErr := r.Job.Decode(&out); decodeErr != nil {
			err = errors.Join(err, decodeErr)
			continue
		}
		texts[films[i]] = out.Text
	}
	return texts, err
}

// submit does not try again: a submit that was sent twice is billed twice.
func (s *subtitler) submit(ctx context.Context, film string) (id string, err error) {
	body := fmt.Sprintf(`{"model":"audio/speech_to_text_async/deepgram","input":{"file":%q}}`, film)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, edenwait.DefaultBaseURL+"/v3/universal-ai/async", strings.NewReader(body))
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
	if resp.StatusCode != http.StatusAccepted {
		return "", fmt.Errorf("submit of %s: %s", film, resp.Status)
	}
	var job edenwait.Job
	err = json.NewDecoder(resp.Body).Decode(&job)
	return job.ID, err
}

// How to test a pipeline of one's own: in a synctest bubble, against the API in
// memory. Its hour passes in milliseconds, with an outage in the middle of it.
func TestSubtitler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Made inside the bubble, so that it lives by the bubble's clock.
		api := edentest.New(edentest.Options{
			Latency: 40 * time.Millisecond,
			OnSubmit: func(s edentest.Submission) edentest.Script {
				if strings.Contains(string(s.Input), "silent.mp4") {
					return edentest.Script{After: time.Minute, Status: "fail", Error: json.RawMessage(`"No speech found"`)}
				}
				return edentest.Script{After: time.Hour, Output: json.RawMessage(`{"text":"Rosebud."}`)}
			},
			Faults: []edentest.Fault{
				{On: edentest.Get | edentest.List, From: 20 * time.Minute, Until: 25 * time.Minute, Do: edentest.Status(503, "", nil)},
			},
		})
		pipeline, err := newSubtitler(api.Client(), edentest.DefaultToken)
		if err != nil {
			t.Fatal(err)
		}

		texts, err := pipeline.subtitle(t.Context(), []string{"kane.mp4", "silent.mp4"})

		var failed *edenwait.JobFailedError
		if !errors.As(err, &failed) || failed.Job.Error.Message != "No speech found" {
			t.Errorf("the error is %v, want that of the silent film", err)
		}
		if len(texts) != 1 || texts["kane.mp4"] != "Rosebud." {
			t.Errorf("texts are %q, want that of kane.mp4 alone", texts)
		}

		// What it cost to get there is on the API's side of the wire.
		stats := api.Stats()
		if stats.Submits != 2 {
			t.Errorf("%d submits, want each film's only one", stats.Submits)
		}
		if stats.RateLimited > 0 || stats.Faults == 0 {
			t.Errorf("%d requests over the limit, want none; %d met the outage, want some", stats.RateLimited, stats.Faults)
		}
		for _, r := range api.Requests() {
			if r.Kind != edentest.Submit {
				continue
			}
			ended, _ := api.EndedAt(r.JobID)
			learnt, asked := api.FirstSeenEnded(r.JobID)
			if late := learnt.Sub(ended); !asked || late > 15*time.Second {
				t.Errorf("job %s: its end was learnt %v late, want at most 15s", r.JobID, late)
			}
		}
	})
}
