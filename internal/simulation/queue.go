package simulation

import (
	"time"

	"github.com/edenwait/edenwait/internal/engine"
)

// queue has items in the order of time.
type queue[T any] struct {
	items []timed[T]
	first int
}

type timed[T any] struct {
	at   time.Duration
	item T
}

// len is the number of items.
func (q *queue[T]) len() int { return len(q.items) - q.first }

// due is when the first is due; Never if there is none.
func (q *queue[T]) due() time.Duration {
	if q.first == len(q.items) {
		return engine.Never
	}
	return q.items[q.first].at
}

func (q *queue[T]) push(at time.Duration, item T) {
	if q.first == len(q.items) {
		q.items, q.first = q.items[:0], 0
	}
	q.items = append(q.items, timed[T]{at, item})
}

func (q *queue[T]) pop() T {
	q.first++
	return q.items[q.first-1].item
}
