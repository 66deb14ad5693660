package baseline

import (
	"context"
	"math"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const k8sModule = "k8s.io/apimachinery"

var k8sPoll = Baseline{
	Name:     "k8s poll 5 s",
	Module:   k8sModule,
	How:      "`wait.PollUntilContextCancel` every 5 s, immediately, in a goroutine per job. The condition returns `false, nil` for errors.",
	Settings: "the package has no default interval; 5 s is the vendor's sample",
	PerJob:   true,
	Hungry:   true,
	Spread:   5 * time.Second,
	Open: func(_ context.Context, s Service) Wait {
		return func(ctx context.Context, id string) error {
			return wait.PollUntilContextCancel(ctx, 5*time.Second, true, tolerant(s, id))
		}
	},
}

var k8sPollAsItComes = Baseline{
	Name:      "k8s poll 5 s, as it comes",
	Module:    k8sModule,
	How:       "The same with a condition that returns the error, which ends the wait for that job.",
	Settings:  "as above",
	AsItComes: true,
	PerJob:    true,
	Spread:    5 * time.Second,
	Open: func(_ context.Context, s Service) Wait {
		return func(ctx context.Context, id string) error {
			return wait.PollUntilContextCancel(ctx, 5*time.Second, true, func(ctx context.Context) (bool, error) {
				return s.ended(ctx, id)
			})
		}
	},
}

var k8sBackoff = Baseline{
	Name:     "k8s backoff 30 s",
	Module:   k8sModule,
	How:      "`wait.Backoff{Duration: 1 s, Factor: 1.5, Jitter: 1.0, Cap: 30 s}.DelayFunc().Until`, since `ExponentialBackoffWithContext` ends when its delay reaches the cap. Starts are spread too.",
	Settings: "`Jitter` 1.0 is what `client-go` uses against lockstep ([Reflector](https://pkg.go.dev/k8s.io/client-go/tools/cache#Reflector))",
	PerJob:   true,
	Spread:   30 * time.Second,
	Open: func(_ context.Context, s Service) Wait {
		return func(ctx context.Context, id string) error {
			delays := wait.Backoff{Duration: time.Second, Factor: 1.5, Jitter: 1, Steps: math.MaxInt32, Cap: 30 * time.Second}
			return delays.DelayFunc().Until(ctx, true, true, tolerant(s, id))
		}
	},
}

// tolerant is a condition that takes an error to mean "not yet".
func tolerant(s Service, id string) wait.ConditionWithContextFunc {
	return func(ctx context.Context) (bool, error) {
		ended, _ := s.ended(ctx, id)
		return ended, nil
	}
}
