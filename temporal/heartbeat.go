package edentemporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
)

// heartbeat keeps the lead. Its beat returns nil only if the server has
// acknowledged: activity.RecordHeartbeat cannot be used, since it returns nothing.
type heartbeat struct {
	fence   *fence
	timeout time.Duration // the server's
	every   time.Duration
	beat    func(context.Context) error
}

// keep sends heartbeats until ctx ends or the lead is lost, and returns why.
func (h *heartbeat) keep(ctx context.Context) error {
	acknowledged := now() // of the first one: not before the activity began
	for {
		sent := now()
		bounded, cancel := context.WithTimeout(ctx, h.every)
		err := h.beat(bounded)
		cancel()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		pause := h.every - now().since(sent)
		switch {
		case err == nil:
			h.fence.acknowledge(sent)
			acknowledged = sent
		case lost(err):
			return fmt.Errorf("edentemporal: the lead is lost: %w", err)
		case now().since(acknowledged) >= h.timeout:
			return fmt.Errorf("edentemporal: the lead is lost: no heartbeat was acknowledged for %v: %w", h.timeout, err)
		default:
			pause = min(pause, time.Second) // it failed at once
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// lost reports whether the answer to a heartbeat means that this attempt leads no more.
func lost(err error) bool {
	var notFound *serviceerror.NotFound
	var cancelled *temporal.CanceledError
	return errors.As(err, &notFound) || errors.As(err, &cancelled) ||
		errors.Is(err, activity.ErrActivityPaused) || errors.Is(err, activity.ErrActivityReset)
}
