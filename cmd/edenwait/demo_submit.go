package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/edenwait/edenwait/edentest"
)

// demoModels are the models of the demo's jobs, in turn.
var demoModels = []string{
	"audio/speech_to_text_async/deepgram",
	"ocr/ocr_async/mistral",
	"audio/speech_to_text_async/openai/whisper-1",
	"video/generation_async/minimax",
	"web/crawl_async/firecrawl",
}

// script decides how a job ends. It is the same in both accounts, whatever the order of
// the submits.
func (d *demo) script(s edentest.Submission) edentest.Script {
	var input struct{ File uint64 }
	if err := json.Unmarshal(s.Input, &input); err != nil {
		return edentest.Script{Status: "fail"}
	}
	rng := rand.New(rand.NewPCG(d.seed, input.File))
	script := edentest.Script{
		After: d.runs.Draw(rng),
		Cost:  fmt.Appendf(nil, `"0.%04d"`, 1+rng.IntN(999)),
	}
	if rng.Float64() < demoFails {
		script.Status, script.Cost = "fail", []byte(`"0"`)
	}
	return script
}

// submitBoth submits the same jobs to both accounts.
func submitBoth(ctx context.Context, jobs int, clients ...*client) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, r := range clients {
		group.Go(func() (err error) {
			r.ids, err = submitAll(ctx, r.server, jobs)
			return err
		})
	}
	return group.Wait()
}

// submitAll submits the jobs, several at the same time, since a round trip takes longer
// than the pause between two submits.
func submitAll(ctx context.Context, server *edentest.Server, jobs int) ([]string, error) {
	ids := make([]string, jobs)
	pace := rate.NewLimiter(demoSubmits, 1)
	group, ctx := errgroup.WithContext(ctx)
	for i := range ids {
		if err := pace.Wait(ctx); err != nil {
			group.Go(func() error { return err })
			break
		}
		group.Go(func() (err error) {
			// On a busy machine some submits get a 429. A submit with a 429 made no job,
			// so a retry cannot make two.
			for {
				ids[i], err = submit(ctx, server, i)
				if !errors.Is(err, errRefused) {
					return err
				}
				if err := pace.Wait(ctx); err != nil {
					return err
				}
			}
		})
	}
	return ids, group.Wait()
}

var errRefused = errors.New("over the rate limit")

// submit posts one job, as any program would.
func submit(ctx context.Context, server *edentest.Server, number int) (id string, err error) {
	body := fmt.Sprintf(`{"model":%q,"input":{"file":%d}}`, demoModels[number%len(demoModels)], number)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/v3/universal-ai/async", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+edentest.DefaultToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := server.Client().Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		return "", errRefused
	}
	if resp.StatusCode != http.StatusAccepted {
		return "", fmt.Errorf("submit: HTTP %d: %s", resp.StatusCode, answer)
	}
	var job struct {
		ID string `json:"public_id"`
	}
	if err := json.Unmarshal(answer, &job); err != nil {
		return "", fmt.Errorf("submit: %w", err)
	}
	return job.ID, nil
}
