package rival

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/retry"
)

const terraformModule = "github.com/hashicorp/terraform-plugin-sdk/v2"

var terraform = Rival{
	Name:   "Terraform",
	Module: terraformModule,
	How:    "`retry.StateChangeConf` with the default delays (0.1 s × 2ⁿ up to 10 s) in a goroutine a job; `Refresh` takes a 429 for \"processing\", as providers do, and `backoff.Retry` is around it. Not in lockstep.",
	PerJob: true,
	Hungry: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		return staggered(ctx, s, ids, 10*time.Second, func(id string) error {
			return insist(ctx, func() error { return stateChange(ctx, s, id, false) })
		})
	},
}

var terraformBare = Rival{
	Name:   "Terraform, bare",
	Module: terraformModule,
	How:    "The same with a `Refresh` that returns the error, which ends the wait for that job.",
	Bare:   true,
	PerJob: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		return staggered(ctx, s, ids, 10*time.Second, func(id string) error { return stateChange(ctx, s, id, true) })
	},
}

func stateChange(ctx context.Context, s Service, id string, bare bool) error {
	conf := retry.StateChangeConf{
		Pending: []string{"processing"},
		Target:  []string{"success", "fail"},
		Timeout: 24 * time.Hour,
		Refresh: func() (any, string, error) {
			j, err := s.get(ctx, id)
			if err == nil {
				return j, j.Status, nil
			}
			var refused statusError
			if !bare && errors.As(err, &refused) && refused == http.StatusTooManyRequests {
				return &job{}, "processing", nil
			}
			return nil, "", err
		},
	}
	_, err := conf.WaitForStateContext(ctx)
	return err
}
