package edenwait

import "reflect"

// maxWrapped is how many errors of a chain are looked at. A chain may have no end:
// an error can wrap itself, and errors.Is would look at it forever.
const maxWrapped = 1000

// visitChain visits the error and those that it wraps, in the order of errors.Is, until
// visit returns true.
func visitChain(err error, visit func(error) bool) (found bool) {
	pending := []error{err}
	for range maxWrapped {
		last := len(pending) - 1
		if last < 0 {
			return false
		}
		err := pending[last]
		pending = pending[:last]
		if err == nil {
			continue
		}
		if visit(err) {
			return true
		}
		switch wrapping := err.(type) { //nolint:errorlint // this is what errors.Is does
		case interface{ Unwrap() error }:
			pending = append(pending, wrapping.Unwrap())
		case interface{ Unwrap() []error }:
			wrapped := wrapping.Unwrap()
			for i := min(len(wrapped), maxWrapped) - 1; i >= 0; i-- {
				pending = append(pending, wrapped[i])
			}
		}
	}
	return false
}

// isEndless reports whether the chain of an error has no end, for all that can be
// told.
func isEndless(err error) bool {
	seen := 0
	visitChain(err, func(error) bool { seen++; return false })
	return seen == maxWrapped
}

// matches is errors.Is for chains that may have no end.
func matches(err, target error) bool {
	canCompare := target == nil || reflect.TypeOf(target).Comparable()
	return visitChain(err, func(e error) bool {
		if canCompare && e == target { //nolint:errorlint // this is errors.Is
			return true
		}
		is, ok := e.(interface{ Is(error) bool })
		return ok && is.Is(target)
	})
}

// assign is errors.As for chains that may have no end.
func assign(err error, target any) bool {
	to := reflect.ValueOf(target).Elem()
	return visitChain(err, func(e error) bool {
		if reflect.TypeOf(e).AssignableTo(to.Type()) {
			to.Set(reflect.ValueOf(e))
			return true
		}
		as, ok := e.(interface{ As(any) bool })
		return ok && as.As(target)
	})
}
