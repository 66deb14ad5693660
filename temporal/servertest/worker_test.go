//go:build unix

package servertest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"google.golang.org/grpc"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	edentemporal "github.com/edenwait/edenwait/temporal"
	"github.com/edenwait/edenwait/temporal/internal/workflows"
)

// work is a worker for the workflows, and a candidate for the lead of the account, until ctx ends.
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
	if !s.OnlyLeads {
		w := worker.New(c, workflowQueue(s.Account), worker.Options{Identity: s.Name})
		workflows.Register(w)
		if err := w.Start(); err != nil {
			return err
		}
		defer w.Stop()
	}
	var member *edentemporal.Member
	if !s.NeverLeads {
		if member, err = edentemporal.Start(ctx, c, s.options()); err != nil {
			return err
		}
		defer member.Stop()
	}
	fmt.Println("started")
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
			if s.Stats {
				printStats(member.Stats(), heartbeats.Load())
			}
		}
	}
}

// options of the candidate.
func (s settings) options() edentemporal.Options {
	options := edentemporal.Options{
		Account: s.Account,
		Config: edenwait.Config{
			Token: edentest.DefaultToken, BaseURL: s.BaseURL, Rate: s.Rate,
			HTTPClient: &http.Client{Transport: stamp{http.DefaultTransport}},
		},
		Reduce:           map[string]edentemporal.Reduce{"id": jobID},
		HeartbeatTimeout: s.HeartbeatTimeout,
		Identity:         s.Name,
	}
	if s.Submits {
		options.Register = func(registry worker.ActivityRegistry, transport http.RoundTripper) {
			registry.RegisterActivityWithOptions(submitter{s.BaseURL, &http.Client{Transport: transport}}.submit,
				activity.RegisterOptions{Name: workflows.SubmitActivity})
		}
	}
	return options
}

// sentHeader has the time at which a process sent the request, in nanoseconds. A frozen process may have
// sent it long before it arrives.
const sentHeader = "Test-Sent"

type stamp struct{ next http.RoundTripper }

func (s stamp) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set(sentHeader, strconv.FormatInt(time.Now().UnixNano(), 10))
	return s.next.RoundTrip(request)
}

// jobID is a Reduce.
func jobID(_ context.Context, job *edenwait.Job) (any, error) { return job.ID, nil }

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
