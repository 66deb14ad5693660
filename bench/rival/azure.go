package rival

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

const azureModule = "github.com/Azure/azure-sdk-for-go/sdk/azcore"

var azure = Rival{
	Name:   "azcore",
	Module: azureModule,
	How:    "`runtime.Poller.PollUntilDone` every 30 s, its default, in a goroutine a job, over a pipeline that retries a 429 or 5xx three times, its default; around it `backoff.Retry`. Not in lockstep.",
	PerJob: true,
	Hungry: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		pipeline := azurePipeline(s)
		return staggered(ctx, s, ids, 30*time.Second, func(id string) error {
			return insist(ctx, func() error { return azureWait(ctx, pipeline, id) })
		})
	},
}

var azureBare = Rival{
	Name:   "azcore, bare",
	Module: azureModule,
	How:    "The same without `backoff.Retry`: the fourth 429 in a row ends the wait for that job.",
	Bare:   true,
	PerJob: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		pipeline := azurePipeline(s)
		return staggered(ctx, s, ids, 30*time.Second, func(id string) error { return azureWait(ctx, pipeline, id) })
	},
}

func azurePipeline(s Service) runtime.Pipeline {
	return runtime.NewPipeline("bench", "v1", runtime.PipelineOptions{PerCall: []policy.Policy{bearer(s.Token)}},
		&policy.ClientOptions{Transport: s.Client, Telemetry: policy.TelemetryOptions{Disabled: true}})
}

func azureWait(ctx context.Context, pipeline runtime.Pipeline, id string) error {
	poller, err := runtime.NewPoller(nil, pipeline, &runtime.NewPollerOptions[job]{
		Handler: &azureHandler{pipeline: pipeline, id: id},
	})
	if err != nil {
		return err
	}
	_, err = poller.PollUntilDone(ctx, nil)
	return err
}

// bearer puts the key on a request.
type bearer string

// Do implements policy.Policy.
func (b bearer) Do(req *policy.Request) (*http.Response, error) {
	req.Raw().Header.Set("Authorization", "Bearer "+string(b))
	return req.Next()
}

// azureHandler is how azcore is taught an API that is not Azure's.
type azureHandler struct {
	pipeline runtime.Pipeline
	id       string
	last     job
}

// Done implements runtime.PollingHandler.
func (h *azureHandler) Done() bool { return h.last.Status != "" && h.last.Status != "processing" }

// Poll implements runtime.PollingHandler.
func (h *azureHandler) Poll(ctx context.Context) (*http.Response, error) {
	req, err := runtime.NewRequest(ctx, http.MethodGet, endpoint+"/"+h.id)
	if err != nil {
		return nil, err
	}
	resp, err := h.pipeline.Do(req)
	if err != nil {
		return nil, err
	}
	if !runtime.HasStatusCode(resp, http.StatusOK) {
		return nil, runtime.NewResponseError(resp)
	}
	body, err := runtime.Payload(resp)
	if err != nil {
		return nil, err
	}
	var j job
	if err := json.Unmarshal(body, &j); err != nil {
		return nil, err
	}
	if j.ID != h.id {
		return nil, errRunning
	}
	h.last = j
	return resp, nil
}

// Result implements runtime.PollingHandler.
func (h *azureHandler) Result(_ context.Context, out *job) error {
	*out = h.last
	return nil
}
