package baseline

import (
	"context"
	"fmt"

	"github.com/edenwait/edenwait"
)

// Us is the name of what the others are compared with.
const Us = "edenwait"

var edenwaitDefaults = Baseline{
	Name:     Us,
	Module:   "github.com/edenwait/edenwait",
	How:      "`WaitAll` of one Waiter, or `Wait` where each job has a caller of its own. `Rate` is the limit that the scenario states.",
	Settings: "the defaults",
	Open: func(_ context.Context, s Service) Wait {
		waiter := newWaiter(s)
		return func(ctx context.Context, id string) error {
			_, err := waiter.Wait(ctx, id)
			return err
		}
	},
	Batch: func(ctx context.Context, s Service, ids []string) int {
		results, _ := newWaiter(s).WaitAll(ctx, ids) // each result has its own error
		got := 0
		for _, r := range results {
			if r.Job != nil {
				got++
			}
		}
		return got
	},
}

func newWaiter(s Service) *edenwait.Waiter {
	waiter, err := edenwait.New(edenwait.Config{Token: s.Token, HTTPClient: s.Client, Rate: s.Rate})
	if err != nil {
		panic(fmt.Sprint("baseline: ", err))
	}
	return waiter
}
