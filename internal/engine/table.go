package engine

import (
	"math"
	"time"

	"github.com/edenwait/edenwait/internal/durations"
)

// Key is a job's id.
type Key = [16]byte

// RequestID names a request. It is never used again.
type RequestID uint64

// Never is a time that does not come.
const Never = time.Duration(math.MaxInt64)

// none is the number of no job, wait or place.
const none int32 = -1

// state says where a job stands between two requests. All its waits stand in the
// same queue of their calls.
type state uint8

const (
	gone     state = iota // free
	listed                // left to the list
	polled                // polled on its own, when due
	urgent                // before any other: ended as far as is known, refused by a 429, or audited
	inFlight              // its GET is under way
	dying                 // its GET is under way though nobody waits for it any more
)

// job is what is kept of a job: little, since there may be a million.
type job struct {
	key     Key
	request RequestID     // the GET under way; 0 if none
	looked  time.Duration // when the last request was sent that saw it running; Never if none did
	first   int32         // its waits
	chain   int32         // the next job in its bucket of the index
	scan    uint32        // the last scan during which it is known to have run
	polls   uint32        // GETs sent
	failed  uint32        // of which failed
	good    uint32        // failed, at the last good answer
	born    uint32        // tells it from another job of the same number
	began   int32         // when it was created, as far as is known, in tenths of a second
	kind    durations.Kind
	// toldAfter is how long after looked it was first said to have ended, in tenths of
	// a second, from 1; 0 if it was not.
	toldAfter uint16
	state     state
	attempt   uint8 // of the default backoff
	hints     uint8 // of Notify, that were of no use
	flags     flags
}

type flags uint8

const (
	unshown  flags = 1 << iota // hints are ignored until the list shows it running: the last one was false, or its GET failed
	hinted                     // urgent on the list's word alone
	refused                    // its last GET was refused by a 429, and it was made urgent once
	seen                       // seen running
	detached                   // out of the index: nobody can join it any more
	notified                   // a hint came while its GET was under way
	told                       // a hint of Notify has it asked for
	final                      // its final poll is near, and is to be a GET
)

func (f flags) has(flag flags) bool { return f&flag != 0 }

func (f *flags) set(flag flags, on bool) {
	if on {
		*f |= flag
	} else {
		*f &^= flag
	}
}

// wait is one call's interest in one job.
type wait struct {
	due   time.Duration // when the job is next polled for it
	key   time.Duration // the order in its queue; may lag behind due, see table.due
	since time.Duration
	job   int32
	next  int32 // the job's other waits
	prev  int32
	call  int32
	place int32 // in its queue
	slot  int32 // the caller's name for it
	more  int32 // further slots
	polls uint32
	fails uint32
}

// slot is a further place of an id in one call.
type slot struct{ slot, next int32 }

// table keeps jobs and waits.
type table struct {
	jobs  arena[job]
	waits arena[wait]
	slots arena[slot]
	index index
	live  int // jobs
	born  uint32
}

// find returns the job that can be joined.
func (t *table) find(key Key) (int32, bool) {
	return t.index.find(&t.jobs, &key)
}

func (t *table) addJob(key Key, now time.Duration) int32 {
	j := t.jobs.add()
	t.born++
	*t.jobs.at(j) = job{key: key, first: none, looked: Never, born: t.born, began: int32(now / ageUnit)}
	t.index.add(&t.jobs, j)
	t.live++
	return j
}

// detach takes the job out of the index: a wait that begins from now on gets a job of
// its own.
func (t *table) detach(j int32) {
	if job := t.jobs.at(j); !job.flags.has(detached) {
		job.flags.set(detached, true)
		t.index.remove(&t.jobs, j)
	}
}

// dropJob frees a job without waits.
func (t *table) dropJob(j int32) {
	t.detach(j)
	t.jobs.drop(j)
	t.live--
}

func (t *table) addWait(j, call, slot int32, now time.Duration) int32 {
	w := t.waits.add()
	job := t.jobs.at(j)
	*t.waits.at(w) = wait{
		job: j, call: call, slot: slot, since: now, place: none, more: none,
		next: job.first, prev: none, polls: job.polls, fails: job.failed,
	}
	if job.first != none {
		t.waits.at(job.first).prev = w
	}
	job.first = w
	return w
}

// dropWait frees a wait that stands in no queue, and its slots.
func (t *table) dropWait(w int32) {
	wait := t.waits.at(w)
	for more := wait.more; more != none; {
		next := t.slots.at(more).next
		t.slots.drop(more)
		more = next
	}
	if wait.prev != none {
		t.waits.at(wait.prev).next = wait.next
	} else {
		t.jobs.at(wait.job).first = wait.next
	}
	if wait.next != none {
		t.waits.at(wait.next).prev = wait.prev
	}
	t.waits.drop(w)
	t.waits.at(w).job = none
}

// addSlot gives the wait one more slot.
func (t *table) addSlot(w, n int32) {
	more := t.slots.add()
	wait := t.waits.at(w)
	*t.slots.at(more) = slot{n, wait.more}
	wait.more = more
}

// waitOf is the wait of a call for a job, or none.
func (t *table) waitOf(j, call int32) int32 {
	for w := t.jobs.at(j).first; w != none; w = t.waits.at(w).next {
		if t.waits.at(w).call == call {
			return w
		}
	}
	return none
}

// before and moved are a queue's order: see ordered.

func (t *table) before(a, b int32) bool { return t.waits.at(a).key < t.waits.at(b).key }

func (t *table) moved(w int32, place int) { t.waits.at(w).place = int32(place) }

// due is when the first of a queue is due; Never if it is empty. A wait that is
// put off keeps its place until it comes first: a page of the list puts off a
// thousand at once.
func (t *table) due(queue []int32) time.Duration {
	for len(queue) > 0 {
		first := t.waits.at(queue[0])
		if first.due <= first.key {
			return first.key
		}
		first.key = first.due
		siftDown(t, queue, 0)
	}
	return Never
}
