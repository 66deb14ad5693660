package edentemporal

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// errFenced is the error of a request that the fence refuses.
var errFenced = errors.New("edentemporal: the request was not sent: this process may no longer lead")

// A fence lets requests pass while no other process can lead.
//
// The server gives the lead to another process when the heartbeat timeout has passed
// since the last heartbeat that it received. It received that one after this process
// sent it. So counting from when it was sent is safe, whatever the delays, and a
// quarter of the timeout is left for a request that is on its way.
type fence struct {
	mu      sync.Mutex
	span    time.Duration
	beat    moment // when the last acknowledged heartbeat was sent
	known   bool   // whether there is one
	ended   error  // why nothing will pass any more
	refused int
	opened  chan struct{} // closed at the first acknowledged heartbeat
}

func newFence(timeout time.Duration) *fence {
	return &fence{span: timeout / 4 * 3, opened: make(chan struct{})}
}

// acknowledge says that the server has acknowledged the heartbeat sent then.
func (f *fence) acknowledge(sent moment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.known {
		f.known = true
		close(f.opened)
	}
	f.beat = sent
}

// end closes the fence for ever.
func (f *fence) end(reason error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended == nil {
		f.ended = reason
	}
}

// check returns nil if a request may be sent at that moment.
func (f *fence) check(at moment) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.reason(at)
	if err != nil {
		f.refused++
	}
	return err
}

// reason returns why nothing may be sent.
func (f *fence) reason(at moment) error {
	switch {
	case f.ended != nil:
		return fmt.Errorf("%w: %v", errFenced, f.ended) // a refusal must not match here: it would look like an answer of the API
	case !f.known:
		return fmt.Errorf("%w: no heartbeat has been acknowledged", errFenced)
	}
	if age := at.since(f.beat); age >= f.span {
		return fmt.Errorf("%w: the last acknowledged heartbeat is %v old: want at most %v", errFenced, age.Round(time.Millisecond), f.span)
	}
	return nil
}

// reasonAt returns why nothing may be sent at that moment, or nil.
func (f *fence) reasonAt(at moment) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reason(at)
}

// state returns how old the last acknowledged heartbeat is, and how many requests were refused.
func (f *fence) state(at moment) (age time.Duration, refused int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known {
		age = at.since(f.beat)
	}
	return age, f.refused
}
