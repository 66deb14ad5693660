package bar

import "time"

// span is how far back a pace is measured: long enough to bridge the pause between
// two looks at a list, short enough to show that the pace has changed.
const span = 10 * time.Second

// meter measures requests a second, as they happen. What they may come to at most
// says little: a batch that waits well is mostly far below it.
type meter struct {
	samples []sample // the first is at or before the beginning of the span
}

type sample struct {
	at       time.Time
	requests int
}

// note takes how many requests there have been.
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

// rate is the pace of the last seconds. A second is the least that it is measured
// over.
func (m *meter) rate(now time.Time) float64 {
	m.forget(now)
	if len(m.samples) == 0 {
		return 0
	}
	first, last := m.samples[0], m.samples[len(m.samples)-1]
	return float64(last.requests-first.requests) / max(now.Sub(first.at), time.Second).Seconds()
}
