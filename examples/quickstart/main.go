// Quickstart waits for four jobs of the API in a box. Against the real one, drop
// edentest, and take the ids from the answers to your submits.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

func main() {
	api := edentest.Start(edentest.Options{Seed: 7}) // the API in a box; with a key, drop it
	defer api.Close()
	ids := api.SubmitAll(4, edentest.World{Durations: edentest.Uniform{Max: 3 * time.Second}, FailShare: 0.3})

	waiter, err := edenwait.New(edenwait.Config{BaseURL: api.URL, Token: edentest.DefaultToken})
	if err != nil {
		panic(err)
	}
	results, err := waiter.WaitAll(context.Background(), ids)
	for _, r := range results {
		if r.Job != nil { // else r.Err says why
			fmt.Println(r.Job.Status, r.Job.Provider, r.Job.Cost)
		}
	}
	fmt.Println(err)
}
