package edenwait

import (
	"context"
	"iter"
	"sync"
	"time"
)

// intake reads ids that arrive while others are waited for.
type intake struct {
	mu     sync.Mutex
	ids    []string
	last   bool          // the next id is the last to be read
	closed bool          // none is taken any more
	thrown any           // what the sequence panicked with
	signal chan struct{} // something changed
	ended  chan struct{} // closed when the sequence is not run any more
}

// newIntake reads ids until they end, ctx does, or stop says so.
func newIntake(ctx context.Context, ids iter.Seq[string]) *intake {
	in := &intake{signal: make(chan struct{}, 1), ended: make(chan struct{})}
	go func() {
		defer close(in.ended)
		defer func() {
			thrown := recover()
			in.change(func() { in.closed, in.thrown = true, thrown })
		}()
		for id := range ids {
			if !in.add(id) || ctx.Err() != nil {
				return
			}
		}
	}()
	return in
}

// add takes an id in, and reports whether another is wanted. What was read has a
// Result, even if it was read just when the batch ended.
func (in *intake) add(id string) (more bool) {
	in.change(func() {
		if !in.closed {
			in.ids = append(in.ids, id)
			more = !in.last
		}
	})
	return more
}

// stop has no more ids read, but for one that may be on its way.
func (in *intake) stop() { in.change(func() { in.last = true }) }

// close takes what has come, and nothing that comes after.
func (in *intake) close() (ids []string) {
	in.change(func() { ids, in.ids, in.closed = in.ids, nil, true })
	return ids
}

// join waits for the sequence to end, unless it is blocked: it may be in the
// middle of reading something that the caller is about to close.
func (in *intake) join() {
	select {
	case <-in.ended:
	case <-time.After(joinWithin):
	}
}

// joinWithin is how long a break out of AsCompleted waits for ids to end.
const joinWithin = 100 * time.Millisecond

func (in *intake) change(f func()) {
	in.mu.Lock()
	f()
	in.mu.Unlock()
	select {
	case in.signal <- struct{}{}:
	default:
	}
}

// take returns the ids that have come since the last take, and whether more may
// come.
func (in *intake) take() (ids []string, open bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	ids, in.ids = in.ids, nil
	return ids, !in.closed
}

// repanic hands the sequence's panic to the goroutine that ranges over the
// results, where it would have been thrown had that one read the sequence.
func (in *intake) repanic() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.thrown != nil {
		panic(in.thrown)
	}
}
