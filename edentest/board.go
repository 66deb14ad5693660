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

// A board is all jobs of the account in the order of arrival, and what the list
// of any moment makes of them.
type board struct {
	retention time.Duration
	jobs      []job // never shrinks
	blocks    []block
	deleted   map[int32]time.Duration
}

// add takes in one more job, and returns its index.
func (d *board) add(j job) int {
	j.seq = int32(len(d.jobs))
	d.jobs = append(d.jobs, j)
	if int(j.seq)/blockSize == len(d.blocks) {
		d.blocks = append(d.blocks, block{})
	}
	d.disturb(j.seq)
	return int(j.seq)
}

// drop deletes the job.
func (d *board) drop(j *job, now time.Duration) {
	if !j.is(deleted) {
		j.set(deleted, true)
		d.deleted[j.seq] = now
		d.disturb(j.seq)
	}
}

// stick has the list show the job as running forever, or no longer.
func (d *board) stick(j *job, on bool) {
	j.set(stuck, on)
	d.disturb(j.seq)
}

// finish ends the job now, and returns false if it has ended before.
func (d *board) finish(j *job, now time.Duration) bool {
	if j.ends <= now {
		return false
	}
	j.ends = now
	d.disturb(j.seq)
	return true
}

// gone tells whether the results of the job are no longer kept.
func (d *board) gone(j *job, at time.Duration) bool {
	return d.retention > 0 && j.ends != Never && at >= after(j.ends, d.retention)
}

// count returns how many jobs of block n are listed with that status ("" for
// any) at the moment at.
func (d *board) count(n int, status string, at time.Duration) int {
	b := &d.blocks[n]
	if at < b.from || at >= b.until {
		*b = block{from: at, until: Never}
		for i := n * blockSize; i < min((n+1)*blockSize, len(d.jobs)); i++ {
			d.tally(b, &d.jobs[i], at)
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

func (d *board) tally(b *block, j *job, at time.Duration) {
	if !d.listed(j, at) {
		return
	}
	b.listed++
	b.until = min(b.until, d.changes(j, at))
	switch j.listedStatus(at) {
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
func (d *board) listed(j *job, at time.Duration) bool {
	return !d.gone(j, at) && (!j.is(deleted) || d.deleted[j.seq] > at)
}

// changes returns the first moment after at when the list shows the job in
// another way, or no longer.
func (d *board) changes(j *job, at time.Duration) time.Duration {
	next := Never
	note := func(t time.Duration) {
		if t > at {
			next = min(next, t)
		}
	}
	note(j.ends)
	if j.script != nil && j.script.RevertAfter > 0 {
		back := after(j.ends, j.script.RevertAfter)
		note(back)
		note(after(back, j.script.RerunFor))
	}
	if d.retention > 0 {
		note(after(j.ends, d.retention))
	}
	if j.is(deleted) {
		note(d.deleted[j.seq])
	}
	return next
}

// disturb discards what is known of the job's block.
func (d *board) disturb(seq int32) { d.blocks[seq/blockSize].until = 0 }

// known returns how many jobs were added until at. They are in the order of
// arrival, so they are the first so many.
func (d *board) known(at time.Duration) int {
	n := len(d.jobs)
	if n == 0 || d.jobs[n-1].created <= at {
		return n
	}
	return sort.Search(n, func(i int) bool { return d.jobs[i].created > at })
}

// page calls show for the jobs that match f, newest first, after the first skip
// of them and at most limit, and returns how many there are in all.
func (d *board) page(f *filter, at time.Duration, skip int, show func(*job)) (total int) {
	n := d.known(at)
	shown := 0
	for end := n; end > 0; {
		start := (end - 1) / blockSize * blockSize
		// A block is counted whole only, when all of its jobs are known of, and
		// only by status.
		if f.feature == "" && f.subfeature == "" && end == min(start+blockSize, len(d.jobs)) {
			if m := d.count(start/blockSize, f.status, at); total+m <= skip || shown >= f.limit {
				total += m
				end = start
				continue
			}
		}
		for i := end - 1; i >= start; i-- {
			j := &d.jobs[i]
			if !d.listed(j, at) || !f.match(j, at) {
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
