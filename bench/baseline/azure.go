package baseline

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

const azureModule = "github.com/Azure/azure-sdk-for-go/sdk/azcore"

const azureDocs = "the [documentation](https://pkg.go.dev/github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime#Poller.PollUntilDone) of `PollUntilDone`"

var azure = Baseline{
	Name:     "azcore",
	Module:   azureModule,
	How:      "`runtime.Poller.PollUntilDone` every 30 s in a goroutine per job, over a pipeline that retries a 429 or 5xx three times, its default. Around it `backoff.Retry`.",
	Settings: azureDocs + ": 30 s \"works well for most operations\"",
	PerJob:   true,
	Hungry:   true,
	Spread:   30 * time.Second,
	Open:     func(_ context.Context, s Service) Wait { return insisting(s.azureWait(0)) },
}

var azureTuned = Baseline{
	Name:     "azcore, tuned",
	Module:   azureModule,
	How:      "The same with a `Frequency` of 5 s.",
	Settings: azureDocs + ": some operations \"might benefit from a shorter or longer duration\"; 5 s is the vendor's sample",
	PerJob:   true,
	Hungry:   true,
	Spread:   5 * time.Second,
	Open:     func(_ context.Context, s Service) Wait { return insisting(s.azureWait(5 * time.Second)) },
}

var azureAsItComes = Baseline{
	Name:      "azcore, as it comes",
	Module:    azureModule,
	How:       "The default without `backoff.Retry`: the fourth 429 in a row ends the wait for that job.",
	Settings:  azureDocs,
	AsItComes: true,
	PerJob:    true,
	Spread:    30 * time.Second,
	Open:      func(_ context.Context, s Service) Wait { return s.azureWait(0) },
}

func azurePipeline(s Service) runtime.Pipeline {
	return runtime.NewPipeline("bench", "v1", runtime.PipelineOptions{PerCall: []policy.Policy{bearer(s.Token)}},
		&policy.ClientOptions{Transport: s.Client, Telemetry: policy.TelemetryOptions{Disabled: true}})
}

// azureWait polls at this frequency; 0 is the default.
func (s Service) azureWait(frequency time.Duration) Wait {
	pipeline := azurePipeline(s)
	return func(ctx context.Context, id string) error {
		poller, err := runtime.NewPoller(nil, pipeline, &runtime.NewPollerOptions[job]{
			Handler: &azureHandler{pipeline: pipeline, id: id},
		})
		if err != nil {
			return err
		}
		_, err = poller.PollUntilDone(ctx, &runtime.PollUntilDoneOptions{Frequency: frequency})
		return err
	}
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
