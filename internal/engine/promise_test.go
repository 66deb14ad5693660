package engine

import (
	"math"
	"reflect"
	"time"
)

// turn takes what the Engine wants done, and checks it.
func (m *model) turn() {
	for range 100 {
		ready := m.e.Ready(m.now)
		m.take(&ready)
		if err := m.e.recount(m.now); err != nil {
			m.fail("%w", err)
		}
		if !ready.More || m.err != nil {
			m.quiet(ready.WakeAt)
			return
		}
	}
	m.fail("there is always more to do")
}

// quiet checks that nothing more comes of one moment, and that someone is woken
// where there is anything left to do.
func (m *model) quiet(wake time.Duration) {
	m.wake = wake
	if again := m.e.Ready(m.now); !reflect.DeepEqual(again, Ready{WakeAt: wake}) {
		m.fail("a second Ready brings %+v, after WakeAt %v", again, wake)
	}
	if wake <= m.now {
		m.fail("wakes at %v", wake)
	}
	if m.expect != nil {
		m.fail("job %d has not ended", m.expect.key[0])
	}
	if wake == Never && m.e.under == 0 {
		for _, c := range m.calls {
			if !c.left && !c.paused && len(c.open) > 0 {
				m.fail("a call waits for %d jobs, and nothing will happen", len(c.open))
			}
		}
		if len(m.tickets) > 0 {
			m.fail("%d own requests wait, and nothing will happen", len(m.tickets))
		}
	}
}

func (m *model) take(ready *Ready) {
	for _, id := range ready.Aborts {
		m.abort(id)
	}
	for i := range ready.Ends {
		m.takeEnd(&ready.Ends[i])
	}
	for _, over := range ready.Over {
		if c := m.of(over.Call); c == nil || c.left {
			m.fail("a call that left is over")
		} else {
			c.left = true
		}
	}
	for _, t := range ready.Grants {
		if m.granted[t] {
			m.fail("ticket %d is granted twice", t)
		}
		m.granted[t] = true
		for i := range m.tickets {
			if m.tickets[i] == t {
				m.tickets = append(m.tickets[:i], m.tickets[i+1:]...)
				break
			}
		}
		m.spend()
	}
	for _, r := range ready.Requests {
		m.takeRequest(r)
	}
}

func (m *model) takeRequest(r Request) {
	m.spend()
	m.requests = append(m.requests, &modelRequest{r, Never})
	under := 0
	for _, r := range m.requests {
		// The place of a page is free at once, that of a GET after a while.
		if r.aborted == Never || r.Kind == Get && m.now < r.aborted+graceful {
			under++
		}
	}
	if under > m.config.MaxInFlight {
		m.fail("%d requests under way", under)
	}
	if r.Kind == Page {
		if !m.config.UseList {
			m.fail("the list is read")
		}
		return
	}
	if m.of(r.For) == nil {
		m.fail("a GET for a call that is closed")
	}
	for _, c := range m.calls {
		for _, key := range c.open {
			if key == r.Key && !c.left && !c.paused {
				return
			}
		}
	}
	m.fail("job %d is asked for, and nobody may have it asked for", r.Key[0])
}

// spend counts a request against the budget.
func (m *model) spend() {
	m.sent = append(m.sent, m.now)
	for m.sent[0] < m.now-time.Second {
		m.sent = m.sent[1:]
	}
	if most := int(m.config.Rate) + m.config.Burst - 1; len(m.sent) > most {
		m.fail("%d requests in a second", len(m.sent))
	}
}

func (m *model) abort(id RequestID) {
	for i, r := range m.requests {
		if r.ID == id {
			if r.aborted != Never {
				m.fail("request %d is aborted twice", id)
			}
			if r.aborted = m.now; r.Kind == Page {
				m.requests = append(m.requests[:i], m.requests[i+1:]...)
			}
			return
		}
	}
	if len(m.calls) > 0 {
		m.fail("request %d is aborted, and is not under way", id)
	}
}

func (m *model) takeEnd(end *End) {
	if x := m.expect; x != nil && x.key == end.Key && end.Reason == Answered && len(end.Waits) == x.slots {
		m.expect = nil
	}
	since := time.Duration(math.MinInt64)
	for i := range end.Waits {
		w := &end.Waits[i]
		if c := m.of(w.Call); c != nil && c.open[w.Slot] != end.Key {
			m.fail("the end of job %d for a wait for job %d", end.Key[0], c.open[w.Slot][0])
		}
		if w.Since < since {
			m.fail("the waits of job %d are out of order", end.Key[0])
		}
		since = w.Since
		m.end(w)
	}
}

// end takes one wait's end: each slot has one.
func (m *model) end(w *WaitEnd) {
	c := m.of(w.Call)
	if c == nil {
		m.fail("an end for a call that is closed")
		return
	}
	for _, slot := range append([]int32{w.Slot}, w.More...) {
		if _, open := c.open[slot]; !open {
			m.fail("slot %d ends, and has ended or was never watched", slot)
		}
		delete(c.open, slot)
	}
	// A wait that joins a request under way has its answer, and did not send it.
	if w.Polls < 0 || w.Fails < 0 || w.Fails > w.Polls+1 {
		m.fail("%d polls, %d failed", w.Polls, w.Fails)
	}
}

func (m *model) of(handle *Call) *modelCall {
	for _, c := range m.calls {
		if c.handle == handle {
			return c
		}
	}
	return nil
}
