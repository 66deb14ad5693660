package baseline

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/retry"
)

const terraformModule = "github.com/hashicorp/terraform-plugin-sdk/v2"

const terraformDocs = "the defaults of [`StateChangeConf`](https://pkg.go.dev/github.com/hashicorp/terraform-plugin-sdk/v2/helper/retry#StateChangeConf)"

var terraform = Baseline{
	Name:     "Terraform",
	Module:   terraformModule,
	How:      "`retry.StateChangeConf` (0.1 s × 2ⁿ up to 10 s) in a goroutine per job. `Refresh` takes a 429 for \"processing\", as providers do. Around it `backoff.Retry`.",
	Settings: terraformDocs,
	PerJob:   true,
	Hungry:   true,
	Spread:   10 * time.Second,
	Open:     func(_ context.Context, s Service) Wait { return insisting(s.stateChange(false)) },
}

var terraformAsItComes = Baseline{
	Name:      "Terraform, as it comes",
	Module:    terraformModule,
	How:       "The same with a `Refresh` that returns the error, which ends the wait for that job.",
	Settings:  terraformDocs,
	AsItComes: true,
	PerJob:    true,
	Spread:    10 * time.Second,
	Open:      func(_ context.Context, s Service) Wait { return s.stateChange(true) },
}

func (s Service) stateChange(strict bool) Wait {
	return func(ctx context.Context, id string) error {
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
				if !strict && errors.As(err, &refused) && refused == http.StatusTooManyRequests {
					return &job{}, "processing", nil
				}
				return nil, "", err
			},
		}
		_, err := conf.WaitForStateContext(ctx)
		return err
	}
}
