package edentemporal

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

func testID(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i) }

func testIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = testID(i)
	}
	return ids
}

// testOptions are those of a leader of the fake account.
func testOptions(t *testing.T, api *edentest.API, change ...func(*Options)) Options {
	t.Helper()
	o := Options{Account: "test", Config: edenwait.Config{Token: edentest.DefaultToken, HTTPClient: api.Client()}}
	for _, f := range change {
		f(&o)
	}
	o, err := o.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// leading returns the term of a leader in a bubble. Its heartbeats are acknowledged until
// the test calls mute.
func leading(t *testing.T, o Options) (lead *term, mute func(bool)) {
	t.Helper()
	lead, err := newTerm(o, o.HeartbeatTimeout)
	if err != nil {
		t.Fatal(err)
	}
	muted := make(chan bool, 10)
	silent := false
	h := heartbeat{fence: lead.fence, timeout: time.Hour, every: o.beat(o.HeartbeatTimeout), beat: func(context.Context) error {
		select {
		case silent = <-muted:
		default:
		}
		if silent {
			return errors.New("no connection")
		}
		return nil
	}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = h.keep(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	<-lead.fence.opened
	return lead, func(silent bool) { muted <- silent }
}

// records are the heartbeats of an attempt.
type records []AwaitResult

func (r *records) attempt() attempt {
	return attempt{scheduled: time.Now(), every: 2*time.Minute + 30*time.Second, record: func(details AwaitResult) { *r = append(*r, details) }}
}

// last is what the server keeps.
func (r records) last() []Outcome {
	if len(r) == 0 {
		return nil
	}
	return r[len(r)-1].Outcomes
}

// errorType is the type of an error as Temporal shows it, with a mark if it is not tried again.
func errorType(err error) string {
	var failure *temporal.ApplicationError
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &failure):
		return "none: " + err.Error()
	case failure.NonRetryable():
		return failure.Type() + " for good"
	}
	return failure.Type()
}
