package edenwait_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// whatNow says what to do about the error of one Result, or of Wait.
//
// The order matters, because an error matches what it wraps: a HookError matches
// whatever the hook returned, and most of the others are the reason inside a
// GaveUpError.
func whatNow(err error) string {
	var (
		hook   *edenwait.HookError
		failed *edenwait.JobFailedError
		odd    *edenwait.UnexpectedStatusError
		api    *edenwait.APIError
		gaveUp *edenwait.GaveUpError
	)
	switch {
	case err == nil:
		return "use the output"
	case errors.As(err, &hook):
		return "store Result.Job again, no request is needed: " + hook.Err.Error()
	case errors.As(err, &failed):
		// A submit bills again, so this is the caller's decision: fix the input or take
		// another provider, depending on the provider's reason.
		return "submit again or leave it: " + failed.Job.Error.Message
	case errors.As(err, &odd):
		return "look at the job, and for a newer version: " + string(odd.Job.Status)
	case errors.Is(err, edenwait.ErrInvalidID):
		return "fix the id: nothing was sent"
	case errors.Is(err, edenwait.ErrMaxErrors):
		return "the API's or the network's trouble: wait again"
	case errors.Is(err, edenwait.ErrNotFound):
		return "submit again: older than 7 days, deleted, or another account's"
	case errors.Is(err, edenwait.ErrUnauthorized):
		return "fix the key, then wait again for the same ids"
	case errors.Is(err, edenwait.ErrPaymentRequired):
		return "pay, then wait again for the same ids"
	case errors.Is(err, edenwait.ErrResponseTooLarge):
		return "wait again with a larger MaxResponseBytes"
	case errors.As(err, &api):
		return fmt.Sprintf("the API's trouble: wait again, or ask support about HTTP %d", api.StatusCode)
	case errors.As(err, &gaveUp):
		// MaxWait, a context that ended, FailFast, a network that was gone for
		// long: the job itself may run on, and its result is kept for 7 days.
		return "wait again, last seen " + string(gaveUp.LastStatus)
	default:
		return "report it"
	}
}

// Tell errors apart, and decide what to do about each. The Cause of a BatchError
// concerns the whole call. The error of a Result concerns one job.
func ExampleBatchError() {
	const never = "99999999-9999-4999-8999-999999999999"
	api := edentest.New(edentest.Options{Rate: 1000})
	ids := []string{
		api.Submit(edentest.Script{}),
		api.Submit(edentest.Script{Status: "fail", Error: json.RawMessage(`"Unsupported media"`)}),
		api.Submit(edentest.Script{Status: "cancelled"}),
		"job 5",
		api.Submit(edentest.Script{ID: never, After: edentest.Never}),
	}
	config := edenwait.Config{
		Token: edentest.DefaultToken, HTTPClient: api.Client(), Rate: 1000,
		MaxWait: 400 * time.Millisecond, // of hours, in life
		Hooks: edenwait.Hooks{OnSuccess: func(context.Context, *edenwait.Job) error {
			return errors.New("the disk is full")
		}},
	}
	show := func(config edenwait.Config) {
		waiter, err := edenwait.New(config)
		if err != nil {
			fmt.Println(err)
			return
		}
		results, err := waiter.WaitAll(context.Background(), ids)
		var batch *edenwait.BatchError
		if errors.As(err, &batch) && batch.Cause != nil {
			// Every job that was not through has this for a reason: once is enough.
			fmt.Println("all:", whatNow(batch.Cause))
			return
		}
		for i, r := range results {
			fmt.Printf("%d: %s\n", i+1, whatNow(r.Err))
		}
	}
	show(config)

	config.Token = "not-the-key"
	show(config)

	// A Waiter believes in a 404 once a wait is five seconds old, since the job
	// may have been submitted a moment ago. A Poller asks once, and says it.
	config.Token = edentest.DefaultToken
	poller, err := edenwait.NewPoller(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = poller.Get(context.Background(), "00000000-0000-4000-8000-000000000000")
	fmt.Println("unknown:", whatNow(err))
	// Output:
	// 1: store Result.Job again, no request is needed: the disk is full
	// 2: submit again or leave it: Unsupported media
	// 3: look at the job, and for a newer version: cancelled
	// 4: fix the id: nothing was sent
	// 5: wait again, last seen processing
	// all: fix the key, then wait again for the same ids
	// unknown: submit again: older than 7 days, deleted, or another account's
}
