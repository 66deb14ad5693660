package edentemporal

import "sync"

// batch collects the outcomes of one Await. It is safe for concurrent use.
type batch struct {
	size    sizer
	sending chan struct{} // holds one while a heartbeat is sent

	mu       sync.Mutex
	outcomes []Outcome
	bytes    int
	details  int // how many of the outcomes fit into a heartbeat
	recorded int // how many of them have gone into one
	found    map[string]bool
}

// newBatch starts with what an earlier attempt has found.
func newBatch(size sizer, earlier []Outcome) *batch {
	b := &batch{size: size, sending: make(chan struct{}, 1), found: map[string]bool{}}
	for _, o := range earlier {
		b.add(o)
	}
	b.recorded = b.details
	return b
}

// add takes an Outcome in, and reports whether it is time to return.
func (b *batch) add(o Outcome) (full bool) {
	o, n := b.size.fit(o)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.found[o.ID] {
		b.found[o.ID] = true
		b.outcomes = append(b.outcomes, o)
		b.bytes += n
		if b.bytes <= detailBytes { // the first that does not fit ends it
			b.details = len(b.outcomes)
		}
	}
	return b.full()
}

func (b *batch) full() bool { return len(b.outcomes) >= returnOutcomes || b.bytes >= returnBytes }

// left returns the ids without an Outcome, or none if it is time to return.
func (b *batch) left(ids []string) (left []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.full() {
		return nil
	}
	for _, id := range ids {
		if !b.found[id] {
			left = append(left, id)
		}
	}
	return left
}

// result is what the Await returns.
func (b *batch) result() AwaitResult {
	b.mu.Lock()
	defer b.mu.Unlock()
	return AwaitResult{Outcomes: append([]Outcome{}, b.outcomes...)}
}

// beat returns the details of a heartbeat: what the next attempt need not poll again,
// and whether an earlier heartbeat lacks a part of it. What does not fit is polled
// again, one GET per job.
func (b *batch) beat() (details AwaitResult, news bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	news = b.details > b.recorded
	b.recorded = b.details
	return AwaitResult{Outcomes: append([]Outcome{}, b.outcomes[:b.details]...)}, news
}

// send sends a heartbeat, or only one with news, after one that is under way: a late one
// would replace newer details by its own.
func (b *batch) send(record func(AwaitResult), onlyNews bool) {
	b.sending <- struct{}{}
	defer func() { <-b.sending }()
	if details, news := b.beat(); news || !onlyNews {
		record(details)
	}
}
