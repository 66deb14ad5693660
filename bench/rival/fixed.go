package rival

import (
	"context"
	"time"
)

var fixed5 = Rival{
	Name:   "every 5 s",
	How:    "The loop of the vendor's own sample in a goroutine a job: GET, sleep 5 s, again; errors are asked again after the same 5 s. Not in lockstep, see below.",
	PerJob: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		return staggered(ctx, s, ids, 5*time.Second, func(id string) error { return everyFive(ctx, s, id, false) })
	},
}

var fixed5Bare = Rival{
	Name:   "every 5 s, bare",
	How:    "The same as the sample stands: an error ends the wait for that job.",
	Bare:   true,
	PerJob: true,
	Wait: func(ctx context.Context, s Service, ids []string) int {
		return staggered(ctx, s, ids, 5*time.Second, func(id string) error { return everyFive(ctx, s, id, true) })
	},
}

func everyFive(ctx context.Context, s Service, id string, bare bool) error {
	for {
		ended, err := s.ended(ctx, id)
		if ended || bare && err != nil {
			return err
		}
		if err := sleep(ctx, 5*time.Second); err != nil {
			return err
		}
	}
}
