package list

import (
	"math"
	"time"
)

// Cadence is the gap between two scans, from how fast jobs have been ending.
//
// Scans that lie g apart cost 1/g requests a second, and each of the jobs that
// end at a rate of r waits g/2 to be noticed. Where one request is worth a delay
// of L job-seconds, the sum of both is least at g = √(2L/r): the square-root rule
// of stores that order by the lot (Harris 1913). While no job ends, the estimate
// of r sinks and the gap grows. It shrinks with the first news.
type Cadence struct {
	last  time.Duration
	ends  float64 // seen of late, older ones fading
	watch float64 // seconds in which they were seen, fading likewise
}

const (
	fades = 30.0 // seconds
	// Before anything is seen, as if one job had ended in three seconds: short
	// jobs are the impatient ones.
	priorEnds  = 1.0
	priorWatch = 3.0

	// early bounds the gap by a share of the time since the youngest job was
	// taken in. Silence says little about a young job: a batch of jobs that last
	// alike is silent until all of them end.
	early = 0.4

	minGap = 500 * time.Millisecond
	maxGap = 10 * time.Second
	// flowGap is the least gap while jobs keep coming: most have hardly begun. At two
	// jobs a second it saves an eighth of all requests, and costs half a second.
	flowGap = 2 * time.Second
	// freshGap is how soon a new job is worth a page. It may have ended long ago.
	freshGap = 1500 * time.Millisecond
)

// Next is the time until the next scan, after one that showed so many ends. Age
// is that of the youngest job; worth is L, in job-seconds per request.
func (c *Cadence) Next(now time.Duration, ends int, age time.Duration, worth float64) time.Duration {
	passed := (now - c.last).Seconds()
	c.last = now
	kept := math.Exp(-passed / fades)
	c.ends = c.ends*kept + float64(ends)
	c.watch = c.watch*kept + passed
	rate := (c.ends + priorEnds) / (c.watch + priorWatch)
	gap := time.Duration(math.Sqrt(2*worth/rate) * float64(time.Second))
	gap = min(gap, time.Duration(float64(age)*early))
	least := minGap
	if age.Seconds() < passed {
		least = flowGap
	}
	return min(max(gap, least), maxGap)
}

// Resume begins anew when work begins after idleness.
func (c *Cadence) Resume(now time.Duration) { *c = Cadence{last: now} }
