package bar

import "time"

// span is the time over which the rate is measured: longer than the pause between two list
// scans, and short enough to show changes.
const span = 10 * time.Second

// meter measures the actual requests per second. Most of the time it is far below the rate
// limit.
type meter struct {
	samples []sample // the first is at or before the start of the span
}

type sample struct {
	at       time.Time
	requests int
}

// note records the number of requests so far.
func (m *meter) note(at time.Time, requests int) {
	const step = span / 100 // bounds how many samples there are
	if n := len(m.samples); n > 1 && at.Sub(m.samples[n-2].at) < step {
		m.samples = m.samples[:n-1]
	}
	m.samples = append(m.samples, sample{at, requests})
	m.forget(at)
}

func (m *meter) forget(now time.Time) {
	for len(m.samples) > 1 && now.Sub(m.samples[1].at) >= span {
		m.samples = m.samples[1:]
	}
}

// rate is the requests per second over the span. It is measured over at least a second.
func (m *meter) rate(now time.Time) float64 {
	m.forget(now)
	if len(m.samples) == 0 {
		return 0
	}
	first, last := m.samples[0], m.samples[len(m.samples)-1]
	return float64(last.requests-first.requests) / max(now.Sub(first.at), time.Second).Seconds()
}
