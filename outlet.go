package edenwait

// outlet hands results to the goroutine that ranges over them, as many at once
// as there are, since one at a time costs a switch of goroutines each. A nil
// outlet is that of a call which needs none, and holds nothing.
type outlet struct {
	held    []Result
	batches chan []Result
	thrown  any // what the loop panicked with; to be read when batches is closed
}

func newOutlet() *outlet {
	return &outlet{batches: make(chan []Result)}
}

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
