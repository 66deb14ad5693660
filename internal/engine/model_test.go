package engine

import (
	"fmt"
	"math"
	"time"
)

// model plays everything around an Engine: callers, the network and the API. It
// does what its script says, however unlikely, and checks after every input what
// the Engine promises.
type model struct {
	script []byte
	config Config
	e      *Engine
	now    time.Duration
	wake   time.Duration
	err    error

	calls    []*modelCall
	requests []*modelRequest // not answered yet
	answered []RequestID
	tickets  []Ticket
	granted  map[Ticket]bool
	sent     []time.Duration // requests and grants of late, for the budget
	ended    map[Key]bool    // jobs that a GET has shown ended
	expect   *expected       // what the next Ready must bring
	slots    int32
}

// modelCall is a call, and the slots that it has no end for.
type modelCall struct {
	handle *Call
	open   map[int32]Key
	left   bool
	paused bool
}

type modelRequest struct {
	Request
	aborted time.Duration // Never: it was not
}

// expected is the end of a job whose final response was given to the Engine.
type expected struct {
	key   Key
	slots int
}

// next is the next number of the script, below n; 0 at its end.
func (m *model) next(n int) int {
	if len(m.script) == 0 {
		return 0
	}
	b := int(m.script[0])
	m.script = m.script[1:]
	return b % n
}

func (m *model) fail(format string, args ...any) {
	if m.err == nil {
		m.err = fmt.Errorf("at %v: "+format, append([]any{m.now}, args...)...)
	}
}

// fickle is a Backoff that may stop.
type fickle struct {
	delays []time.Duration
	next   int
}

func (f *fickle) Reset() { f.next = 0 }

func (f *fickle) NextBackOff() time.Duration {
	delay := f.delays[min(f.next, len(f.delays)-1)]
	f.next++
	return delay
}

// play runs a script to its end, and then has everything end well.
func play(script []byte) error {
	m := &model{script: script, granted: map[Ticket]bool{}, ended: map[Key]bool{}, wake: Never}
	features := m.next(256)
	m.config = Config{
		Rate: 10, Burst: 1, MaxInFlight: []int{1, 2, 3, 64}[features>>1&3], MaxErrors: []int{60, 2}[features>>3&1],
		MaxWait: []time.Duration{Never, 20 * time.Second}[features>>4&1], UseList: features&1 > 0,
		Delays: []time.Duration{time.Second, 2 * time.Second, 5 * time.Second},
	}
	if features>>5&1 > 0 {
		m.config.Burst = 5
	}
	if kind := features >> 6 & 3; kind > 1 {
		delays := []time.Duration{time.Second, 3 * time.Second}
		if kind == 3 {
			delays = []time.Duration{0, 2 * time.Second, 2 * time.Second, 2 * time.Second, -1}
		}
		m.config.NewBackoff = func() Backoff { return &fickle{delays: delays} }
	}
	m.e = New(m.config)
	for len(m.script) > 0 && m.err == nil {
		m.input()
		m.turn()
	}
	m.finish()
	return m.err
}

// input gives the Engine one input.
func (m *model) input() {
	switch m.next(16) {
	case 0:
		if len(m.calls) < 8 {
			o := CallOptions{Deadline: Never}
			if d := m.next(8); d > 5 {
				o.Deadline = m.now + time.Duration(d)*time.Second
			}
			m.calls = append(m.calls, &modelCall{handle: m.e.Open(m.now, o), open: map[int32]Key{}})
		}
	case 1, 2:
		for range m.next(8) + 1 {
			m.watch()
		}
	case 3:
		if c := m.call(); c != nil {
			c.left = true
			m.e.Cancel(m.now, c.handle)
		}
	case 4:
		if c := m.call(); c != nil && c.left {
			m.drain(c, m.next(4))
		}
	case 5:
		m.close(m.call())
	case 6:
		if c := m.call(); c != nil {
			c.paused = !c.paused
			m.e.Pause(m.now, c.handle, c.paused)
		}
	case 7, 8, 9, 10:
		if len(m.requests) > 0 {
			i := m.next(len(m.requests))
			m.now += time.Duration(m.next(4)) * 15 * time.Millisecond
			m.respond(i)
		}
	case 11: // doubled, late or unknown
		id := RequestID(m.next(256)) + math.MaxUint32
		if len(m.answered) > 0 && m.next(2) > 0 {
			id = m.answered[len(m.answered)-1-m.next(len(m.answered))]
		}
		m.e.Respond(m.now, id, Answer{Outcome: Outcome(m.next(7)), Reached: true})
	case 12:
		m.e.Notify(m.now, m.key())
	case 13:
		m.own()
	case 14:
		if m.wake < 10*365*24*time.Hour { // the times of audits last for 13 years
			m.now = max(m.now, m.wake)
		}
	case 15:
		m.now += []time.Duration{0, time.Millisecond, 50 * time.Millisecond, 399 * time.Millisecond, time.Second, 3 * time.Second, 20 * time.Second, 61 * time.Second}[m.next(8)]
	}
}

func (m *model) key() (k Key) {
	k[0] = byte(m.next(12)) + 1
	return k
}

func (m *model) call() *modelCall {
	if len(m.calls) == 0 {
		return nil
	}
	return m.calls[m.next(len(m.calls))]
}

func (m *model) watch() {
	c := m.call()
	if c == nil {
		return
	}
	m.slots++
	key := m.key()
	m.e.Watch(m.now, c.handle, key, m.slots)
	c.open[m.slots] = key
}

func (m *model) drain(c *modelCall, size int) (n int) {
	buffer := make([]WaitEnd, size)
	n = m.e.Drain(m.now, c.handle, buffer)
	for i := range buffer[:n] {
		m.end(&buffer[i])
	}
	return n
}

func (m *model) close(c *modelCall) {
	if c == nil || len(c.open) > 0 {
		return
	}
	m.e.Close(m.now, c.handle)
	for i := range m.calls {
		if m.calls[i] == c {
			m.calls = append(m.calls[:i], m.calls[i+1:]...)
			break
		}
	}
	if len(m.calls) == 0 { // what was under way has its places back
		m.requests = nil
	}
}

func (m *model) own() {
	switch m.next(4) {
	case 0, 1:
		t, _ := m.e.Reserve()
		m.tickets = append(m.tickets, t)
	case 2:
		if len(m.tickets) > 0 {
			i := m.next(len(m.tickets))
			m.e.Withdraw(m.tickets[i])
			m.tickets = append(m.tickets[:i], m.tickets[i+1:]...)
		}
	case 3:
		m.e.Observe(m.now, m.now-time.Duration(m.next(3))*50*time.Millisecond, m.next(2) > 0, 0)
	}
}

// respond answers a request with whatever the script says.
func (m *model) respond(i int) {
	r := m.requests[i]
	a := Answer{Outcome: Outcome(m.next(7)), Reached: m.next(4) > 0, Value: i}
	if a.Outcome == RateLimited || a.Outcome == Failed {
		a.RetryAfter = []time.Duration{0, 0, time.Second, 30 * time.Second}[m.next(4)]
	}
	if r.Kind == Page {
		a.Pages, a.Gone = m.next(4), m.next(8) == 7
		if a.Gone {
			a.Outcome = Rejected
		}
		for range m.next(16) {
			a.Items = append(a.Items, Item{Key: m.key(), Running: m.next(4) > 0})
		}
	}
	m.answer(i, a)
}

func (m *model) answer(i int, a Answer) {
	r := m.requests[i]
	m.requests = append(m.requests[:i], m.requests[i+1:]...)
	m.answered = append(m.answered, r.ID)
	if under := m.e.requests[r.ID]; under != nil && r.Kind == Get && a.Outcome == Done {
		m.ended[r.Key] = true
		m.expect = &expected{key: r.Key}
		for w := m.e.table.jobs.at(under.job).first; w != none; w = m.e.table.waits.at(w).next {
			m.expect.slots++
		}
	}
	m.e.Respond(m.now, r.ID, a)
}
