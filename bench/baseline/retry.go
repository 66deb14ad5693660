package baseline

import (
	"context"

	"github.com/cenkalti/backoff/v4"
)

const (
	backoffModule   = "github.com/cenkalti/backoff/v4"
	backoffDefaults = "the defaults of [`NewExponentialBackOff`](https://pkg.go.dev/github.com/cenkalti/backoff/v4#NewExponentialBackOff)"
)

var retryAll = Baseline{
	Name:     "backoff.Retry",
	Module:   backoffModule,
	How:      "`errgroup`, and in each goroutine `backoff.Retry` (0.5 s × 1.5ⁿ up to 60 s, ± 50 %) with `MaxElapsedTime` 0.",
	Settings: backoffDefaults,
	PerJob:   true,
	Open:     func(_ context.Context, s Service) Wait { return s.untilEnded() },
}

var retryTen = Baseline{
	Name:     "backoff.Retry, SetLimit(10)",
	Module:   backoffModule,
	How:      "The same with `errgroup.SetLimit(10)`: ten jobs are waited for at once, each other one when one of those has ended.",
	Settings: backoffDefaults,
	Open: func(_ context.Context, s Service) Wait {
		wait, places := s.untilEnded(), make(chan struct{}, 10)
		return func(ctx context.Context, id string) error {
			select {
			case places <- struct{}{}:
			case <-ctx.Done():
				return ctx.Err()
			}
			defer func() { <-places }()
			return wait(ctx, id)
		}
	},
}

func (s Service) untilEnded() Wait {
	return insisting(func(ctx context.Context, id string) error {
		ended, err := s.ended(ctx, id)
		if err == nil && !ended {
			return errRunning
		}
		return err
	})
}

// insisting is what people put around a call that gives up too early.
func insisting(wait Wait) Wait {
	return func(ctx context.Context, id string) error {
		return insist(ctx, func() error { return wait(ctx, id) })
	}
}

func insist(ctx context.Context, call func() error) error {
	delays := backoff.NewExponentialBackOff(backoff.WithMaxElapsedTime(0))
	return backoff.Retry(call, backoff.WithContext(delays, ctx))
}
