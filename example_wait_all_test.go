package edenwait_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// recording is what a batch pipeline knows of a file that it has submitted.
type recording struct {
	file, jobID string
}

// Wait for many jobs. Results come in the order of the ids, so an index finds what
// belongs to an id. Jobs that failed do not affect the others.
func ExampleWaiter_WaitAll() {
	api := edentest.New(edentest.Options{})
	submit := func(file string, script edentest.Script) recording {
		return recording{file, api.Submit(script)}
	}
	recordings := []recording{
		submit("monday.mp3", edentest.Script{Cost: json.RawMessage(`"0.0102"`)}),
		submit("tuesday.mp3", edentest.Script{Status: "fail", Error: json.RawMessage(`"Unsupported media"`)}),
		submit("friday.mp3", edentest.Script{Cost: json.RawMessage(`"0.0198"`)}),
	}

	waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: api.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	ids := make([]string, len(recordings))
	for i, r := range recordings {
		ids[i] = r.jobID
	}
	results, err := waiter.WaitAll(context.Background(), ids)

	// The results first, whatever the error: it sums up, they hold the work.
	var costs []edenwait.Cost
	for i, r := range results {
		switch {
		case r.Err == nil:
			fmt.Println(recordings[i].file, r.Job.Status)
			costs = append(costs, r.Job.Cost)
		case r.Job != nil && r.Job.Error != nil:
			fmt.Println(recordings[i].file, r.Job.Status, r.Job.Error.Message)
		default:
			fmt.Println(recordings[i].file, r.Err)
		}
	}
	var batch *edenwait.BatchError
	if errors.As(err, &batch) {
		fmt.Println(batch.Succeeded, "of", batch.Total, "succeeded")
	}
	total, err := edenwait.SumCosts(costs...)
	fmt.Println("cost", total, err)
	// Output:
	// monday.mp3 success
	// tuesday.mp3 fail Unsupported media
	// friday.mp3 success
	// 2 of 3 succeeded
	// cost 0.03 <nil>
}
