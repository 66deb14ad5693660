package rival

import (
	"context"
	"math"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const k8sModule = "k8s.io/apimachinery"

var k8sPoll = Rival{
	Name:   "k8s poll 5 s",
	Module: k8sModule,
	How:    "`wait.PollUntilContextCancel` every 5 s, immediately, in a goroutine a job; the condition answers `false, nil` to errors. Not in lockstep.",
	PerJob: true,
	Hungry: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		return staggered(ctx, s, ids, 5*time.Second, func(id string) error {
			return wait.PollUntilContextCancel(ctx, 5*time.Second, true, tolerant(s, id))
		})
	},
}

var k8sPollBare = Rival{
	Name:   "k8s poll 5 s, bare",
	Module: k8sModule,
	How:    "The same with a condition that returns the error, which ends the wait for that job.",
	Bare:   true,
	PerJob: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		return staggered(ctx, s, ids, 5*time.Second, func(id string) error {
			return wait.PollUntilContextCancel(ctx, 5*time.Second, true, func(ctx context.Context) (bool, error) {
				return s.ended(ctx, id)
			})
		})
	},
}

var k8sBackoff = Rival{
	Name:   "k8s backoff 30 s",
	Module: k8sModule,
	How:    "`wait.Backoff{Duration: 1 s, Factor: 1.5, Jitter: 0.1, Cap: 30 s}.DelayFunc().Until`, since `ExponentialBackoffWithContext` ends when its delay reaches the cap.",
	PerJob: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		return each(ids, 0, func(id string) error {
			delays := wait.Backoff{Duration: time.Second, Factor: 1.5, Jitter: 0.1, Steps: math.MaxInt32, Cap: 30 * time.Second}
			return delays.DelayFunc().Until(ctx, true, true, tolerant(s, id))
		})
	},
}

// tolerant is a condition that takes an error for "not yet".
func tolerant(s Service, id string) wait.ConditionWithContextFunc {
	return func(ctx context.Context) (bool, error) {
		ended, _ := s.ended(ctx, id)
		return ended, nil
	}
}
