package rival

import (
	"context"
	"errors"
	"time"

	"github.com/aws/smithy-go/waiter"
)

var aws = Rival{
	Name:   "AWS waiter",
	Module: "github.com/aws/smithy-go",
	How:    "The loop that the SDK generates for a waiter, around `waiter.ComputeDelay` with the specification's defaults of 2 s to 120 s; an error counts as an attempt.",
	PerJob: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		return each(ids, 0, func(id string) error { return awsWait(ctx, s, id) })
	},
}

func awsWait(ctx context.Context, s Service, id string) error {
	const minDelay, maxDelay = 2 * time.Second, 120 * time.Second
	remaining := 24 * time.Hour // a caller must name one
	for attempt := int64(1); ; attempt++ {
		began := time.Now()
		if ended, _ := s.ended(ctx, id); ended {
			return nil
		}
		remaining -= time.Since(began)
		delay, err := waiter.ComputeDelay(attempt, minDelay, maxDelay, remaining)
		if err != nil {
			return err
		}
		if remaining -= delay; remaining < minDelay {
			return errors.New("exceeded max wait time")
		}
		if err := sleep(ctx, delay); err != nil {
			return err
		}
	}
}
