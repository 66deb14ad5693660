package edenwait_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// renderPace knows how long a render takes. It does not poll until the first render
// could be done. Then it polls evenly, and stops when that is no longer worthwhile.
// Exponential delays suit jobs of unknown duration. Here they would poll mostly
// while the job is certain to run.
type renderPace struct {
	first, then time.Duration
	looks       int // before it is given up
	looked      int
}

func (p *renderPace) NextBackOff() time.Duration {
	p.looked++
	switch {
	case p.looked >= p.looks:
		return backoff.Stop
	case p.looked == 1:
		return p.first
	default:
		return p.then
	}
}

func (p *renderPace) Reset() { p.looked = 0 }

// Decide when a job is polled, and when it is given up. The first request goes at
// once. A BackOff makes the delays after it.
func ExampleConfig_backOff() {
	api := edentest.New(edentest.Options{})
	id := api.Submit(edentest.Script{After: edentest.Never})

	waiter, err := edenwait.New(edenwait.Config{
		Token: edentest.DefaultToken, HTTPClient: api.Client(),
		// Called once per wait: a BackOff counts, so no two may share one. The
		// durations would be of minutes, for renders that take an hour.
		BackOff: func() backoff.BackOff {
			return &renderPace{first: 150 * time.Millisecond, then: 20 * time.Millisecond, looks: 3}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = waiter.Wait(context.Background(), id)

	var gaveUp *edenwait.GaveUpError
	if errors.As(err, &gaveUp) {
		fmt.Println("gave up after", gaveUp.Polls, "polls, last seen", gaveUp.LastStatus)
	}
	asked := api.Requests()
	fmt.Println("left alone at first:", asked[1].Time.Sub(asked[0].Time) >= 150*time.Millisecond)
	// Output:
	// gave up after 3 polls, last seen processing
	// left alone at first: true
}
