package edenwait_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
)

// renders is a Source: it asks another API, whose jobs are called renders, have
// a state in capitals and a URL for an output. Asking again, pacing, and telling
// what concerns one job from what concerns all is left to the Waiter.
type renders struct {
	client *http.Client
	url    string
}

// Get asks once. It maps what it is answered onto a Job, and what goes wrong
// onto errors whose meaning the Waiter knows; any other error is asked again.
func (s *renders) Get(ctx context.Context, id string) (*edenwait.Job, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/renders/"+id, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err // the network's trouble passes
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		// An APIError is judged by its status: 401, 402 and 403 end the batch, 429
		// slows it, 404 and other 4xx end this job, 5xx is asked again.
		return nil, &edenwait.APIError{StatusCode: resp.StatusCode, Asked: req.Method + " " + req.URL.Path}
	}
	var render struct {
		State, Video, Reason string
	}
	if err := json.NewDecoder(resp.Body).Decode(&render); err != nil {
		return nil, err // half an answer: the next one may be whole
	}

	job := &edenwait.Job{ID: id, Provider: "renders"}
	switch render.State {
	case "QUEUED", "RUNNING":
		job.Status = edenwait.StatusProcessing
	case "COMPLETED":
		job.Status = edenwait.StatusSuccess
		job.Output, err = json.Marshal(render.Video)
	case "FAILED":
		job.Status = edenwait.StatusFail
		job.Error = &edenwait.JobError{Message: render.Reason}
	case "PLAN_EXPIRED":
		// This API says so with a 200. What matters is what an error matches.
		return nil, fmt.Errorf("renders: the plan has expired: %w", edenwait.ErrPaymentRequired)
	default:
		// Passed on as it stands: the Waiter ends such a wait with an
		// UnexpectedStatusError, which is louder than to wait for ever.
		job.Status = edenwait.Status(render.State)
	}
	return job, err
}

// Wait for the jobs of another API. All that a Waiter needs is a Source, which
// is one method, and ids that are UUIDs.
func ExampleSource() {
	// The other API: whatever is asked about is running at first.
	asked := map[string]int{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /renders/{id}", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		switch asked[id]++; {
		case asked[id] == 1:
			fmt.Fprint(w, `{"state":"RUNNING"}`)
		case strings.HasPrefix(id, "a"):
			fmt.Fprint(w, `{"state":"COMPLETED","video":"https://example.com/a.mp4"}`)
		default:
			fmt.Fprint(w, `{"state":"FAILED","reason":"the scene is empty"}`)
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	waiter, err := edenwait.New(edenwait.Config{
		Source:      &renders{client: server.Client(), url: server.URL},
		Rate:        100, // what this API allows
		MaxInFlight: 1,   // and all at once that it bears
		BackOff:     func() backoff.BackOff { return backoff.NewConstantBackOff(20 * time.Millisecond) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	results, _ := waiter.WaitAll(context.Background(), []string{
		"aaaaaaaa-0000-4000-8000-000000000001",
		"bbbbbbbb-0000-4000-8000-000000000002",
	})
	for _, r := range results {
		if r.Err != nil {
			fmt.Println(r.Err)
			continue
		}
		fmt.Printf("%s %s after %d polls\n", r.Job.Status, r.Job.Output, r.Polls)
	}
	// Output:
	// success "https://example.com/a.mp4" after 2 polls
	// edenwait: job bbbbbbbb-0000-4000-8000-000000000002 failed at renders: "the scene is empty"
}
