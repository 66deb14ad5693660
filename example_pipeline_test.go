package edenwait_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// received ranges over a channel until it is closed or ctx ends. A plain range
// over the channel would not do: AsCompleted reads ids in a goroutine that would
// then wait forever for a stage that has already gone.
func received[T any](ctx context.Context, from <-chan T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			select {
			case <-ctx.Done():
				return
			case v, open := <-from:
				if !open || !yield(v) {
					return
				}
			}
		}
	}
}

// send sends unless ctx ends first, so that no stage blocks on one that failed.
func send[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pipeline submits files, waits, and counts the words of the transcripts: three
// stages at once, joined by channels. The first stage is still submitting while
// the second waits and the third works on what has ended. An error in any of
// them ends all.
func pipeline(ctx context.Context, waiter *edenwait.Waiter, files []string, submit func(file string) (id string)) (words int, err error) {
	group, ctx := errgroup.WithContext(ctx)

	ids := make(chan string)
	group.Go(func() error {
		defer close(ids) // tells AsCompleted that there is no more to come
		for _, file := range files {
			if err := send(ctx, ids, submit(file)); err != nil {
				return err
			}
		}
		return nil
	})

	jobs := make(chan *edenwait.Job)
	group.Go(func() error {
		defer close(jobs)
		for r := range waiter.AsCompleted(ctx, received(ctx, ids)) {
			if r.Err != nil {
				// Or send it on, where a failed job should not stop the others.
				return r.Err
			}
			if err := send(ctx, jobs, r.Job); err != nil {
				return err
			}
		}
		// When ctx ends, ids that were not taken in yet have no Result: from here
		// that looks as if there had been no more.
		return ctx.Err()
	})

	group.Go(func() error {
		for job := range received(ctx, jobs) {
			var out struct{ Words []string }
			if err := job.Decode(&out); err != nil {
				return err
			}
			words += len(out.Words)
		}
		return ctx.Err()
	})

	err = group.Wait()
	return words, err
}

// Submit, wait and work on the results at the same time, in stages that are
// joined by channels.
func ExampleWaiter_AsCompleted_pipeline() {
	api := edentest.New(edentest.Options{Rate: 1000})
	waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: api.Client(), Rate: 1000})
	if err != nil {
		fmt.Println(err)
		return
	}
	submit := func(string) string {
		return api.Submit(edentest.Script{Output: json.RawMessage(`{"words":["to","be","or","not"]}`)})
	}
	files := []string{"one.mp3", "two.mp3", "three.mp3", "four.mp3", "five.mp3"}
	words, err := pipeline(context.Background(), waiter, files, submit)
	fmt.Println(words, err)
	// Output: 20 <nil>
}
