package ratelimit_test

import (
	"container/heap"
	"math/rand/v2"
	"time"

	"github.com/edenwait/edenwait/internal/ratelimit"
)

const (
	roundTrip = 40 * time.Millisecond
	forever   = time.Duration(1<<63 - 1)
)

// A sender is one class of requests of one Limiter, with work to do as fast as it
// may, or at times of its own.
type sender struct {
	limiter *ratelimit.Limiter
	class   ratelimit.Class
	jobs    int           // still to be answered
	every   time.Duration // a request is wanted as often as this; 0: as fast as may be
	from    time.Duration // and not before

	wanted   time.Duration // when the next is
	underWay int
	wake     time.Duration
	sent     []time.Duration
	good     []time.Duration // when good answers came
	refused  int
	done     time.Duration
}

type event struct {
	at     time.Duration
	number int
	sender *sender
	sent   time.Duration
	answer bool // comes back; else arrives at the server
	ok     bool
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].number < e[j].number
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

type simulation struct {
	server  *server
	senders []*sender
	late    func(*rand.Rand) time.Duration // how late a wake-up is
	rand    *rand.Rand
	queue   events
	number  int
	now     time.Duration
	sent    []time.Duration
}

// run ends when all work is done, or at the end.
func (m *simulation) run(end time.Duration) {
	for _, s := range m.senders {
		s.wake, s.wanted = s.from, s.from
	}
	for m.now < end {
		next := forever
		for _, s := range m.senders {
			next = min(next, s.wake)
		}
		if len(m.queue) > 0 {
			next = min(next, m.queue[0].at)
		}
		if next == forever {
			return
		}
		m.now = next
		for len(m.queue) > 0 && m.queue[0].at <= m.now {
			m.handle(heap.Pop(&m.queue).(event))
		}
		// Whoever is first by chance goes first.
		first := m.rand.IntN(len(m.senders))
		for i := range m.senders {
			m.send(m.senders[(first+i)%len(m.senders)])
		}
	}
}

func (m *simulation) push(e event) {
	m.number++
	e.number = m.number
	heap.Push(&m.queue, e)
}

func (m *simulation) handle(e event) {
	s := e.sender
	if !e.answer {
		e.ok = m.server.admit(m.now, int(s.class))
		e.answer, e.at = true, m.now+roundTrip/2
		m.push(e)
		return
	}
	s.underWay--
	if e.ok {
		s.limiter.Answered(m.now, e.sent, s.class)
		s.jobs--
		s.done = m.now
		s.good = append(s.good, m.now)
	} else {
		s.limiter.Limited(m.now, e.sent, s.class, 0)
		s.refused++
	}
	for _, other := range m.senders { // what is allowed has changed
		if other.limiter == s.limiter && other.wake > m.now {
			other.wake = m.now
		}
	}
}

func (m *simulation) send(s *sender) {
	if s.wake > m.now {
		return
	}
	for {
		if s.jobs-s.underWay <= 0 {
			s.wake = forever
			return
		}
		wait := max(s.wanted-m.now, s.limiter.Delay(m.now, s.class))
		if wait > 0 {
			s.wake = m.now + wait
			if m.late != nil {
				s.wake += m.late(m.rand)
			}
			return
		}
		s.limiter.Take(m.now, s.class)
		if s.every > 0 {
			s.wanted = m.now + s.every
		}
		s.sent = append(s.sent, m.now)
		m.sent = append(m.sent, m.now)
		s.underWay++
		m.push(event{at: m.now + roundTrip/2, sender: s, sent: m.now})
	}
}

// mostInASecond is how many requests any second holds, both of its ends counted.
func mostInASecond(at []time.Duration) (most int) {
	first := 0
	for i := range at {
		for at[i]-at[first] > time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
