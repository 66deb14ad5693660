package rival

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
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
		How:       fmt.Sprintf("By hand: every %.0f s all pages of `status=processing`, then a GET for every job that is no longer among them, sixteen at once, behind one `rate.Limiter`; what fails is asked again in the next round.", every.Seconds()),
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
		if running, err := runningJobs(ctx, s, limiter); err == nil {
			waiting = stillWaiting(ctx, s, limiter, waiting, running)
		}
		if len(waiting) > 0 && sleep(ctx, every) != nil {
			break
		}
	}
	return len(ids) - len(waiting)
}

// stillWaiting asks for every job that does not run, and returns the others.
func stillWaiting(ctx context.Context, s Service, limiter *rate.Limiter, waiting []string, running map[string]bool) []string {
	left := make([]bool, len(waiting))
	var group errgroup.Group
	group.SetLimit(16)
	for i, id := range waiting {
		if running[id] {
			left[i] = true
			continue
		}
		group.Go(func() error {
			ended := false
			if limiter.Wait(ctx) == nil {
				ended, _ = s.ended(ctx, id) // what fails is asked again in the next round
			}
			left[i] = !ended
			return nil
		})
	}
	_ = group.Wait() // always nil
	var still []string
	for i, id := range waiting {
		if left[i] {
			still = append(still, id)
		}
	}
	return still
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
