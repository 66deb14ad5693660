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

// outlet hands results to the goroutine that ranges over them, as many at once
// as there are, since one at a time costs a switch of goroutines each.
type outlet struct {
	held    []Result
	batches chan []Result
	thrown  any // what the loop panicked with; to be read when batches is closed
}

func newOutlet() *outlet {
	return &outlet{batches: make(chan []Result)}
}

// A nil outlet is one of a call that needs none: it holds nothing.

// add holds a result until it is taken.
func (o *outlet) add(r Result) { o.held = append(o.held, r) }

// offer is what to send and where; the channel is nil when there is nothing.
func (o *outlet) offer() (chan<- []Result, []Result) {
	if o.empty() {
		return nil, nil
	}
	return o.batches, o.held
}

// taken tells that what was offered was sent.
func (o *outlet) taken() { o.held = nil }

func (o *outlet) empty() bool { return o == nil || len(o.held) == 0 }

// full reports whether so much is held that asking for more would only fill the
// memory.
func (o *outlet) full(limit int) bool { return o != nil && len(o.held) >= limit }

// flush waits until everything is taken. Someone always takes: who breaks out of
// the range drops what comes until the end.
func (o *outlet) flush() {
	if o.empty() {
		return
	}
	o.batches <- o.held
	o.held = nil
}
