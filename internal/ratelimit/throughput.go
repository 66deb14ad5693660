package ratelimit

import "time"

// measured is how many answers throughput is measured over: enough for the
// pauses between them to even out, and less than two seconds' at 5 per second.
const measured = 8

// throughput is how fast good answers come while requests go as fast as they
// may. Beside a rate that has doubled past a server's burst, or was refused by
// chance, it says where the limit is.
type throughput struct {
	answers [measured]time.Duration // a ring of when they came
	count   int
}

func (t *throughput) answered(now time.Duration) {
	t.answers[t.count%measured] = now
	if t.count++; t.count == 2*measured {
		t.count = measured
	}
}

// idle forgets: answers to requests that were few say nothing about a limit.
func (t *throughput) idle() { t.count = 0 }

// perSecond returns the throughput up to now, and whether it is known.
func (t *throughput) perSecond(now time.Duration) (float64, bool) {
	if t.count < measured {
		return 0, false
	}
	oldest := t.answers[t.count%measured]
	return measured / max(now-oldest, 1).Seconds(), true
}
