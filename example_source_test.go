package edenwait_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
)

// renders is a Source for another API. Its jobs are called renders, and have a state
// in capitals and a URL for an output. The Waiter does the rest: it retries, paces
// the requests, and knows which errors concern one job and which concern all.
type renders struct {
	client *http.Client
	url    string
}

// Get sends one request. It maps the answer to a Job, and failures to errors that the
// Waiter knows. Any other error is retried. The time is bounded here, since a Waiter sets
// no deadline.
func (s *renders) Get(ctx context.Context, id string) (*edenwait.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/renders/"+id, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err // the network: retried
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		// The status of an APIError decides: 401, 402 and 403 end all calls, 429 slows
		// them, 400, 404, 410 and 422 end this job, and others are retried.
		// RetryAfter is honored. This API sends whole seconds; others send a date.
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return nil, &edenwait.APIError{
			StatusCode: resp.StatusCode,
			RetryAfter: time.Duration(seconds) * time.Second,
			Op:         "GET /renders/{job_id}",
		}
	}
	var render struct {
		State, Video, Reason string
	}
	if err := json.NewDecoder(resp.Body).Decode(&render); err != nil {
		return nil, err // a truncated answer: retried
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
		// This API says so with a 200. What counts is what an error matches.
		return nil, fmt.Errorf("renders: the plan has expired: %w", edenwait.ErrPaymentRequired)
	default:
		// Passed on as it is: the Waiter ends the wait with an UnexpectedStatusError,
		// which is better than to wait forever.
		job.Status = edenwait.Status(render.State)
	}
	return job, err
}

// Wait for the jobs of another API. A Waiter needs a Source, which is one method, and
// ids that are UUIDs.
func ExampleSource() {
	// The other API: each job is running at first.
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
		MaxInFlight: 1,   // and the requests at the same time that it bears
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
