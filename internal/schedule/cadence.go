package schedule

import (
	"math"
	"time"
)

// Cadence is how long to leave the list alone between two sweeps, from how fast
// jobs have been ending.
//
// Sweeps that lie g apart cost 1/g requests a second, and let each of the jobs
// that end, at a rate of r, wait g/2 for being noticed. Where one request is
// worth a delay of L job-seconds, the sum of both is least at g = √(2L/r), the
// square-root rule of every store that orders by the lot (Harris 1913). While no
// job ends, the estimate of r sinks and the gap grows; it shrinks with the first
// news.
type Cadence struct {
	last  time.Duration
	ends  float64 // seen of late, older ones fading
	watch float64 // seconds in which they were seen, fading likewise
}

const (
	worth = 0.7  // L, in job-seconds a request
	fades = 30.0 // seconds
	// Before anything is seen, as if one job had ended in three seconds: short
	// jobs are the impatient ones.
	priorEnds  = 1.0
	priorWatch = 3.0

	// early bounds the gap by a share of the time since the call began. In its
	// first seconds, silence says little: a batch of jobs that last alike is
	// silent until all of them end, and short ones would wait for a long gap.
	early = 0.4

	minGap = time.Second
	maxGap = 10 * time.Second
)

// Next is the time until the next sweep, after one that showed so many ends.
func (c *Cadence) Next(now time.Duration, ends int) time.Duration {
	passed := (now - c.last).Seconds()
	c.last = now
	kept := math.Exp(-passed / fades)
	c.ends = c.ends*kept + float64(ends)
	c.watch = c.watch*kept + passed
	rate := (c.ends + priorEnds) / (c.watch + priorWatch)
	gap := time.Duration(math.Sqrt(2*worth/rate) * float64(time.Second))
	gap = min(gap, time.Duration(float64(now)*early))
	return min(max(gap, minGap), maxGap)
}
