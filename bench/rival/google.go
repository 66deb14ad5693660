package rival

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"time"

	"cloud.google.com/go/longrunning"
	autogen "cloud.google.com/go/longrunning/autogen"
	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/option"
)

const googleModule = "cloud.google.com/go/longrunning"

var google = Rival{
	Name:   "Google longrunning",
	Module: googleModule,
	How:    "`Operation.Wait` (up to 1 s × 2ⁿ, at most 60 s, full jitter) in a goroutine a job, with `gax.WithRetry` for 429 and 5xx; around it `backoff.Retry`, since a call and its retries have 10 s.",
	PerJob: true,
	Hungry: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		client := googleClient(ctx, s)
		tolerant := gax.WithRetry(func() gax.Retryer {
			return gax.OnHTTPCodes(gax.Backoff{Initial: 500 * time.Millisecond, Max: 10 * time.Second, Multiplier: 2},
				http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable)
		})
		return each(ids, 0, func(id string) error {
			return insist(ctx, func() error { return operation(client, id).Wait(ctx, nil, tolerant) })
		})
	},
}

var googleBare = Rival{
	Name:   "Google longrunning, bare",
	Module: googleModule,
	How:    "The same with the client's own retry, which is for 503 alone: a 429 ends the wait for that job.",
	Bare:   true,
	PerJob: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		client := googleClient(ctx, s)
		return each(ids, 0, func(id string) error { return operation(client, id).Wait(ctx, nil) })
	},
}

func googleClient(ctx context.Context, s Service) *autogen.OperationsClient {
	http := s.translated(
		func(req *http.Request) string { return path.Base(req.URL.Path) },
		func(j job) any {
			op := map[string]any{"name": "operations/" + j.ID, "done": j.Status != "processing"}
			if j.Status != "processing" {
				op["response"] = map[string]any{"@type": "type.googleapis.com/google.protobuf.Empty"}
			}
			return op
		})
	client, err := autogen.NewOperationsRESTClient(ctx, option.WithHTTPClient(http), option.WithEndpoint(host))
	if err != nil {
		panic(fmt.Sprint("rival: ", err))
	}
	return client
}

func operation(client *autogen.OperationsClient, id string) *longrunning.Operation {
	return longrunning.InternalNewOperation(client, &longrunningpb.Operation{Name: "operations/" + id})
}
