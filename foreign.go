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

// sentinels are what the Waiter looks for in an error.
var sentinels = [4]error{ErrRateLimited, ErrUnauthorized, ErrPaymentRequired, ErrNotFound}

// contain returns the error as one that can be looked at anywhere: by its name, if
// it panics. That it ends the goroutine is left to the caller.
func contain(err error) (contained error) {
	if api, own := any(err).(*APIError); own && api != nil {
		return err
	}
	defer func() {
		if recover() != nil {
			contained = fmt.Errorf("a %T that panics when it is looked at", err)
		}
	}()
	f := &foreignError{err: err, text: err.Error()}
	var api *APIError
	if errors.As(err, &api) {
		f.api = api
	}
	for i, sentinel := range sentinels {
		f.is[i] = errors.Is(err, sentinel)
	}
	return f
}

// thrownError is what was thrown, as an error that can be looked at anywhere. It
// matches what was thrown if that is an error.
func thrownError(what string, thrown any) error {
	err, is := thrown.(error)
	if !is {
		return fmt.Errorf("%s: %s", what, text(thrown))
	}
	return fmt.Errorf("%s: %w", what, contain(err))
}

// text is what was thrown, for an error or a log.
func text(thrown any) (s string) {
	defer func() {
		if recover() != nil {
			s = fmt.Sprintf("a %T that panics when it is printed", thrown)
		}
	}()
	return fmt.Sprint(thrown)
}

func (f *foreignError) Error() string { return f.text }

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
	return errors.Is(f.err, target)
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
	return errors.As(f.err, target)
}

// contextCause is why the context ended: what it was cancelled with, and always
// context.Canceled or context.DeadlineExceeded too.
func contextCause(ctx context.Context) error {
	cause := context.Cause(ctx)
	if err := ctx.Err(); cause == nil || cause == err { //nolint:errorlint // the very value
		return cause
	}
	if cause = contain(cause); errors.Is(cause, ctx.Err()) {
		return cause
	}
	return fmt.Errorf("%w: %w", ctx.Err(), cause)
}
