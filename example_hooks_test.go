package edenwait_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// archive is where finished jobs go. Hooks run up to sixteen at once, so what
// they share must be safe for concurrent use; a *sql.DB is, see
// examples/database.
type archive struct {
	mu   sync.Mutex
	full bool
	jobs map[string]edenwait.Status
}

var errArchiveFull = errors.New("the archive is full")

func (a *archive) store(_ context.Context, job *edenwait.Job) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.full {
		return errArchiveFull
	}
	a.jobs[job.ID] = job.Status
	return nil
}

// Store each job as it ends, while others are still waited for. A hook that
// fails costs no result: the job is in its Result, beside the hook's error, and
// can be stored from there.
func ExampleHooks() {
	api := edentest.New(edentest.Options{})
	ids := []string{
		api.Submit(edentest.Script{}),
		api.Submit(edentest.Script{Status: "fail"}),
	}
	shelf := &archive{jobs: map[string]edenwait.Status{}, full: true}
	waiter, err := edenwait.New(edenwait.Config{
		Token: edentest.DefaultToken, HTTPClient: api.Client(),
		Hooks: edenwait.Hooks{
			OnSuccess: shelf.store,
			OnFail:    shelf.store, // as final as a success
			OnError: func(_ context.Context, id string, err error) {
				fmt.Println("no final response:", id, err)
			},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	results, err := waiter.WaitAll(ctx, ids)
	fmt.Println("stored:", len(shelf.jobs), "for want of space:", errors.Is(err, errArchiveFull))

	// No new request is needed: the response is here.
	shelf.full = false
	for _, r := range results {
		var hook *edenwait.HookError
		if errors.As(r.Err, &hook) && r.Job != nil {
			fmt.Println("store again:", r.Job.Status, shelf.store(ctx, r.Job))
		}
	}
	fmt.Println("stored:", len(shelf.jobs))
	// Output:
	// stored: 0 for want of space: true
	// store again: success <nil>
	// store again: fail <nil>
	// stored: 2
}
