package edentemporal_test

import (
	"context"
	"net/http"
	"os"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/edenwait/edenwait"
	edentemporal "github.com/edenwait/edenwait/temporal"
)

// What each process that may lead runs, beside its own workers.
func ExampleStart() {
	var lead = func(ctx context.Context, c client.Client) error {
		member, err := edentemporal.Start(ctx, c, edentemporal.Options{
			Account: "production",
			Config:  edenwait.Config{Token: os.Getenv("EDENAI_API_KEY")},
			Reduce:  map[string]edentemporal.Reduce{"text": text},
		})
		if err != nil {
			return err
		}
		<-ctx.Done()
		member.Stop() // hands the lead over
		return nil
	}
	_ = lead
}

// text is small. An output of megabytes would be stored elsewhere, under the job's id.
func text(_ context.Context, job *edenwait.Job) (any, error) {
	var output struct {
		Text string `json:"text"`
	}
	err := job.Decode(&output)
	return output.Text, err
}

// A workflow that waits for jobs.
func ExampleWaitAll() {
	var transcripts = func(ctx workflow.Context, ids []string) ([]string, error) {
		outcomes, err := edentemporal.WaitAll(ctx, "production", ids, edentemporal.WithReduce("text"))
		if err != nil {
			return nil, err // the waiting failed, not a job
		}
		texts := make([]string, len(outcomes))
		for i, outcome := range outcomes {
			if err := outcome.Err(); err != nil {
				texts[i] = "failed: " + err.Error()
			} else if err := outcome.Decode(&texts[i]); err != nil {
				return nil, err
			}
		}
		return texts, nil
	}
	_ = transcripts
}

// A workflow for more ids than one call and one history hold.
func ExampleWaitAll_continueAsNew() {
	var waitForMany func(ctx workflow.Context, ids []string) error
	waitForMany = func(ctx workflow.Context, ids []string) error {
		now := ids[:min(len(ids), edentemporal.MaxIDs)]
		outcomes, err := edentemporal.WaitAll(ctx, "production", now)
		if err != nil {
			return err
		}
		_ = outcomes // store them
		if rest := ids[len(now):]; len(rest) > 0 {
			return workflow.NewContinueAsNewError(ctx, waitForMany, rest)
		}
		return nil
	}
}

// An activity that submits, at the leader only, within its rate limit.
func ExampleOptions_register() {
	options := edentemporal.Options{
		Register: func(registry worker.ActivityRegistry, transport http.RoundTripper) {
			s := submitter{client: &http.Client{Transport: transport}}
			registry.RegisterActivityWithOptions(s.submit, activity.RegisterOptions{Name: "submit"})
		},
	}
	_ = options
}

type submitter struct{ client *http.Client }

func (submitter) submit(context.Context, string) (id string, err error) { return "", nil }

// Uploads are slow, and need not run at the leader. Any number of processes has such a
// worker, and the server starts at most two activities per second on all of them.
func Example_uploads() {
	var uploads = func(c client.Client) worker.Worker {
		w := worker.New(c, "uploads", worker.Options{TaskQueueActivitiesPerSecond: 2})
		w.RegisterActivity(upload)
		return w
	}
	leader := edenwait.Config{Rate: 10 - 2} // leaves two requests per second to the uploads
	_, _ = uploads, leader
}

func upload(context.Context, string) error { return nil }

// Who leads.
func ExampleLeaderOf() {
	var check = func(ctx context.Context, c client.Client) (string, error) {
		leader, err := edentemporal.LeaderOf(ctx, c, "production")
		switch {
		case err != nil:
			return "", err
		case leader.Identity == "":
			return "nobody leads: " + leader.Reason, nil
		case time.Since(leader.Beat) > time.Minute:
			return leader.Identity + " leads, and is silent", nil
		}
		return leader.Identity + " leads", nil
	}
	_ = check
}
