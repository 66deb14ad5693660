package faults

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/internal/testbed"
)

// TestFaultsOverTheWire: what docs/faults.md says of faults in memory holds over
// HTTP/1.1 and HTTP/2, where each looks different. Each fault strikes the first GET of
// every job, and the first page of the list.
func TestFaultsOverTheWire(t *testing.T) {
	effects := append(passing(), edentest.Silence(), edentest.Hang(), edentest.Drip(time.Hour), edentest.StrayNotFound(),
		edentest.ForbiddenPage(), edentest.Unavailable(0), edentest.Processing(202, ""))
	testbed.OverWire(t, func(t *testing.T, w testbed.Protocol) {
		for _, effect := range effects {
			switch name := effect.String(); {
			case strings.HasPrefix(name, "retry after"), strings.HasPrefix(name, "delay"), name == edentest.Status(429, "", nil).String(), name == edentest.Status(503, "", nil).String():
				continue // they take seconds, and are headers alone
			}
			t.Run(effect.String(), func(t *testing.T) {
				t.Parallel()
				server, transport := w.Account(t, edentest.Options{Rate: -1, Faults: []edentest.Fault{
					{On: edentest.Get, PerJob: true, Times: 1, Do: effect}, {On: edentest.List, Times: 1, Do: effect},
				}})
				// A client of the caller's for every other fault.
				config := edenwait.Config{
					Rate: 1000, RequestTimeout: 300 * time.Millisecond, DisableList: effect.String() == edentest.OtherID().String(),
					BackOff: func() backoff.BackOff { return backoff.NewConstantBackOff(10 * time.Millisecond) },
				}
				if len(effect.String())%2 == 0 {
					config.HTTPClient = &http.Client{Transport: transport}
					defer transport.CloseIdleConnections()
				}
				waiter := w.Waiter(t, server, transport, config)
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // a bound for a test that fails
				defer cancel()
				ids := server.SubmitAll(8, edentest.Workload{Durations: edentest.Fixed(0)})
				if _, err := waiter.WaitAll(ctx, ids); err != nil {
					t.Errorf("%.500v", err)
				}
			})
		}
	})
}
