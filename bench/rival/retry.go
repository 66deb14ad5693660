package rival

import (
	"context"

	"github.com/cenkalti/backoff/v4"
	"golang.org/x/time/rate"
)

const backoffModule = "github.com/cenkalti/backoff/v4"

var retryAll = Rival{
	Name:   "backoff.Retry",
	Module: backoffModule,
	How:    "`errgroup`, and in each goroutine `backoff.Retry` with the default delays (0.5 s × 1.5ⁿ up to 60 s, ± 50 %) and `MaxElapsedTime` 0.",
	PerJob: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		return each(ids, 0, func(id string) error { return untilEnded(ctx, s, id, nil) })
	},
}

var retryPaced = Rival{
	Name:   "backoff.Retry + rate.Limiter",
	Module: backoffModule,
	How:    "The same, with one `rate.Limiter` at the account's limit, shared by all.",
	PerJob: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		limiter := rate.NewLimiter(rate.Limit(s.Rate), 1)
		return each(ids, 0, func(id string) error { return untilEnded(ctx, s, id, limiter) })
	},
}

var retryTen = Rival{
	Name:   "backoff.Retry, SetLimit(10)",
	Module: backoffModule,
	How:    "The same without the limiter, with `errgroup.SetLimit(10)`: ten jobs are waited for at once, the others when one of those has ended.",
	Wait: func(ctx context.Context, s Service, ids []string) int {
		return each(ids, 10, func(id string) error { return untilEnded(ctx, s, id, nil) })
	},
}

// untilEnded asks for one job until it has ended.
func untilEnded(ctx context.Context, s Service, id string, limiter *rate.Limiter) error {
	return insist(ctx, func() error {
		if limiter != nil {
			if err := limiter.Wait(ctx); err != nil {
				return err
			}
		}
		ended, err := s.ended(ctx, id)
		if err == nil && !ended {
			return errRunning
		}
		return err
	})
}

// insist is what people put around a call that gives up too early.
func insist(ctx context.Context, call func() error) error {
	delays := backoff.NewExponentialBackOff(backoff.WithMaxElapsedTime(0))
	return backoff.Retry(call, backoff.WithContext(delays, ctx))
}
