// Package chain has no circle: its files share types and constants both ways, a function comes back
// in a variable, only a test calls upwards, and the builder.go that is called is of package strings.
package chain

// Limit is used by middle.go.
const Limit = 3

// Top is used by middle.go.
type Top struct{ Count int }

// Run calls middle.go.
func Run() int {
	t := &Top{}
	middle(t, func() { t.up() })
	return t.Count
}

func (t *Top) up() { t.Count++ }
