package edenwait

import (
	"context"
	"testing"
)

// TestOwnContext: a request has the values of its call's context, and does not end
// with it.
func TestOwnContext(t *testing.T) {
	type key struct{}
	caller, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "v"))
	own := &driver{}
	ctx, end := context.WithCancel(ownContext{driver: own, caller: caller})
	cancel(context.DeadlineExceeded)
	if ctx.Err() != nil || context.Cause(ctx) != nil {
		t.Errorf("err %v, cause %v: the request ended with the call", ctx.Err(), context.Cause(ctx))
	}
	if ctx.Value(key{}) != "v" || ctx.Value(waitersOwn{}) != own {
		t.Errorf("values %v and %v, want those of the call and the driver", ctx.Value(key{}), ctx.Value(waitersOwn{}))
	}
	if end(); ctx.Err() == nil {
		t.Error("the request does not end when it is aborted")
	}
	if v := (ownContext{driver: own}).Value(key{}); v != nil {
		t.Errorf("without a call, a value %v", v)
	}
}
