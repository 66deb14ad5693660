package baseline

import (
	"context"
	"time"
)

const sample = "the vendor's sample"

var fixed5 = Baseline{
	Name:     "every 5 s",
	How:      "The loop of the vendor's sample in a goroutine per job: GET, sleep 5 s, repeat. Errors are retried after the same 5 s.",
	Settings: sample,
	PerJob:   true,
	Spread:   5 * time.Second,
	Open:     func(_ context.Context, s Service) Wait { return s.everyFive(false) },
}

var fixed5AsItComes = Baseline{
	Name:      "every 5 s, as it comes",
	How:       "The sample itself: an error ends the wait for that job.",
	Settings:  sample,
	AsItComes: true,
	PerJob:    true,
	Spread:    5 * time.Second,
	Open:      func(_ context.Context, s Service) Wait { return s.everyFive(true) },
}

func (s Service) everyFive(strict bool) Wait {
	return func(ctx context.Context, id string) error {
		for {
			ended, err := s.ended(ctx, id)
			if ended || strict && err != nil {
				return err
			}
			if err := sleep(ctx, 5*time.Second); err != nil {
				return err
			}
		}
	}
}
