package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	edentemporal "github.com/edenwait/edenwait/temporal"
)

// The workflow, with a leader's activities that a test can have without a server.
func TestTranscribe(t *testing.T) {
	api := edentest.Start(edentest.Options{Workload: edentest.Workload{Durations: edentest.Fixed(0)}})
	defer api.Close()
	waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, BaseURL: api.URL})
	if err != nil {
		t.Fatal(err)
	}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterWorkflow(transcribe)
	env.RegisterActivityWithOptions(func(ctx context.Context, file string) (string, error) {
		if strings.HasSuffix(file, "lost.mp3") {
			return "", errors.New("the answer was lost")
		}
		return submitter{client: http.DefaultClient, base: api.URL, key: edentest.DefaultToken}.submit(ctx, file)
	}, activity.RegisterOptions{Name: submitName})
	env.RegisterActivityWithOptions(func(ctx context.Context, in edentemporal.AwaitInput) (result edentemporal.AwaitResult, _ error) {
		for _, id := range in.IDs {
			job, err := waiter.Wait(ctx, id)
			if err != nil {
				return result, err
			}
			value, err := text(ctx, job)
			if err != nil {
				return result, err
			}
			result.Outcomes = append(result.Outcomes, edentemporal.Outcome{ID: id, Status: job.Status, Value: []byte(`"` + value.(string) + `"`)})
		}
		return result, nil
	}, activity.RegisterOptions{Name: edentemporal.AwaitActivity})
	env.ExecuteWorkflow(transcribe, []string{"https://files.example/a.mp3", "https://files.example/lost.mp3", "https://files.example/b.mp3"})
	var scripts []script
	if err := env.GetWorkflowResult(&scripts); err != nil {
		t.Fatal(err)
	}
	for i, s := range scripts {
		if lost := i == 1; (s.Error == "") == lost || (s.Text == "") != lost || (s.JobID == "") != lost {
			t.Errorf("%+v", s)
		}
	}
	if n := api.Stats().Submits; n != 2 {
		t.Errorf("%d submits", n)
	}
}

func TestSubmit(t *testing.T) {
	for _, test := range []struct {
		name    string
		fault   edentest.Fault
		submits int
		fails   string
	}{
		{"accepted", edentest.Fault{Times: 1, On: edentest.Get}, 1, ""},
		{"refused twice", edentest.Fault{Times: 2, Do: edentest.RetryAfter("1")}, 3, ""},
		{"refused", edentest.Fault{Do: edentest.RetryAfter("1")}, refusals, "limit"},
		{"perhaps billed", edentest.Fault{Do: edentest.Status(http.StatusInternalServerError, "", nil)}, 1, "500"},
	} {
		t.Run(test.name, func(t *testing.T) {
			api := edentest.New(edentest.Options{Faults: []edentest.Fault{test.fault}})
			s := submitter{client: api.Client(), base: edenwait.DefaultBaseURL, key: edentest.DefaultToken, afterLimit: time.Millisecond}
			id, err := s.submit(t.Context(), "https://files.example/a.mp3")
			if (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) || (id == "") != (err != nil) {
				t.Errorf("%q, %v", id, err)
			}
			if n := api.Stats().Submits; n != test.submits {
				t.Errorf("%d submits", n)
			}
		})
	}
}
