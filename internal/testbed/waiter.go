package testbed

import (
	"context"
	"testing"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// NewWaiter returns a Waiter that reaches the API in memory.
func NewWaiter(t testing.TB, api *edentest.API, config edenwait.Config) *edenwait.Waiter {
	t.Helper()
	config.Token, config.HTTPClient = edentest.DefaultToken, api.Client()
	return start(t, config)
}

// WaitUnder waits for the ids, for six hours at most, and for none in vain.
func WaitUnder(t *testing.T, waiter *edenwait.Waiter, ids []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 6*time.Hour)
	defer cancel()
	if _, err := waiter.WaitAll(ctx, ids); err != nil {
		t.Error(err)
	}
}

// New returns a fake API, and a Waiter that reaches it in memory.
func New(t *testing.T, opts edentest.Options, config edenwait.Config) (*edentest.API, *edenwait.Waiter) {
	t.Helper()
	api := edentest.New(opts)
	return api, NewWaiter(t, api, config)
}

func start(t testing.TB, config edenwait.Config) *edenwait.Waiter {
	t.Helper()
	waiter, err := edenwait.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return waiter
}
