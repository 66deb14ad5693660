package engine

import (
	"testing"
	"time"
)

// crowd opens calls for one job each, which all want a request at once.
func crowd(d *desk, calls int) {
	for n := range calls {
		d.e.Watch(d.now, d.e.Open(d.now, CallOptions{Deadline: Never}), keyOf(1000+n), 0)
	}
}

// asked returns when the first GET of a job is sent. All others end theirs.
func asked(d *desk, job int) time.Duration {
	for {
		d.next()
		r := d.take(Get)
		if r.Key == keyOf(job) {
			return d.now
		}
		d.answer(r, Answer{Outcome: Done})
	}
}

// A call that has little time left does not wait for its turn behind two hundred others.
func TestDeadlineAmongCalls(t *testing.T) {
	d := newDesk(t, Config{Rate: 10}, 0)
	crowd(d, 200)
	late := d.e.Open(d.now, CallOptions{Deadline: d.now + 15*second})
	d.e.Watch(d.now, late, keyOf(1), 0)
	d.ready()
	if at := asked(d, 1); at > 13*second+second/2 {
		t.Errorf("polled at %v, which is too late", at)
	}
}

// Nor does one whose wait has begun long before theirs.
func TestMaxWaitAmongCalls(t *testing.T) {
	d := newDesk(t, Config{Rate: 10, MaxWait: time.Minute}, 1)
	for d.now < 40*second {
		d.next()
		d.get(Running)
	}
	crowd(d, 200)
	d.ready()
	if at := asked(d, 1); at > 58*second+second/2 {
		t.Errorf("polled at %v, which is too late", at)
	}
}

// Calls whose time runs out take every other request, and no more.
func TestDeadlinesLeaveTurns(t *testing.T) {
	d := newDesk(t, Config{Rate: 10}, 0)
	for n := range 100 {
		d.e.Watch(d.now, d.e.Open(d.now, CallOptions{Deadline: d.now + second}), keyOf(5000+n), 0)
	}
	usual := d.e.Open(d.now, CallOptions{Deadline: Never})
	for n := range 100 {
		d.e.Watch(d.now, usual, keyOf(n), int32(n))
	}
	d.ready()
	turns := 0
	for range 8 {
		d.next()
		r := d.take(Get)
		turns += int1(r.For == usual)
		d.answer(r, Answer{Outcome: Done})
	}
	if turns < 3 || turns > 5 {
		t.Errorf("the call without a deadline has %d of 8 turns", turns)
	}
}
