package baseline

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

const googleDocs = "the [documentation](https://pkg.go.dev/cloud.google.com/go/longrunning#Operation.WaitWithInterval) of `WaitWithInterval`"

var google = Baseline{
	Name:     "Google longrunning",
	Module:   googleModule,
	How:      "`Operation.Wait` (up to 1 s × 2ⁿ, at most 60 s, full jitter) in a goroutine per job, with `gax.WithRetry` for 429 and 5xx and `gax.WithTimeout`, so that retries and waiting in a line do not run out of time. Around it `backoff.Retry`.",
	Settings: "`longrunning.DefaultWaitInterval`",
	PerJob:   true,
	Hungry:   true,
	Open: func(ctx context.Context, s Service) Wait {
		return insisting(s.googleWait(ctx, longrunning.DefaultWaitInterval, tolerantCall, gax.WithTimeout(time.Hour)))
	},
}

var googleTuned = Baseline{
	Name:     "Google longrunning, tuned",
	Module:   googleModule,
	How:      "The same with `Operation.WaitWithInterval` and 5 s.",
	Settings: googleDocs + "; 5 s is the vendor's sample",
	PerJob:   true,
	Hungry:   true,
	Open: func(ctx context.Context, s Service) Wait {
		return insisting(s.googleWait(ctx, 5*time.Second, tolerantCall, gax.WithTimeout(time.Hour)))
	},
}

var googleAsItComes = Baseline{
	Name:      "Google longrunning, as it comes",
	Module:    googleModule,
	How:       "`Operation.Wait` with the client's own retry, which is for 503 alone: a 429 ends the wait for that job.",
	Settings:  "`longrunning.DefaultWaitInterval`",
	AsItComes: true,
	PerJob:    true,
	Open: func(ctx context.Context, s Service) Wait {
		return s.googleWait(ctx, longrunning.DefaultWaitInterval)
	},
}

// tolerantCall retries what the limit and a faulty network bring.
var tolerantCall = gax.WithRetry(func() gax.Retryer {
	return gax.OnHTTPCodes(gax.Backoff{Initial: 500 * time.Millisecond, Max: 10 * time.Second, Multiplier: 2},
		http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable)
})

func (s Service) googleWait(ctx context.Context, interval time.Duration, opts ...gax.CallOption) Wait {
	client := googleClient(ctx, s)
	return func(ctx context.Context, id string) error {
		return operation(client, id).WaitWithInterval(ctx, nil, interval, opts...)
	}
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
		panic(fmt.Sprint("baseline: ", err))
	}
	return client
}

func operation(client *autogen.OperationsClient, id string) *longrunning.Operation {
	return longrunning.InternalNewOperation(client, &longrunningpb.Operation{Name: "operations/" + id})
}
