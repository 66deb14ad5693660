package world

import (
	"math"
	"slices"
	"time"
)

// A Score is what one run over a world comes to. Times are in seconds. A job's
// delay is from its end to the first GET that shows it; Lag, P50, P95 and Max are
// the mean, the percentiles and the maximum of the delays, each less the same of
// the clairvoyant schedule's delays.
type Score struct {
	Lag      float64 `json:"lag"` // mean
	P50      float64 `json:"p50"`
	P95      float64 `json:"p95"`
	Max      float64 `json:"max"`
	Requests float64 `json:"requests"`      // a job
	Limited  float64 `json:"limited"`       // 429s a job
	Makespan float64 `json:"makespan"`      // over the clairvoyant's
	Lost     int     `json:"lost"`          // jobs whose result did not arrive
	Cut      bool    `json:"cut,omitempty"` // stopped after too many requests
}

// clairvoyant is when each job's result arrives in the schedule of one that
// knows the ends: one GET a job, at its end, rate of them a second evenly spaced,
// in the order of the ends. Who spends the burst that the account allows can be
// ahead of it by that, a second at most.
func clairvoyant(ends []time.Duration, rate float64) []time.Duration {
	order := make([]int, len(ends))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(ends[a] - ends[b]) })
	step := time.Duration(float64(time.Second) / rate)
	times := make([]time.Duration, len(ends))
	var free time.Duration
	for _, i := range order {
		times[i] = max(ends[i], free)
		free = times[i] + step
	}
	return times
}

// judge compares when results were seen, never if negative, with the ideal.
func judge(ends, seen, ideal []time.Duration) (s Score) {
	var delays, least []float64
	var last time.Duration
	for i, at := range seen {
		least = append(least, (ideal[i] - ends[i]).Seconds())
		if at < 0 {
			continue
		}
		last = max(last, at)
		delays = append(delays, (at - ends[i]).Seconds())
	}
	if len(delays) == 0 {
		return s
	}
	slices.Sort(delays)
	slices.Sort(least)
	s.Lag = mean(delays) - mean(least)
	s.P50 = quantile(delays, 0.5) - quantile(least, 0.5)
	s.P95 = quantile(delays, 0.95) - quantile(least, 0.95)
	s.Max = quantile(delays, 1) - quantile(least, 1)
	s.Makespan = last.Seconds() / slices.Max(ideal).Seconds()
	return s
}

// quantile is by the nearest rank of sorted values.
func quantile(sorted []float64, q float64) float64 {
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
