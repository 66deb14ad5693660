package engine

import (
	"math"
	"math/rand/v2"
	"sort"
	"time"
)

// A list that shows a job running is a hint too. It may be behind, or show a job
// so forever. So each job that is left to the list is polled now and
// then, in idle turns: firstAudit after it was taken in, twice more
// after as long, and then at ages that about double.
//
// Of many jobs only some can be audited without their cost showing, and few are
// enough to find out a list that is wrong about many. So the share of the rate that
// audits take falls with the number of jobs: a list that is wrong about one of eighty
// jobs is found out within four minutes, and a thousand jobs cost no more than eighty.
// A list that is right about many ends is audited less.
const (
	firstAudit = 140 * time.Second
	auditTiers = 16
	auditShare = 6.4 // divided by the number of jobs,
	maxShare   = 0.2 // and no more than this
	// A list that has not been right about any end yet may show every job running
	// forever. Until it has, or the other audits begin, one of the jobs is polled now and
	// then. The gap is this share of the time since work began for ten jobs or fewer, and
	// falls with the square root of their number. Such a job is not audited again soon.
	firstEarly = 3 * time.Second
	leastEarly = time.Second
	earlyShare = 0.33
	// rightEnough is how often a minute the list must be right about ends to halve the
	// audits.
	rightEnough = 8
)

// audits has the jobs that will be audited, by how often they have been. Those of
// one tier wait equally long, so those of a tier that are due come before the others.
type audits struct {
	tiers [auditTiers]fifo[audit]
	added int           // jobs, since tiers was compacted
	next  time.Duration // when the share allows the next one
	last  time.Duration // when the last one was sent

	right float64 // times that the list was right of late about an end, older ones fading
	at    time.Duration

	began  time.Duration // when work began after idleness
	proven bool          // since then the list has been right about an end
	ended  time.Duration // when the first end since then was known
	early  time.Duration // when the next early audit is due
	from   int32         // where to look for its job
}

// resume starts over when work begins after idleness.
func (a *audits) resume(now time.Duration) {
	a.began, a.proven, a.ended, a.early = now, false, Never, now+firstEarly
}

type audit struct {
	job  int32
	born uint32
	due  uint32 // in tenths of a second, which last for 13 years
}

const auditUnit = time.Second / 10

// auditGap is how long a job of a tier waits for its next audit.
func auditGap(tier int) time.Duration {
	switch {
	case tier < 3:
		return firstAudit
	case tier == 3:
		return 2 * firstAudit
	}
	return 6 * firstAudit << (tier - 4)
}

func (a *audits) add(tier int, j int32, born uint32, now time.Duration) {
	tier = min(tier, auditTiers-1)
	a.tiers[tier].push(audit{j, born, uint32((now + auditGap(tier)) / auditUnit)})
}

// compact forgets the audits of jobs that have ended, when they are most. Else they go
// as their turns come, which is never on an account that is always busy.
func (a *audits) compact(t *table) {
	if a.added++; a.added < max(1024, 2*t.live) {
		return
	}
	a.added = 0
	for tier := range a.tiers {
		var kept fifo[audit]
		for q := &a.tiers[tier]; q.len() > 0; q.pop() {
			if first := q.at(0); t.jobs.at(first.job).born == first.born {
				kept.push(*first)
			}
		}
		a.tiers[tier] = kept
	}
}

// chooseEarly returns any of the jobs that are left to the list.
func (a *audits) chooseEarly(t *table, may func(j int32) bool, now time.Duration) int32 {
	const tries = 256 // jobs that have ended are most, at the end of a batch
	n := t.jobs.len()
	for i := range min(n, tries) {
		j := (a.from + i) % n
		if t.jobs.at(j).state == listed && may(j) {
			return j
		}
	}
	a.putOff(t, now)
	return none
}

func (a *audits) putOff(t *table, now time.Duration) {
	gap := earlyShare * float64(now-a.began) / math.Sqrt(max(1, float64(t.live)/10))
	a.early = now + max(leastEarly, time.Duration(gap))
	a.from = rand.Int32N(max(1, t.jobs.len())) // jobs that came together may be alike
}

// choose returns the job to audit now, or when to look again. A job that may not
// be asked for has its turn later. Shown says that the list shows jobs running, as far
// as it is known.
func (a *audits) choose(t *table, may func(j int32) bool, now time.Duration, shown bool) (j int32, at time.Duration) {
	at = Never
	if shown && !a.proven && t.live > 0 && now-a.began < firstAudit {
		if a.early <= now {
			if j := a.chooseEarly(t, may, now); j != none {
				return j, now
			}
		}
		at = a.early
	}
	for tier := range a.tiers {
		q := &a.tiers[tier]
		a.shuffle(tier, now)
		for q.len() > 0 {
			first := q.at(0)
			due := time.Duration(first.due) * auditUnit
			job := t.jobs.at(first.job)
			if job.state == gone || job.born != first.born {
				q.pop()
				continue
			}
			if max(due, a.next) > now {
				at = min(at, max(due, a.next))
				break
			}
			if job.state == listed && may(first.job) {
				return first.job, now
			}
			a.done(tier, now)
		}
	}
	return none, at
}

// confirmed records that the list was right about an end.
func (a *audits) confirmed(now time.Duration) {
	a.right = a.lately(now) + 1
	a.at, a.proven = now, true
}

// scanned records that a whole scan has been read, which shows no job any more that
// has ended by then: then the list was right, if there was one.
func (a *audits) scanned(agrees func(ended time.Duration) bool) {
	a.proven = a.proven || a.ended != Never && agrees(a.ended)
}

// lately is how often the list was right, in about the last minute.
func (a *audits) lately(now time.Duration) float64 {
	return a.right * math.Exp(-(now-a.at).Seconds()/60)
}

// shuffle puts any of the due jobs of a tier first. Jobs that came together may be
// alike, so in their order a list that is wrong about the last of them would be
// found out late.
func (a *audits) shuffle(tier int, now time.Duration) {
	q := &a.tiers[tier]
	if a.next > now {
		return
	}
	due := sort.Search(q.len(), func(i int) bool { return time.Duration(q.at(i).due)*auditUnit > now })
	if due > 1 {
		first, other := q.at(0), q.at(rand.IntN(due))
		*first, *other = *other, *first
	}
}

// done has the first of a tier wait for its next audit.
func (a *audits) done(tier int, now time.Duration) {
	entry := *a.tiers[tier].at(0)
	a.tiers[tier].pop()
	a.add(tier+1, entry.job, entry.born, now)
}

// sent records that a job is asked for itself. The next audit is due after a while
// that keeps them to their share. Where hints tell of ends it is longer, but not beyond
// firstAudit: hints may stop while the list stands still, and only an audit shows that.
func (a *audits) sent(t *table, j int32, now time.Duration, rate, untold float64) {
	if !a.proven && a.early <= now && now-a.began < firstAudit {
		a.putOff(t, now)
		return
	}
	for tier := range a.tiers {
		if q := &a.tiers[tier]; q.len() > 0 && q.at(0).job == j {
			a.done(tier, now)
			break
		}
	}
	share := min(auditShare/float64(max(t.live, 1)), maxShare) / (1 + a.lately(now)/rightEnough)
	gap := 1 / (share * rate)
	gap = min(max(gap, min(gap/untold, firstAudit.Seconds())), maxDelay.Seconds())
	a.last = now
	a.next = now + time.Duration(gap*float64(time.Second))
}
