package edenwait

import (
	"context"
	"errors"
	"fmt"
)

// foreignError is an error that a Source, a hook or a context's owner made. Its methods are the
// caller's code, and may panic, or end the goroutine that calls them: a typed nil
// does. So what the Waiter needs to know of it is found out once, where it comes
// in and where both are caught, and its text is kept.
type foreignError struct {
	err  error
	text string
	api  *APIError
	is   [4]bool // sentinels
}

// sentinels are the errors that the Waiter looks for.
var sentinels = [4]error{ErrRateLimited, ErrUnauthorized, ErrPaymentRequired, ErrNotFound}

// contain returns the error as one that can be looked at anywhere: by its name, if
// it panics. That it ends the goroutine is left to the caller.
func contain(err error) (contained error) {
	if api, own := any(err).(*APIError); own && api != nil {
		return err
	}
	defer func() {
		if recover() != nil {
			contained = fmt.Errorf("an error of type %T whose methods panic", err)
		}
	}()
	f := &foreignError{err: err, text: shorten(err.Error())}
	visitChain(err, func(e error) bool {
		api, own := e.(*APIError) //nolint:errorlint // this is what errors.As does
		if !own {
			if as, ok := e.(interface{ As(any) bool }); !ok || !as.As(&api) {
				return false
			}
		}
		f.api = api
		return true
	})
	for i, sentinel := range sentinels {
		f.is[i] = matches(err, sentinel)
	}
	return f
}

func (f *foreignError) Error() string { return f.text }

// GoString keeps %#v from printing what the error holds.
func (f *foreignError) GoString() string { return fmt.Sprintf("&edenwait.foreignError{%q}", f.text) }

// Is asks the error itself only about what the Waiter never looks for.
func (f *foreignError) Is(target error) (is bool) {
	for i, sentinel := range sentinels {
		if target == sentinel {
			return f.is[i]
		}
	}
	defer func() {
		if recover() != nil {
			is = false
		}
	}()
	return matches(f.err, target)
}

// As likewise.
func (f *foreignError) As(target any) (as bool) {
	if api, own := target.(**APIError); own {
		if f.api != nil {
			*api = f.api
		}
		return f.api != nil
	}
	defer func() {
		if recover() != nil {
			as = false
		}
	}()
	return assign(f.err, target)
}

// contextCause is why the context ended: what it was cancelled with, and always
// context.Canceled or context.DeadlineExceeded too.
func contextCause(ctx context.Context) error {
	if traced, ok := ctx.(tracedContext); ok {
		ctx = traced.Context // the cause is looked up among the values
	}
	cause := context.Cause(ctx)
	if err := ctx.Err(); cause == nil || cause == err { //nolint:errorlint // the very value
		return cause
	}
	if cause = contain(cause); errors.Is(cause, ctx.Err()) {
		return cause
	}
	return fmt.Errorf("%w: %w", ctx.Err(), cause)
}
