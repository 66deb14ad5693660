package cost

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
)

// A Speed is polling as fast as the machine allows.
type Speed struct {
	Name       string  `json:"name"`
	PollsASec  float64 `json:"polls_a_second"`
	CPUPerPoll float64 `json:"cpu_ns_a_poll"` // of this process, not of the server
}

const (
	connections = workers
	speedFor    = 5 * time.Second
)

// SpeedEdenwait has a Waiter poll a thousand jobs that never end, without a
// pause, over so many connections.
func SpeedEdenwait(url string) (Speed, error) {
	transport := newTransport()
	defer transport.CloseIdleConnections()
	waiter, err := edenwait.New(edenwait.Config{
		Token: token, BaseURL: url, HTTPClient: &http.Client{Transport: transport},
		Rate: 1e6, MaxInFlight: connections, DisableList: true,
		BackOff: func() backoff.BackOff { return &backoff.ZeroBackOff{} },
	})
	if err != nil {
		return Speed{}, err
	}
	return speed("edenwait", func(ctx context.Context) int {
		results, _ := waiter.WaitAll(ctx, runningIDs(1000)) // it ends with the context
		polls := 0
		for _, r := range results {
			polls += r.Polls
		}
		return polls
	})
}

// SpeedHand is a goroutine a connection that sends one GET after another, and
// decodes the answers.
func SpeedHand(url string) (Speed, error) {
	transport := newTransport()
	defer transport.CloseIdleConnections()
	client := &http.Client{Timeout: 30 * time.Second, Transport: transport}
	ids := runningIDs(1000)
	return speed("net/http loop", func(ctx context.Context) int {
		var polls atomic.Int64
		var group sync.WaitGroup
		for first := range connections {
			group.Go(func() {
				for i := first; ctx.Err() == nil; i += connections {
					if _, err := getByHand(ctx, client, url, ids[i%len(ids)]); err == nil {
						polls.Add(1)
					}
				}
			})
		}
		group.Wait()
		return int(polls.Load())
	})
}

// newTransport returns a transport that keeps its connections and shares none, so that each
// measurement counts only its own goroutines.
func newTransport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = connections
	return transport
}

func speed(name string, poll func(context.Context) int) (Speed, error) {
	ctx, cancel := context.WithTimeout(context.Background(), speedFor)
	defer cancel()
	used, began := cpuTime(), time.Now()
	polls := poll(ctx)
	if polls == 0 {
		return Speed{}, fmt.Errorf("cost: %s got no answer", name)
	}
	return Speed{
		Name:       name,
		PollsASec:  float64(polls) / time.Since(began).Seconds(),
		CPUPerPoll: float64((cpuTime() - used).Nanoseconds()) / float64(polls),
	}, nil
}
