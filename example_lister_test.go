package edenwait_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// delivered is a Source that answers from what has been delivered, by a webhook for
// example, and polls the API for the rest: deliveries get lost, polls do not. It
// saves requests to the API, not time, since a delivery makes no poll come earlier.
// Eden AI's deliveries have no cost.
//
// It embeds a Poller, so it is a Lister too, and a Waiter uses its list in bulk. A
// Source without List is polled job by job.
type delivered struct {
	*edenwait.Poller
	mu   sync.Mutex // Get is called concurrently
	jobs map[string]*edenwait.Job
}

var _ edenwait.Lister = (*delivered)(nil)

func (d *delivered) deliver(job *edenwait.Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.jobs[job.ID] = job
}

// Get looks under id as it comes: a Waiter asks with lower-case ids, and Job.ID
// is in lower case too, however they were written at first.
func (d *delivered) Get(ctx context.Context, id string) (*edenwait.Job, error) {
	d.mu.Lock()
	job := d.jobs[id]
	d.mu.Unlock()
	if job != nil {
		return job, nil
	}
	return d.Poller.Get(ctx, id)
}

// Put something before the API that may know the answer already, and keep the
// job list, by embedding a Poller.
func ExampleLister() {
	api := edentest.New(edentest.Options{})
	ids := []string{
		api.Submit(edentest.Script{Provider: "deepgram"}),
		api.Submit(edentest.Script{Provider: "openai"}),
		api.Submit(edentest.Script{Provider: "google"}),
	}
	config := edenwait.Config{Token: edentest.DefaultToken, HTTPClient: api.Client()}
	poller, err := edenwait.NewPoller(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	source := &delivered{Poller: poller, jobs: map[string]*edenwait.Job{}}
	source.deliver(&edenwait.Job{ID: ids[1], Status: edenwait.StatusSuccess, Provider: "a webhook"})

	config.Source = source
	waiter, err := edenwait.New(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	results, err := waiter.WaitAll(context.Background(), ids)
	for _, r := range results {
		fmt.Println(r.Job.Provider)
	}
	fmt.Println(err, api.Stats().Gets, "GETs")
	// Output:
	// deepgram
	// a webhook
	// google
	// <nil> 2 GETs
}
