package engine

import (
	"time"

	"github.com/edenwait/edenwait/internal/list"
)

// outlookJobs is how many of the jobs that wait for news are looked at to tell how
// many of them will end soon.
const outlookJobs = 64

// outlook is what is known of the jobs that the list may bring news of.
func (e *Engine) outlook(now time.Duration) list.Outlook {
	o := list.Outlook{Age: now - e.youngest, Worth: pageWorth * e.priceNow(now), Untold: 1}
	n := e.table.jobs.len()
	seen, learned := 0, 0
	hazard, untold := 0.0, 0.0
	for range min(n, 4*outlookJobs) {
		if e.sampled++; e.sampled >= n {
			e.sampled = 0
		}
		job := e.table.jobs.at(e.sampled)
		if job.state != listed && job.state != polled {
			continue
		}
		left := e.history.untold(job.kind)
		untold += left
		if e.history.learned(job.kind) {
			learned++
			hazard += left * e.history.durations.Hazard(job.kind, job.age(now))
		}
		if seen++; seen == outlookJobs {
			break
		}
	}
	if seen > 0 {
		o.Untold = untold / float64(seen)
		o.Learned = float64(learned) / float64(seen)
		o.Rate = hazard / float64(seen) * float64(e.idle)
	}
	return o
}
