package simulation

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/edenwait/edenwait/internal/engine"
)

// job is a job in the scenario.
type job struct {
	begin, end time.Duration
	known      time.Duration // when the answer came that shows its end; -1 if none has
}

// key is the id of a job, or the id of a foreign job at a place of the list.
func key(job int32, place int) (k engine.Key) {
	if job == foreign {
		k[0] = 1
		binary.BigEndian.PutUint64(k[8:], uint64(place))
	} else {
		binary.BigEndian.PutUint64(k[8:], uint64(job))
	}
	return k
}

func number(k engine.Key) int { return int(binary.BigEndian.Uint64(k[8:])) }

// Ideal is the schedule of a client that knows when each job ends: one GET per
// job, at its end, rate of them per second.
func Ideal(ends []time.Duration, rate float64) (meanDelay, makespan time.Duration) {
	ends = slices.Sorted(slices.Values(ends))
	step := time.Duration(float64(time.Second) / rate)
	var free, total time.Duration
	for _, end := range ends {
		makespan = max(end, free)
		total += makespan - end
		free = makespan + step
	}
	return total / time.Duration(len(ends)), makespan
}

func (s Span) holds(now time.Duration) bool { return s.From <= now && now < s.To }
