package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/edenwait/edenwait"
	edentemporal "github.com/edenwait/edenwait/temporal"
)

// work is one worker: it runs workflows, and is a candidate for the lead.
func work(ctx context.Context, c client.Client) error {
	w := worker.New(c, workflows, worker.Options{})
	w.RegisterWorkflow(transcribe)
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	member, err := edentemporal.Start(ctx, c, options())
	if err != nil {
		return err
	}
	defer member.Stop()
	report(ctx, member)
	return nil
}

func options() edentemporal.Options {
	key, base := os.Getenv("EDENAI_API_KEY"), cmp.Or(os.Getenv("EDENAI_BASE_URL"), edenwait.DefaultBaseURL)
	return edentemporal.Options{
		Account:          account,
		Config:           edenwait.Config{Token: key, BaseURL: base},
		Reduce:           map[string]edentemporal.Reduce{"text": text},
		HeartbeatTimeout: 10 * time.Second, // for a short demonstration
		Register: func(registry worker.ActivityRegistry, transport http.RoundTripper) {
			s := submitter{client: &http.Client{Transport: transport}, base: base, key: key, afterLimit: time.Second}
			registry.RegisterActivityWithOptions(s.submit, activity.RegisterOptions{Name: submitName})
		},
	}
}

// text makes the transcript's beginning of a job's output. The whole of it would be
// stored elsewhere, and its place returned.
func text(_ context.Context, job *edenwait.Job) (any, error) {
	var output struct {
		Text string `json:"text"`
	}
	if err := job.Decode(&output); err != nil {
		return nil, err
	}
	return output.Text[:min(len(output.Text), 200)], nil
}

// report prints who leads, whenever something has changed.
func report(ctx context.Context, member *edentemporal.Member) {
	for last := ""; ; {
		s := member.Stats()
		line := fmt.Sprintf("%d is a candidate", os.Getpid())
		if s.Leads {
			line = fmt.Sprintf("%d leads: %d jobs wait, %d have ended, %d requests",
				os.Getpid(), s.Waiter.Jobs, s.Outcomes, s.Waiter.Gets+s.Waiter.Lists+s.Waiter.Own)
		} else if s.Reason != "" {
			line += ": " + s.Reason
		}
		if line != last {
			fmt.Println(line)
		}
		last = line
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
}
