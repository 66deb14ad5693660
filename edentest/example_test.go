package edentest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// get asks for path with the key that an API accepts by default.
func get(client *http.Client, url string) (status int, body string, err error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer "+edentest.DefaultToken)
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

const endpoint = "https://api.edenai.run/v3/universal-ai/async"

// TestPollLoop is the test that the package comment shows; keep them alike.
func TestPollLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: 40 * time.Millisecond})
		id := api.Submit(edentest.Script{After: time.Hour, Output: json.RawMessage(`{"text":"hello"}`)})

		text, err := waitFor(api.Client(), "https://api.edenai.run", id)
		if err != nil || text != "hello" {
			t.Errorf("waitFor = %q, %v, want hello", text, err)
		}
		ended, _ := api.EndedAt(id)
		if late := time.Since(ended); late > 10*time.Second {
			t.Errorf("%v late, after %d requests", late, api.Stats().Gets)
		}
	})
}

// waitFor is a poll loop as a user of the API might have it.
func waitFor(client *http.Client, base, id string) (string, error) {
	for ; ; time.Sleep(5 * time.Second) {
		status, body, err := get(client, base+"/v3/universal-ai/async/"+id)
		if err != nil || status != http.StatusOK {
			return "", fmt.Errorf("status %d: %w", status, err)
		}
		var job struct {
			Status string
			Output struct{ Text string }
		}
		if err := json.Unmarshal([]byte(body), &job); err != nil || job.Status == "success" {
			return job.Output.Text, err
		}
	}
}

func ExampleStart() {
	server := edentest.Start(edentest.Options{})
	defer server.Close()
	id := server.Submit(edentest.Script{Status: "fail", Error: json.RawMessage(`"Unsupported media"`)})

	status, body, err := get(server.Client(), server.URL+"/v3/universal-ai/async/"+id)
	if err != nil {
		fmt.Println(err)
		return
	}
	var job struct{ Status, Error string }
	if err := json.Unmarshal([]byte(body), &job); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(status, job.Status, job.Error)
	// Output: 200 fail Unsupported media
}

func ExampleAPI_SubmitAll() {
	api := edentest.New(edentest.Options{Seed: 7})
	ids := api.SubmitAll(1000, edentest.Workload{
		Durations:   edentest.Lognormal{Median: time.Minute, Sigma: 1, Cap: 20 * time.Minute},
		FailureRate: 0.1,
	})
	fmt.Println(len(ids))

	_, body, err := get(api.Client(), endpoint+"?status=processing&limit=1")
	if err != nil {
		fmt.Println(err)
		return
	}
	var page struct {
		Items      []struct{ Status string }
		Total      int
		TotalPages int `json:"total_pages"`
	}
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(page.Items[0].Status, page.Total, page.TotalPages)
	// Output:
	// 1000
	// processing 1000 1000
}

func ExampleFault() {
	api := edentest.New(edentest.Options{Faults: []edentest.Fault{
		{On: edentest.Get, Times: 2, Do: edentest.Status(503, "", nil)},
	}})
	id := api.Submit(edentest.Script{})
	client := api.Client()
	for range 3 {
		status, _, err := get(client, endpoint+"/"+id)
		fmt.Println(status, err)
	}
	for _, r := range api.Requests() {
		fmt.Printf("%v %d %q\n", r.Kind, r.Status, r.Fault)
	}
	// Output:
	// 503 <nil>
	// 503 <nil>
	// 200 <nil>
	// get 503 "status 503"
	// get 503 "status 503"
	// get 200 ""
}

func ExampleEdit() {
	noTotal := edentest.Edit("no total", func(_ edentest.Request, ans *edentest.Answer) {
		ans.Body = []byte(`{"items":[]}`)
	})
	api := edentest.New(edentest.Options{Faults: []edentest.Fault{{On: edentest.List, Do: noTotal}}})
	_, body, err := get(api.Client(), endpoint)
	fmt.Println(body, err)
	// Output: {"items":[]} <nil>
}

// A Waiter of package edenwait against an API in memory. Under testing/synctest,
// the jobs could as well run for hours.
func Example_waiter() {
	api := edentest.New(edentest.Options{})
	ids := []string{
		api.Submit(edentest.Script{Output: json.RawMessage(`"one"`)}),
		api.Submit(edentest.Script{Status: "fail", Error: json.RawMessage(`"no speech found"`)}),
	}
	waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: api.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, id := range ids {
		job, err := waiter.Wait(context.Background(), id)
		fmt.Printf("%s %q %v\n", job.Status, job.Output, err != nil)
	}
	// Output:
	// success "\"one\"" false
	// fail "" true
}

func ExampleStartTLS() {
	api := edentest.StartTLS(edentest.Options{})
	defer api.Close()
	resp, err := api.Client().Get(api.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Proto, resp.Status)
	// Output: HTTP/2.0 404 Not Found
}

func ExampleWebhooks() {
	deliveries := make(chan edentest.Delivery, 1)
	api := edentest.New(edentest.Options{Webhooks: &edentest.Webhooks{
		All:     true,
		Deliver: func(d edentest.Delivery) { deliveries <- d },
	}})
	defer api.Close()
	api.Submit(edentest.Script{Output: json.RawMessage(`{"text":"hello"}`)})

	var event struct{ Event, Status, Output json.RawMessage }
	if err := json.Unmarshal((<-deliveries).Body, &event); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s %s %s\n", event.Event, event.Status, event.Output)
	// Output: "async_job_completed" "success" {"text":"hello"}
}
