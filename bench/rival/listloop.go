package rival

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"
)

// The list loops are the strongest that an engineer who has read the API's
// reference writes in an afternoon, and the closest to what edenwait does.
var (
	listLoop2 = listLoop(2 * time.Second)
	listLoop5 = listLoop(5 * time.Second)
)

func listLoop(every time.Duration) Rival {
	return Rival{
		Name:      fmt.Sprintf("list every %.0f s", every.Seconds()),
		How:       fmt.Sprintf("One goroutine behind a `rate.Limiter`: every %.0f s all pages of `status=processing`, then a GET for every job that is no longer among them; what fails is asked again in the next round.", every.Seconds()),
		NeedsList: true,
		Wait: func(ctx context.Context, s Service, ids []string) int {
			return byList(ctx, s, ids, every)
		},
	}
}

func byList(ctx context.Context, s Service, ids []string, every time.Duration) int {
	limiter := rate.NewLimiter(rate.Limit(s.Rate), 1)
	waiting := ids
	for len(waiting) > 0 {
		running, err := runningJobs(ctx, s, limiter)
		var left []string
		for _, id := range waiting {
			if err != nil || running[id] || limiter.Wait(ctx) != nil {
				left = append(left, id)
			} else if ended, err := s.ended(ctx, id); err != nil || !ended {
				left = append(left, id)
			}
		}
		waiting = left
		if len(waiting) > 0 && sleep(ctx, every) != nil {
			break
		}
	}
	return len(ids) - len(waiting)
}

// runningJobs reads the whole list of jobs that run.
func runningJobs(ctx context.Context, s Service, limiter *rate.Limiter) (map[string]bool, error) {
	running := map[string]bool{}
	for page, pages := 1, 1; page <= pages; page++ {
		if err := limiter.Wait(ctx); err != nil {
			return nil, err
		}
		var list struct {
			Items      []job `json:"items"`
			TotalPages int   `json:"total_pages"`
		}
		url := fmt.Sprintf("%s?status=processing&limit=1000&page=%d", endpoint, page)
		if err := s.ask(ctx, url, &list); err != nil {
			return nil, err
		}
		for _, item := range list.Items {
			running[item.ID] = true
		}
		pages = list.TotalPages
	}
	return running, nil
}
