package baseline

import (
	"context"
	"errors"
	"time"

	"github.com/aws/smithy-go/waiter"
)

const awsModule = "github.com/aws/smithy-go"

var aws = Baseline{
	Name:     "AWS waiter",
	Module:   awsModule,
	How:      "The loop that the SDK generates for a waiter, around `waiter.ComputeDelay`, with delays from 2 s to 120 s. An error counts as an attempt.",
	Settings: "the defaults of the [specification](https://smithy.io/2.0/additional-specs/waiters.html), made for virtual machines",
	PerJob:   true,
	Open: func(_ context.Context, s Service) Wait {
		return s.awsWait(2*time.Second, 120*time.Second)
	},
}

var awsTuned = Baseline{
	Name:     "AWS waiter, tuned",
	Module:   awsModule,
	How:      "The same with delays from 1 s to 10 s: every generated waiter has `MinDelay` and `MaxDelay` among its options.",
	Settings: "the documentation of a waiter's [options](https://pkg.go.dev/github.com/aws/aws-sdk-go-v2/service/ec2#InstanceRunningWaiterOptions); the values are this page's",
	PerJob:   true,
	Open: func(_ context.Context, s Service) Wait {
		return s.awsWait(time.Second, 10*time.Second)
	},
}

func (s Service) awsWait(minDelay, maxDelay time.Duration) Wait {
	return func(ctx context.Context, id string) error {
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
}
