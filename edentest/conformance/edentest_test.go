package conformance

import (
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// scripts are the forms in which a job's end can come.
var scripts = map[string]edentest.Script{
	"default":          {},
	"fail":             {Status: "fail"},
	"error as object":  {Status: "fail", Error: json.RawMessage(`{"message":"no","error_code":"E1"}`)},
	"error as message": {Status: "fail", Error: json.RawMessage(`{"message":"no"}`)},
	"error as string":  {Status: "fail", Error: json.RawMessage(`"no"`)},
	"cost as number":   {Cost: json.RawMessage(`0.1`)},
	"cost as string":   {Cost: json.RawMessage(`"12.30"`)},
	"with model":       {Model: "nova-3", OriginalResponse: json.RawMessage(`{"a":[1]}`)},
	"output null":      {Output: json.RawMessage(`null`)},
	"output string":    {Output: json.RawMessage(`"s"`)},
	"created at +00":   {CreatedAt: "2026-01-02T03:04:05.000006+00:00"},
	"created at Z":     {CreatedAt: "2026-01-02T03:04:05Z"},
}

// Every job of edentest, scripted or drawn, keeps to the contract and is read by
// Poller with nothing lost.
func TestPollerReadsJobs(t *testing.T) {
	contract := readContract(t)
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Rate: -1})
		client, _ := contract.client(t, api.Client().Transport)
		poller, err := edenwait.NewPoller(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: client})
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]string{}
		for name, s := range scripts {
			s.After = time.Minute
			names[api.Submit(s)] = name
		}
		for _, id := range api.SubmitAll(200, edentest.Workload{Durations: edentest.Fixed(time.Minute), FailureRate: 0.3}) {
			names[id] = "drawn"
		}
		for range 2 { // while they run, then after their end
			for id, name := range names {
				job, err := poller.Get(t.Context(), id)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				after := time.Since(api.Requests()[0].Time) >= time.Minute
				if job.ID != id || job.Status.Done() != after || job.Cost == "" || job.CreatedAt.IsZero() ||
					job.Feature == "" || job.Subfeature == "" || job.Provider == "" || (job.Error != nil) != (job.Status == edenwait.StatusFail) {
					t.Errorf("%s reads as %+v", name, job)
				}
			}
			page, err := poller.List(t.Context(), edenwait.ListQuery{Limit: 1000})
			if err != nil {
				t.Fatal(err)
			}
			if page.Total != len(names) || len(page.Items) != len(names) || page.Page != 1 || page.Limit != 1000 || page.TotalPages != 1 {
				t.Errorf("the list reads as %d items, %+v", len(page.Items), page)
			}
			for _, item := range page.Items {
				if names[item.ID] == "" || item.Status == "" || item.Feature == "" || item.Subfeature == "" || item.Provider == "" || item.CreatedAt.IsZero() {
					t.Errorf("an item of the list reads as %+v", item)
				}
			}
			time.Sleep(time.Minute)
		}
	})
}

// A short job may have ended before its POST is answered for; that answer keeps
// to the contract too, and reads as the job.
func TestEndedWhenSubmitted(t *testing.T) {
	contract := readContract(t)
	for name, s := range scripts {
		api := edentest.New(edentest.Options{OnSubmit: func(edentest.Submission) edentest.Script { return s }})
		client, _ := contract.client(t, api.Client().Transport)
		body := call{"POST", async, "edentest", submission, 202, ""}.do(t, client, edenwait.DefaultBaseURL)
		var job edenwait.Job
		if err := json.Unmarshal(body, &job); err != nil {
			t.Errorf("%s: %v in %s", name, err, body)
		}
		want := edenwait.StatusSuccess
		if s.Status != "" {
			want = edenwait.Status(s.Status)
		}
		if job.Status != want || job.ID == "" || job.Cost == "" || (job.Error != nil) != (want == edenwait.StatusFail) {
			t.Errorf("%s reads as %+v", name, job)
		}
	}
}

// Every error of edentest reaches the caller of Poller as what it is.
func TestPollerReadsErrors(t *testing.T) {
	contract := readContract(t)
	api := edentest.New(edentest.Options{Rate: 1e-9, Burst: 2, RetryAfter: 3 * time.Second})
	client, _ := contract.client(t, api.Client().Transport)
	ask := func(key, id string) error {
		poller, err := edenwait.NewPoller(edenwait.Config{Token: key, HTTPClient: client})
		if err != nil {
			t.Fatal(err)
		}
		_, err = poller.Get(t.Context(), id)
		return err
	}
	if err := ask("guess", unknown); !errors.Is(err, edenwait.ErrUnauthorized) {
		t.Errorf("wrong key: %v", err)
	}
	if err := ask(edentest.DefaultToken, unknown); !errors.Is(err, edenwait.ErrNotFound) {
		t.Errorf("unknown job: %v", err)
	}
	if err := ask(edentest.DefaultToken, "42"); !errors.Is(err, edenwait.ErrInvalidID) {
		t.Errorf("no id: %v", err)
	}
	if id := api.Submit(edentest.Script{}); ask(edentest.DefaultToken, id) != nil {
		t.Errorf("within the limit: an error")
	}
	err := ask(edentest.DefaultToken, unknown)
	var apiErr *edenwait.APIError
	if !errors.Is(err, edenwait.ErrRateLimited) || !errors.As(err, &apiErr) || apiErr.RetryAfter != 3*time.Second {
		t.Errorf("beyond the limit: %v", err)
	}
}
