// Package two has two circles: one of a generic type's methods, and one of functions, of which one
// is handed over.
package two

// Stack is generic.
type Stack[T any] struct{ items []T }

// Push calls shrink.
func (s *Stack[T]) Push(item T) {
	s.items = append(s.items, item)
	s.shrink()
}
