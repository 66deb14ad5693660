package cost

import (
	"context"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// A Batch is a large batch at a raised limit, in real time over loopback.
type Batch struct {
	Jobs     int
	Makespan time.Duration
	// Ratio is the makespan over the ideal client's.
	Ratio    float64
	Requests edentest.Stats
}

// batchRate is the raised limit, in requests per second.
const batchRate = 1000

// MeasureBatch waits for jobs that last between 1 and 20 s. The fake API runs in this
// process, answers after the latency, and refuses what is over the limit with a 429.
func MeasureBatch(ctx context.Context, jobs int, latency time.Duration) (Batch, error) {
	api := edentest.New(edentest.Options{Rate: batchRate, Latency: latency, DiscardRecords: true})
	server := httptest.NewServer(api)
	defer server.Close()
	ids := api.SubmitAll(jobs, edentest.Workload{Durations: edentest.Uniform{Min: time.Second, Max: 20 * time.Second}})
	began := time.Now()
	waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, BaseURL: server.URL, Rate: batchRate})
	if err != nil {
		return Batch{}, err
	}
	if _, err := waiter.WaitAll(ctx, ids); err != nil {
		return Batch{}, err
	}
	b := Batch{Jobs: jobs, Makespan: time.Since(began), Requests: api.Stats()}
	ends := make([]time.Duration, jobs)
	for i, id := range ids {
		end, _ := api.EndedAt(id)
		ends[i] = end.Sub(began)
	}
	b.Ratio = b.Makespan.Seconds() / ideal(ends).Seconds()
	return b, nil
}

// ideal is the makespan of a client that knows when each job ends.
func ideal(ends []time.Duration) (last time.Duration) {
	slices.Sort(ends)
	for _, end := range ends {
		last = max(last+time.Second/batchRate, end)
	}
	return last
}
