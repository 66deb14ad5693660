package durations

import (
	"math"
	"time"
)

// memory is how many jobs that pass a bin it remembers: older ones fade. Each bin
// forgets by what passes it, not by the clock or by ends elsewhere. So a batch of
// thousands that age together does not wipe out what it showed when it was young.
const memory = 100

// add counts a part of a job's life that fell into a bin.
func (b *bin) add(i int, ends, exposure float64) {
	passed := ends + exposure/(edges[i+1]-edges[i])
	kept := memory / (memory + passed)
	b.ends = float32(float64(b.ends)*kept + ends)
	b.exposure = float32(float64(b.exposure)*kept + exposure)
}

// Running counts a job that was seen running at the age to, and was last counted
// at the age from.
func (m *Model) Running(k Kind, from, to time.Duration) {
	a, b := span(from, to)
	if a >= b {
		return
	}
	l := m.grow(k)
	for i := index(a); i < bins && edges[i] < b; i++ {
		exposure := min(b, edges[i+1]) - max(a, edges[i])
		for _, s := range l.seen[:l.n] {
			s.bins[i].add(i, 0, exposure)
		}
	}
}

// Ended counts a job that was last counted at the age from, and was seen ended at
// the age to. When it ended is known only so far; what has been learned says how
// likely each age between is.
func (m *Model) Ended(k Kind, from, to time.Duration) {
	a, b := span(from, to)
	low := index(a)
	if low == bins {
		return // older than what is kept
	}
	l := m.grow(k)
	// The share of each bin, of the jobs that run at a.
	var shares [bins]float64
	alive, high := 1.0, low
	for i := low; i < bins && (i == low || edges[i] < b); i++ {
		left := alive * math.Exp(-l.hazard(i)*(min(b, edges[i+1])-max(a, edges[i])))
		shares[i] = alive - left
		alive, high = left, i
	}
	ended := 1 - alive
	if !(ended > 1e-12) { // an interval of no length
		shares[low], high, ended = 1, low, 1
	}
	later := 1.0 // the share that ended in this bin or a later one
	for i := low; i <= high; i++ {
		share := shares[i] / ended
		later = max(later-share, 0)
		exposure := (later + share/2) * max(min(b, edges[i+1])-max(a, edges[i]), 0)
		for _, s := range l.seen[:l.n] {
			s.bins[i].add(i, share, exposure)
			s.oldest = max(s.oldest, i)
		}
	}
}

// grow is the line of a kind, with room to learn in each of its nodes.
func (m *Model) grow(k Kind) line {
	if int(k) >= len(m.nodes) {
		k = 0
	}
	for at := k; ; at = m.nodes[at].parent {
		if m.nodes[at].seen == nil {
			m.nodes[at].seen = &seen{oldest: -1}
		}
		if at == 0 {
			return m.line(k)
		}
	}
}
