package edenwait

import (
	"context"
	"time"
)

// waitersOwn is the key under which the context of the Waiter's own requests has its
// driver, see Transport.
type waitersOwn struct{}

// ownContext has the values of a call's context, and the driver. It never ends. It is
// context.WithoutCancel and context.WithValue in one: there is one per request, and
// two would cost two allocations.
type ownContext struct {
	driver *driver
	caller context.Context // nil if no call waits for the request
}

func (ownContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (ownContext) Done() <-chan struct{}       { return nil }
func (ownContext) Err() error                  { return nil }

// Value implements context.Context. Once derived from, the context package does not
// ask it for a parent to end with, since Done returns nil.
func (c ownContext) Value(key any) any {
	switch {
	case key == waitersOwn{}:
		return c.driver
	case c.caller == nil:
		return nil
	default:
		return c.caller.Value(key)
	}
}

// tracedContext has the values of the context that a Trace made of a call's own, and the
// rest of the call's own. Only the caller's context ends a call: one that a Trace has
// bounded, or freed of its end, would cut the call off or keep it from ending.
type tracedContext struct {
	context.Context
	values context.Context
}

// Value implements context.Context.
func (c tracedContext) Value(key any) any { return c.values.Value(key) }
