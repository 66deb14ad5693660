//go:build unix

package servertest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/temporal"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"
)

// work is a candidate for the lead of the account, and a worker for the workflows, until ctx ends.
func work(ctx context.Context, s settings) error {
	var heartbeats atomic.Int64
	c, err := dial(s.Address, s.Namespace, grpc.WithUnaryInterceptor(
		func(ctx context.Context, method string, in, out any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if strings.HasSuffix(method, "/RecordActivityTaskHeartbeat") {
				heartbeats.Add(1)
			}
			return invoke(ctx, method, in, out, conn, opts...)
		}))
	if err != nil {
		return err
	}
	defer c.Close()
	w := worker.New(c, workflowQueue(s.Account), worker.Options{DisableRegistrationAliasing: true})
	w.RegisterWorkflow(waitAll)
	w.RegisterWorkflow(submitAndWait)
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	options := edentemporal.Options{
		Account:          s.Account,
		Config:           edenwait.Config{Token: edentest.DefaultToken, BaseURL: s.BaseURL, Rate: s.Rate},
		HeartbeatTimeout: s.Timeout,
		Identity:         s.Name,
	}
	if s.Submits {
		options.Register = func(registry worker.ActivityRegistry, transport http.RoundTripper) {
			registry.RegisterActivityWithOptions(submitter{s.BaseURL, &http.Client{Transport: transport}}.submit,
				activity.RegisterOptions{Name: "submit"})
		}
	}
	candidate, err := edentemporal.Start(ctx, c, options)
	if err != nil {
		return err
	}
	fmt.Println("started")
	for {
		select {
		case <-ctx.Done():
			candidate.Stop()
			return nil
		case <-time.After(time.Second):
			if s.Stats {
				printStats(candidate.Stats(), heartbeats.Load())
			}
		}
	}
}

// memory is what a worker process prints every second if it was asked for.
type memory struct {
	Leads      bool
	Awaits     int
	Heartbeats int64 // of all activities, as they were sent to the server
	HeapMiB    uint64
	StackMiB   uint64
	Goroutines int
}

func printStats(stats edentemporal.Stats, heartbeats int64) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	text, _ := json.Marshal(memory{
		Leads: stats.Leads, Awaits: stats.Awaits, Heartbeats: heartbeats,
		HeapMiB: m.HeapInuse >> 20, StackMiB: m.StackInuse >> 20, Goroutines: runtime.NumGoroutine(),
	})
	fmt.Println("stats", string(text))
}

// A waitInput is the input of waitAll.
type waitInput struct {
	Account   string        `json:"account"`
	IDs       []string      `json:"ids"`
	Timeout   time.Duration `json:"timeout,omitempty"`
	Heartbeat time.Duration `json:"heartbeat,omitempty"`
}

// waitAll waits for jobs.
func waitAll(ctx workflow.Context, in waitInput) ([]edentemporal.Outcome, error) {
	var options []edentemporal.Option
	if in.Timeout > 0 {
		options = append(options, edentemporal.WithTimeout(in.Timeout))
	}
	if in.Heartbeat > 0 {
		options = append(options, edentemporal.WithHeartbeatTimeout(in.Heartbeat))
	}
	return edentemporal.WaitAll(ctx, in.Account, in.IDs, options...)
}

// submitAndWait submits jobs at the leader, and waits for each as soon as it has its id.
func submitAndWait(ctx workflow.Context, account string, jobs int) ([]string, error) {
	ids := make([]string, jobs)
	errs := make([]error, jobs)
	group := workflow.NewWaitGroup(ctx)
	for i := range jobs {
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			ids[i], errs[i] = submitOne(ctx, account)
		})
	}
	group.Wait(ctx)
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func submitOne(ctx workflow.Context, account string) (string, error) {
	var id string
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           edentemporal.SubmitQueue(account),
		StartToCloseTimeout: 10 * time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 1},
	}), "submit").Get(ctx, &id)
	if err != nil {
		return "", err
	}
	outcomes, err := edentemporal.WaitAll(ctx, account, []string{id})
	if err != nil {
		return "", err
	}
	return outcomes[0].ID, outcomes[0].Err()
}

// A submitter is the user's part: it posts jobs.
type submitter struct {
	url    string
	client *http.Client
}

func (s submitter) submit(ctx context.Context) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/v3/universal-ai/async",
		strings.NewReader(`{"model":"audio/speech_to_text_async/deepgram","input":{"file":"https://example.com/a.mp3"}}`))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+edentest.DefaultToken)
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		// Its answer may be lost, and then the job would be paid for twice.
		return "", temporal.NewNonRetryableApplicationError("submit", "submit", err)
	}
	defer response.Body.Close()
	var job struct {
		ID string `json:"public_id"`
	}
	switch {
	case response.StatusCode == http.StatusTooManyRequests:
		return "", fmt.Errorf("refused: %s", response.Status) // and tried again
	case response.StatusCode != http.StatusAccepted:
		return "", temporal.NewNonRetryableApplicationError(response.Status, "submit", nil)
	}
	err = json.NewDecoder(response.Body).Decode(&job)
	return job.ID, err
}
