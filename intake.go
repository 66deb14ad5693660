package edenwait

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"
)

// intake reads the ids of an AsCompleted in a goroutine of its own, so that they
// may go on arriving while others are waited for.
type intake struct {
	call  *call
	names names
	ended chan struct{} // closed when the sequence is not run any more

	mu     sync.Mutex
	last   bool // the next id is the last to be read
	closed bool // none is taken any more
	thrown any  // what the sequence panicked with; an error if it ended its goroutine
}

// start reads ids until they end, ctx does, or stop says so.
func (in *intake) start(ctx context.Context, ids iter.Seq[string]) {
	in.ended = make(chan struct{})
	go func() {
		defer close(in.ended)
		complete := false
		defer func() {
			thrown := recover()
			if crashed, _ := in.call.ended(); thrown == nil && !complete && crashed == nil {
				thrown = errors.New("edenwait: the sequence of ids called runtime.Goexit")
			}
			in.mu.Lock()
			in.thrown = thrown
			in.mu.Unlock()
			in.close()
		}()
		for id := range ids {
			if !in.add(id) || ctx.Err() != nil {
				break
			}
		}
		complete = true
	}()
}

// add takes an id in, and reports whether to read another. Every id that was read has a
// Result, even if it was read just when the call ended.
func (in *intake) add(id string) (more bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return false
	}
	in.call.take([]string{id}, in.names.add(id))
	return !in.last
}

// stop has no more ids read, but for one that may be on its way.
func (in *intake) stop() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.last = true
}

// close takes nothing that comes after.
func (in *intake) close() {
	in.mu.Lock()
	closed := in.closed
	in.closed = true
	in.mu.Unlock()
	if !closed {
		in.call.seal()
	}
}

// joinWithin is how long a break out of AsCompleted waits for ids to end.
const joinWithin = 100 * time.Millisecond

// join waits for the sequence to end, unless it is blocked: it may be in the
// middle of reading something that the caller is about to close.
func (in *intake) join() {
	select {
	case <-in.ended:
	case <-time.After(joinWithin):
	}
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

// names keeps the ids that were passed in, until they have their results.
type names struct {
	mu   sync.Mutex
	ids  []string
	free []int32
}

func (n *names) add(id string) int32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	if last := len(n.free) - 1; last >= 0 {
		slot := n.free[last]
		n.free = n.free[:last]
		n.ids[slot] = id
		return slot
	}
	n.ids = append(n.ids, id)
	return int32(len(n.ids) - 1)
}

func (n *names) get(slot int32) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ids[slot]
}

func (n *names) drop(slot int32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ids[slot] = ""
	n.free = append(n.free, slot)
}
