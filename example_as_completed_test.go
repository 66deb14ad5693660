package edenwait_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// Take each result as its job ends, and stop as soon as there is enough. Here the
// same picture was ordered from three providers, and the first one will do.
//
// Results are not kept, so a million of them need no more memory than one.
func ExampleWaiter_AsCompleted() {
	api := edentest.New(edentest.Options{})
	ids := []string{
		api.Submit(edentest.Script{Provider: "slow", After: time.Hour}),
		api.Submit(edentest.Script{Provider: "quick", Output: json.RawMessage(`{"url":"https://example.com/picture.png"}`)}),
		api.Submit(edentest.Script{Provider: "never", After: edentest.Never}),
	}
	waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: api.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	for r := range waiter.AsCompleted(context.Background(), slices.Values(ids)) {
		if r.Err != nil {
			fmt.Println(r.Err) // the others may still do better
			continue
		}
		fmt.Printf("%s: %s\n", r.Job.Provider, r.Job.Output)
		break // polling stops; the other jobs run on, and are billed
	}
	// Output: quick: {"url":"https://example.com/picture.png"}
}
