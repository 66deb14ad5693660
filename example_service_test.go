package edenwait_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// transcripts is an HTTP service: GET /transcripts/{id} answers with the text once
// the job has ended. Each request calls Wait by itself. All of them share one Waiter,
// so they share its rate limit, and a job that many clients ask for is polled once.
type transcripts struct {
	waiter *edenwait.Waiter
	// patience is how long a client is kept waiting. It must be shorter than the
	// timeouts of the proxies in between. Ten seconds or more are enough to tell an
	// unknown id from a job that still runs.
	patience time.Duration
}

func (s *transcripts) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /transcripts/{id}", s.transcript)
	return mux
}

func (s *transcripts) transcript(w http.ResponseWriter, r *http.Request) {
	// r.Context ends when the client goes away. Then this Wait gives up, and those of
	// other clients go on.
	ctx, cancel := context.WithTimeout(r.Context(), s.patience)
	defer cancel()
	job, err := s.waiter.Wait(ctx, r.PathValue("id"))
	var failed *edenwait.JobFailedError
	switch {
	case err == nil:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(job.Output)
	case errors.Is(err, edenwait.ErrInvalidID):
		http.Error(w, "malformed id", http.StatusBadRequest)
	case errors.Is(err, edenwait.ErrNotFound):
		http.Error(w, "no such job", http.StatusNotFound)
	case errors.As(err, &failed):
		http.Error(w, failed.Error(), http.StatusUnprocessableEntity)
	case ctx.Err() != nil:
		// Out of patience, or the client has gone and nobody reads this. The job still
		// runs: a later request for it is a new wait. This asks ctx, not errors.Is: an
		// error after requests that timed out matches context.DeadlineExceeded too.
		w.Header().Set("Retry-After", "1")
		http.Error(w, "still processing", http.StatusAccepted)
	default:
		// A refused key, or requests that fail. It is this service's trouble, and its
		// details are not the client's business.
		log.Print(err)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
	}
}

// Call Wait for each request of a service, with one Waiter for the whole process.
func ExampleWaiter_Wait_service() {
	api := edentest.New(edentest.Options{}) // a fake API; drop this and HTTPClient to use the real one
	id := api.Submit(edentest.Script{Output: json.RawMessage(`{"text":"Hello."}`)})
	waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: api.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	service := (&transcripts{waiter: waiter, patience: 25 * time.Second}).routes()

	for _, path := range []string{"/transcripts/" + id, "/transcripts/42"} {
		answer := httptest.NewRecorder()
		service.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		fmt.Println(answer.Code, answer.Body)
	}
	// Output:
	// 200 {"text":"Hello."}
	// 400 malformed id
}

// What a client gets for each way in which a wait can end.
func TestServiceAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		good := api.Submit(edentest.Script{After: 20 * time.Second})
		failed := api.Submit(edentest.Script{After: 10 * time.Second, Status: "fail"})
		running := api.Submit(edentest.Script{After: edentest.Never})
		const unknown = "99999999-9999-4999-8999-999999999999"
		waiter, err := edenwait.New(edenwait.Config{
			Token: edentest.DefaultToken, HTTPClient: api.Client(), RequestTimeout: time.Second, MaxErrors: 10,
		})
		if err != nil {
			t.Fatal(err)
		}
		service := (&transcripts{waiter: waiter, patience: 2 * time.Minute}).routes()
		ask := func(id string, want int) {
			answer := httptest.NewRecorder()
			service.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/transcripts/"+id, nil))
			if answer.Code != want {
				t.Errorf("job %s: %d %s, want %d", id, answer.Code, answer.Body, want)
			}
		}
		var wg sync.WaitGroup
		for id, want := range map[string]int{good: 200, failed: 422, running: 202, unknown: 404, "42": 400} {
			wg.Go(func() { ask(id, want) })
		}
		wg.Wait()

		// The API hangs. Its timeouts are not those of the client.
		api.SetFaults([]edentest.Fault{{Do: edentest.Hang()}})
		ask(running, http.StatusServiceUnavailable)
	})
}

// How many requests a busy service costs: a thousand clients wait for a hundred jobs,
// and come back until they have their text.
func TestService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients, jobs = 1000, 100
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		ids := api.SubmitAll(jobs, edentest.Workload{Durations: edentest.Uniform{Max: 3 * time.Minute}})
		waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: api.Client()})
		if err != nil {
			t.Fatal(err)
		}
		service := (&transcripts{waiter: waiter, patience: 25 * time.Second}).routes()

		var wg sync.WaitGroup
		for i := range clients {
			wg.Go(func() {
				for {
					answer := httptest.NewRecorder()
					service.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/transcripts/"+ids[i%jobs], nil))
					if answer.Code == http.StatusOK {
						return
					}
					if answer.Code != http.StatusAccepted {
						t.Errorf("client %d: %d %s", i, answer.Code, answer.Body)
						return
					}
					time.Sleep(time.Second)
				}
			})
		}
		wg.Wait()

		stats := api.Stats()
		t.Logf("%d clients of %d jobs: %d GETs and %d pages of the list", clients, jobs, stats.Gets, stats.Lists)
		if stats.RateLimited > 0 {
			t.Errorf("%d requests over the limit, want none", stats.RateLimited)
		}
		for _, id := range ids {
			ended, _ := api.EndedAt(id)
			known, _ := api.FirstSeenEnded(id)
			if lag := known.Sub(ended); lag > 15*time.Second {
				t.Errorf("job %s: its end was known after %v, want at most 15s", id, lag)
			}
		}
		if requests := stats.Gets + stats.Lists; requests > 4*jobs {
			t.Errorf("%d requests for %d jobs, want at most four per job", requests, jobs)
		}
	})
}
