package rival

import (
	"context"
	"fmt"

	"github.com/edenwait/edenwait"
)

var edenwaitDefaults = Rival{
	Name:   "edenwait",
	Module: "github.com/edenwait/edenwait",
	How:    "`WaitAll` with the defaults; `Rate` is the account's limit.",
	Wait:   waitAll,
}

func waitAll(ctx context.Context, s Service, ids []string) int {
	waiter, err := edenwait.New(edenwait.Config{Token: s.Token, HTTPClient: s.Client, Rate: s.Rate})
	if err != nil {
		panic(fmt.Sprint("rival: ", err))
	}
	results, _ := waiter.WaitAll(ctx, ids) // what went wrong is in the results too
	got := 0
	for _, r := range results {
		if r.Job != nil {
			got++
		}
	}
	return got
}
