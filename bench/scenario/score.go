package scenario

import (
	"encoding/json"
	"math"
	"slices"
	"time"
)

// A Score is what one run comes to. Times are in seconds. A job's delay is from its
// end to the first GET that shows it. Lag, P50, P95 and Max are the mean, the
// percentiles and the maximum of the delays, each less the same of the ideal client.
type Score struct {
	Lag      float64 // mean
	P50      float64
	P95      float64
	Max      float64
	Requests float64 // per job
	Limited  float64 // 429s per job
	Took     float64 // from the first submit to the last result
	Ideal    float64 // the same of the ideal client
	Delay    float64 // mean, nothing taken off
	Lost     int     // jobs whose result did not arrive
	Cut      bool    // stopped after too many requests
}

// Makespan is Took over the ideal client's.
func (s Score) Makespan() float64 { return s.Took / s.Ideal }

// MarshalJSON writes the numbers in the order of the fields: there are thousands of
// scores, and their names would be most of the file.
func (s Score) MarshalJSON() ([]byte, error) {
	cut := 0.0
	if s.Cut {
		cut = 1
	}
	return json.Marshal([]float64{s.Lag, s.P50, s.P95, s.Max, s.Requests, s.Limited, s.Took, s.Ideal, s.Delay, float64(s.Lost), cut})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Score) UnmarshalJSON(data []byte) error {
	var v [11]float64
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	*s = Score{v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], int(v[9]), v[10] == 1}
	return nil
}

// rounded keeps four significant digits. More is noise, and would be stored.
func (s Score) rounded() Score {
	for _, v := range []*float64{&s.Lag, &s.P50, &s.P95, &s.Max, &s.Requests, &s.Limited, &s.Took, &s.Ideal, &s.Delay} {
		if *v != 0 {
			scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(*v))))
			*v = math.Round(*v*scale) / scale
		}
	}
	return s
}

// idealTimes is when each result arrives at a client that knows the ends: one GET
// per job, at its end, rate of them per second evenly spaced, in the order of the
// ends. A client that spends the burst that the account allows can be ahead of it
// by that, a second at most.
func idealTimes(ends []time.Duration, rate float64) []time.Duration {
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

// compare holds when results were seen, never if negative, against the ideal.
func compare(ends, seen, ideal []time.Duration) (s Score) {
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
	s.Ideal = slices.Max(ideal).Seconds()
	if len(delays) == 0 {
		return s
	}
	slices.Sort(delays)
	slices.Sort(least)
	s.Delay = mean(delays)
	s.Lag = s.Delay - mean(least)
	s.P50 = quantile(delays, 0.5) - quantile(least, 0.5)
	s.P95 = quantile(delays, 0.95) - quantile(least, 0.95)
	s.Max = quantile(delays, 1) - quantile(least, 1)
	s.Took = last.Seconds()
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
