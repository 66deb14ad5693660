package edentest

import (
	"sort"
	"time"
)

// blockSize is how many jobs share one block of a board.
const blockSize = 1024

// A block counts the listed jobs among blockSize neighbours in the order of
// arrival. The counts hold from one moment until the next at which any of these
// jobs changes, so a list of a hundred thousand jobs, most of which ended long
// ago, costs about as much as the page it shows.
type block struct {
	from, until            time.Duration
	listed, running        int32
	succeeded, failed, odd int32
}

// count returns how many jobs of block n are listed with that status ("" for
// any) at the moment at.
func (a *API) count(n int, status string, at time.Duration) int {
	b := &a.blocks[n]
	if at < b.from || at >= b.until {
		*b = block{from: at, until: Never}
		for i := n * blockSize; i < min((n+1)*blockSize, len(a.jobs)); i++ {
			a.tally(b, &a.jobs[i], at)
		}
	}
	switch status {
	case "":
		return int(b.listed)
	case "processing":
		return int(b.running)
	case "success":
		return int(b.succeeded)
	default:
		return int(b.failed)
	}
}

func (a *API) tally(b *block, j *job, at time.Duration) {
	if !a.listed(j, at) {
		return
	}
	b.listed++
	b.until = min(b.until, a.changes(j, at))
	switch j.status(at) {
	case "processing":
		b.running++
	case "success":
		b.succeeded++
	case "fail":
		b.failed++
	default:
		b.odd++
	}
}

// listed tells whether the list of the moment at holds the job, which was added
// by then.
func (a *API) listed(j *job, at time.Duration) bool {
	return !a.gone(j, at) && (!j.deleted || a.deleted[j.seq] > at)
}

// changes returns the first moment after at when the list shows the job in
// another way, or no longer.
func (a *API) changes(j *job, at time.Duration) time.Duration {
	next := Never
	note := func(t time.Duration) {
		if t > at {
			next = min(next, t)
		}
	}
	note(j.ends)
	if j.script != nil && j.script.Reverts > 0 {
		back := after(j.ends, j.script.Reverts)
		note(back)
		note(after(back, j.script.Rerun))
	}
	if a.opts.Retention > 0 {
		note(after(j.ends, a.opts.Retention))
	}
	if j.deleted {
		note(a.deleted[j.seq])
	}
	return next
}

// disturb discards what is known of the job's block.
func (a *API) disturb(seq int32) { a.blocks[seq/blockSize].until = 0 }

// known returns how many jobs were added until at. They are in the order of
// arrival, so they are the first so many.
func (a *API) known(at time.Duration) int {
	n := len(a.jobs)
	if n == 0 || a.jobs[n-1].created <= at {
		return n
	}
	return sort.Search(n, func(i int) bool { return a.jobs[i].created > at })
}

// page calls show for the jobs that match f, newest first, after the first skip
// of them and at most limit, and returns how many there are in all.
func (a *API) page(f *filter, at time.Duration, skip int, show func(*job)) (total int) {
	n := a.known(at)
	shown := 0
	for end := n; end > 0; {
		start := (end - 1) / blockSize * blockSize
		// A block is counted whole only, when all of its jobs are known of, and
		// by nothing but status.
		if f.feature == "" && f.subfeature == "" && end == min(start+blockSize, len(a.jobs)) {
			if m := a.count(start/blockSize, f.status, at); total+m <= skip || shown >= f.limit {
				total += m
				end = start
				continue
			}
		}
		for i := end - 1; i >= start; i-- {
			j := &a.jobs[i]
			if !a.listed(j, at) || !f.match(j, at) {
				continue
			}
			if total >= skip && shown < f.limit {
				show(j)
				shown++
			}
			total++
		}
		end = start
	}
	return total
}
