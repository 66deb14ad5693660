// Package methods has a circle made only by methods of one type. start.go leads into it.
package methods

type machine struct{ steps int }

// Run is in no circle.
func Run() int {
	m := &machine{steps: 3}
	m.first()
	return m.steps
}
