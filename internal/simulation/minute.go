package simulation

import "time"

// minute counts what happened in the last minute, and in the one that had most.
type minute struct {
	at   queue[struct{}]
	most int
}

func (m *minute) add(now time.Duration) {
	for m.at.len() > 0 && m.at.due() <= now-time.Minute {
		m.at.pop()
	}
	m.at.push(now, struct{}{})
	m.most = max(m.most, m.at.len())
}
