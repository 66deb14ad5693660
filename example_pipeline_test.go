package edenwait_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// received ranges over a channel until it is closed or ctx ends. A plain range
// over the channel would not do: AsCompleted reads ids in a goroutine that would
// then wait forever for a stage that has already gone.
func received[T any](ctx context.Context, from <-chan T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			select {
			case <-ctx.Done():
				return
			case v, open := <-from:
				if !open || !yield(v) {
					return
				}
			}
		}
	}
}

// send sends unless ctx ends first, so that no stage blocks on one that failed.
func send[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pipeline submits files, waits, and counts the words of the transcripts: three
// stages at once, joined by channels. The first stage is still submitting while
// the second waits and the third works on what has ended. An error in any of
// them ends all.
func pipeline(ctx context.Context, waiter *edenwait.Waiter, files []string, submit func(ctx context.Context, file string) (id string, err error)) (words int, err error) {
	group, ctx := errgroup.WithContext(ctx)

	ids := make(chan string)
	group.Go(func() error {
		defer close(ids) // tells AsCompleted that there is no more to come
		for _, file := range files {
			id, err := submit(ctx, file)
			if err != nil {
				return err
			}
			if err := send(ctx, ids, id); err != nil {
				return err
			}
		}
		return nil
	})

	jobs := make(chan *edenwait.Job)
	group.Go(func() error {
		defer close(jobs)
		for r := range waiter.AsCompleted(ctx, received(ctx, ids)) {
			if r.Err != nil {
				// Or send it on, where a failed job should not stop the others.
				return r.Err
			}
			if err := send(ctx, jobs, r.Job); err != nil {
				return err
			}
		}
		// When ctx ends, ids that were not taken in yet have no Result: from here
		// that looks as if there had been no more.
		return ctx.Err()
	})

	group.Go(func() error {
		for job := range received(ctx, jobs) {
			var out struct{ Words []string }
			if err := job.Decode(&out); err != nil {
				return err
			}
			words += len(out.Words)
		}
		return ctx.Err()
	})

	err = group.Wait()
	return words, err
}

// submitter submits through the Waiter's Transport, so that submits and polls share
// the account's limit. It has no http.Client.Timeout, which would count the time in
// line for a turn: ctx bounds the whole, and ResponseHeaderTimeout of the transport
// below bounds a silent server.
type submitter struct {
	client *http.Client
	token  string
}

// submit tries again after a 429 only, since any other failure may have been billed.
// It goes through the Transport again, so each try takes a turn.
func (s *submitter) submit(ctx context.Context, file string) (id string, err error) {
	for {
		id, status, err := s.post(ctx, file)
		if err != nil || status == http.StatusAccepted {
			return id, err
		}
		if status != http.StatusTooManyRequests {
			return "", fmt.Errorf("submit of %s: status %d", file, status)
		}
	}
}

func (s *submitter) post(ctx context.Context, file string) (id string, status int, err error) {
	body, err := json.Marshal(map[string]any{
		"model": "audio/speech_to_text_async/deepgram",
		"input": map[string]string{"file": "https://files.example/" + file},
	})
	if err != nil {
		return "", 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, edenwait.DefaultBaseURL+"/v3/universal-ai/async", bytes.NewReader(body))
	if err != nil {
		return "", 0, err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		return "", resp.StatusCode, nil
	}
	var job edenwait.Job
	err = json.NewDecoder(resp.Body).Decode(&job)
	return job.ID, resp.StatusCode, err
}

// Submit, wait and work on the results at the same time, in stages that are
// joined by channels. Submits take their turns from the Waiter's Transport.
func ExampleWaiter_AsCompleted_pipeline() {
	api := edentest.New(edentest.Options{Rate: 1000, OnSubmit: func(edentest.Submission) edentest.Script {
		return edentest.Script{Output: json.RawMessage(`{"words":["to","be","or","not"]}`)}
	}})
	fake := api.Client()
	waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: fake, Rate: 1000})
	if err != nil {
		fmt.Println(err)
		return
	}
	// For the real API, see the example of Transport.
	submits := &submitter{client: &http.Client{Transport: waiter.Transport(fake.Transport)}, token: edentest.DefaultToken}

	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	files := []string{"one.mp3", "two.mp3", "three.mp3", "four.mp3", "five.mp3"}
	words, err := pipeline(ctx, waiter, files, submits.submit)
	fmt.Println(words, err)
	fmt.Println(waiter.Stats().Own, "submits,", api.Stats().RateLimited, "refused by the rate limit")
	// Output:
	// 20 <nil>
	// 5 submits, 0 refused by the rate limit
}
