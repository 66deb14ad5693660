package list

import (
	"math"
	"time"
)

// Cadence is the gap between two scans, from how fast jobs have been ending.
//
// Scans that lie g apart cost 1/g requests per second, and each of the jobs that
// end at a rate of r waits g/2 to be noticed. Where one request is worth a delay
// of L job-seconds, the sum of both is least at g = √(2L/r): the square-root rule
// of stores that order by the lot (Harris 1913). While no job ends, the estimate
// of r sinks and the gap grows. It shrinks with the first news.
type Cadence struct {
	last    time.Duration
	lastEnd time.Duration // when an end was last seen
	ends    float64       // recently seen; older ones fade
	watch   float64       // seconds in which they were seen, which fade likewise
}

const (
	fades = 30.0 // seconds
	// Before anything is seen, as if one job had ended in three seconds: short
	// jobs are the impatient ones.
	priorEnds  = 1.0
	priorWatch = 3.0
	// After a silence longer than this, in seconds, ends are taken to be the rarer the
	// longer it has lasted: the jobs are long ones.
	longSilence = 45.0
	// The longest gap is maxGap, or this part of such a silence.
	silentShare = 150

	// early bounds the gap by a share of the time since the youngest job was
	// taken in. Silence says little about a young job: a batch of jobs that last
	// alike is silent until all of them end.
	early = 0.4

	minGap = 500 * time.Millisecond
	maxGap = 10 * time.Second
	// toldGap is the longest gap, where hints have been telling of ends.
	toldGap = 30 * time.Second
	// flowGap is the least gap while jobs keep coming: most have hardly begun. At two
	// jobs a second it saves an eighth of all requests, and costs half a second.
	flowGap = 2 * time.Second
	// freshGap is how soon a new job is worth a page. It may have ended long ago.
	freshGap = 1500 * time.Millisecond
)

// Outlook is what is known of the jobs that wait for news.
type Outlook struct {
	Age   time.Duration // of the youngest, since it was taken in
	Worth float64       // L, in job-seconds per request
	// Learned is the share of the jobs whose durations are known, and Rate how many of
	// them are expected to end per second, those left out whose ends hints will tell.
	Learned, Rate float64
	// Untold is the share of ends that no hint will tell, as far as is known.
	Untold float64
}

// Next is the time until the next scan. So many jobs have ended since the last one,
// those included whose end a hint told.
func (c *Cadence) Next(now time.Duration, ends int, o Outlook) time.Duration {
	passed := (now - c.last).Seconds()
	c.last = now
	kept := math.Exp(-passed / fades)
	c.ends = c.ends*kept + float64(ends)
	c.watch = c.watch*kept + passed
	if ends > 0 {
		c.lastEnd = now
	}
	silent := min(now-c.lastEnd, o.Age).Seconds()
	prior := priorEnds * min(1, longSilence/max(silent, 1))
	rate := (1-o.Learned)*o.Untold*(c.ends+prior)/(c.watch+priorWatch) + o.Rate
	gap := time.Duration(min(math.Sqrt(2*o.Worth/rate), maxGap.Seconds()*10) * float64(time.Second))
	told := 1 / math.Sqrt(o.Untold)
	if o.Learned < 1 {
		gap = min(gap, time.Duration(float64(o.Age)*early*told/(1-o.Learned)))
	}
	least := minGap
	if o.Age.Seconds() < passed {
		least = flowGap
	}
	most := max(maxGap, min(time.Duration(float64(maxGap)*told), toldGap))
	most = max(most, min(time.Duration(silent/silentShare*float64(time.Second)), toldGap))
	return min(max(gap, least), most)
}

// Resume starts over when work begins after idleness.
func (c *Cadence) Resume(now time.Duration) { *c = Cadence{last: now, lastEnd: now} }
