package edenwait_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// End the wait with the first job that does not succeed, for a batch that is worth
// nothing unless it is complete.
//
// Only the wait ends. The other jobs run on and are billed.
func ExampleConfig_failFast() {
	api := edentest.New(edentest.Options{})
	ids := []string{ // the chapters of one film
		api.Submit(edentest.Script{After: edentest.Never}),
		api.Submit(edentest.Script{Status: "fail", Error: json.RawMessage(`"No speech found"`)}),
		api.Submit(edentest.Script{After: edentest.Never}),
	}
	waiter, err := edenwait.New(edenwait.Config{
		Token: edentest.DefaultToken, HTTPClient: api.Client(),
		FailFast: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	results, err := waiter.WaitAll(context.Background(), ids)

	// The BatchError has errors of two kinds: that of the job that failed, and those of
	// the others, which were stopped for it.
	var failed *edenwait.JobFailedError
	if errors.As(err, &failed) {
		fmt.Println("because of:", failed.Job.Error.Message)
	}
	for i, r := range results {
		fmt.Println("chapter", i+1, "stopped:", errors.Is(r.Err, edenwait.ErrFailFast))
	}
	// Output:
	// because of: No speech found
	// chapter 1 stopped: true
	// chapter 2 stopped: false
	// chapter 3 stopped: true
}
