package engine

import (
	"slices"
	"testing"
	"time"
)

// A 429 to one question keeps no other from being asked: the same question goes
// first, and refused again, it waits its turn.
func TestRefusedGoesToTheHead(t *testing.T) {
	d := newDesk(t, Config{Rate: 10, MaxInFlight: 1}, 3)
	ask := func() Request {
		d.next()
		return d.take(Get)
	}
	refuse := func(r Request) {
		d.answer(r, Answer{Outcome: RateLimited})
	}
	a := ask()
	refuse(a)
	if b := ask(); b.Key != a.Key {
		t.Fatalf("job %d is asked for, want %d again", numberOf(b.Key), numberOf(a.Key))
	} else {
		refuse(b)
	}
	others := map[Key]bool{}
	for range 2 {
		b := ask()
		others[b.Key] = true
		d.answer(b, Answer{Outcome: Running, RetryAfter: time.Hour})
	}
	if len(others) != 2 || others[a.Key] {
		t.Errorf("job %d, refused twice, is asked for before what has not been asked for", numberOf(a.Key))
	}
	b := ask()
	if b.Key != a.Key {
		t.Fatalf("job %d is asked for, want %d in its turn", numberOf(b.Key), numberOf(a.Key))
	}
	d.answer(b, Answer{Outcome: Running})
	for {
		if b = ask(); b.Key == a.Key {
			break
		}
		d.answer(b, Answer{Outcome: Running, RetryAfter: time.Hour})
	}
	refuse(b) // for the first time since it was answered
	if b := ask(); b.Key != a.Key {
		t.Errorf("job %d is asked for, want %d again", numberOf(b.Key), numberOf(a.Key))
	}
}

// Jobs wait for a list that has been of use before, but not for long, and hardly
// for one that never was, nor when a deadline is near.
func TestPatienceWithTheList(t *testing.T) {
	const little, long = second, 5 * second
	for _, test := range []struct {
		name        string
		known, near bool
		late        time.Duration // when the jobs are polled, after the page was sent
	}{
		{"never read", false, false, little},
		{"known", true, false, long},
		{"known, and a deadline is near", true, true, little},
	} {
		d := newDesk(t, Config{UseList: true}, 10)
		if test.known {
			d.page(1, upTo(10)...)
			d.next()
		}
		d.take(Page)
		sent := d.now
		if test.near { // of a call that waits for a job of the others
			c := d.e.Open(d.now, CallOptions{Deadline: d.now + 1500*time.Millisecond})
			d.e.Watch(d.now, c, keyOf(1), 1)
			d.ready()
		}
		d.pending = nil // that call's own final poll
		d.next()
		d.take(Get)
		if got := d.now - sent; got != test.late {
			t.Errorf("%s: polled after %v, want %v", test.name, got, test.late)
		}
	}
}

// A list that fails at once costs a new job nothing, and one that was of use is
// waited for while its next try is near.
func TestFailingList(t *testing.T) {
	for _, known := range []bool{false, true} {
		d := newDesk(t, Config{UseList: true}, 10)
		if known {
			d.page(1, upTo(10)...)
			d.next()
		}
		failed := d.now
		for d.pending[0].Kind == Page {
			d.answer(d.take(Page), Answer{Outcome: Failed})
			d.next()
		}
		// After 1, 2 and 4 s the next try is more than five seconds from the first
		// failure.
		if got, want := d.now-failed, map[bool]time.Duration{false: 0, true: 3 * second}[known]; got < want || got > want+second/10 {
			t.Errorf("known %v: polled %v after the first failure, want %v", known, got, want)
		}
	}
}

// Jobs that were left to a list that fails are polled no later than it would have
// been read again.
func TestUnlistedJobsDoNotWaitLongerThanForTheList(t *testing.T) {
	d := newDesk(t, Config{UseList: true}, 3)
	d.e.price.base = 1000 // so that each delay is the longest, once the jobs are a second old
	for d.now < time.Second {
		d.page(1, 1, 2, 3)
		d.next()
	}
	d.answer(d.take(Page), Answer{Outcome: Failed, RetryAfter: 7 * second})
	failed := d.now
	d.idle()
	d.next()
	if d.take(Get); d.now != failed+7*second {
		t.Errorf("polled after %v, want 7s", d.now-failed)
	}
}

// A page that is always refused keeps no job from being polled.
func TestPageRefusedTwice(t *testing.T) {
	d := newDesk(t, Config{UseList: true, Rate: 10}, 3)
	for range 2 {
		d.answer(d.take(Page), Answer{Outcome: RateLimited})
		d.next()
	}
	for range 3 {
		d.get(Done)
		for len(d.pending) == 0 && len(d.ends) < 3 {
			d.at(d.wake)
		}
	}
}

// Calls have a turn each, however many jobs they have: a job alone waits for one
// request of a crowd's.
func TestTurnsAreFair(t *testing.T) {
	d := newDesk(t, Config{Rate: 10}, 1000)
	small := d.e.Open(d.now, CallOptions{Deadline: Never})
	for n := range 3 {
		d.e.Watch(d.now, small, keyOf(5000+n), int32(n))
	}
	var order []bool // whether it was the small call's
	for range 8 {
		d.next()
		r := d.take(Get)
		order = append(order, r.For == small)
		d.answer(r, Answer{Outcome: Done})
	}
	// The first was sent before the small call came.
	if want := []bool{false, false, true, false, true, false, true, false}; !slices.Equal(order, want) && !slices.Equal(order[1:], want[:7]) {
		t.Errorf("turns of the small call: %v", order)
	}
	if len(d.ends) != 8 {
		t.Errorf("%d ends", len(d.ends))
	}
}

// Polls and the caller's own requests take turns while both want one.
func TestTurnsOfOwnRequests(t *testing.T) {
	d := newDesk(t, Config{Rate: 10}, 100)
	for range 20 {
		d.e.Reserve()
	}
	granted, polls := 0, 0
	for d.now < 2*second {
		d.now += second / 100
		r := d.e.Ready(d.now)
		granted += len(r.Grants)
		polls += len(r.Requests)
		if diff := granted - polls; diff < -1 || diff > 2 {
			t.Fatalf("at %v: %d own requests and %d polls", d.now, granted, polls)
		}
	}
	if granted+polls < 18 || granted+polls > 21 {
		t.Errorf("%d requests in two seconds", granted+polls)
	}
}

// A list that shows another account's jobs hints at all of ours. After a few of
// the hints have proved false, the others are dropped.
func TestFalseHintsAreDropped(t *testing.T) {
	d := newDesk(t, Config{UseList: true, Rate: 10, MaxInFlight: 1}, 100)
	d.page(1)
	if n := d.known(); n != 100 {
		t.Fatalf("%d hints", n)
	}
	gets := 0
	for d.known() > 0 {
		d.next()
		d.get(Running)
		gets++
	}
	if gets != 8 {
		t.Errorf("%d GETs of hinted jobs", gets)
	}
}

// One job is polled once, whoever waits for it, and all have its answer.
func TestCrowdOfOneJob(t *testing.T) {
	d := newDesk(t, Config{}, 1)
	for range 49 {
		c := d.e.Open(d.now, CallOptions{Deadline: Never})
		d.e.Watch(d.now, c, keyOf(1), 1)
	}
	d.ready()
	d.get(Done)
	if len(d.ends) != 1 || len(d.ends[0].Waits) != 50 {
		t.Fatalf("%d ends", len(d.ends))
	}
	d.idle()
}

// A refused key ends the calls that were open when the request was sent: at once
// where it has never worked, else after one more GET of another job.
func TestRefusedKey(t *testing.T) {
	for _, worked := range []bool{false, true} {
		d := newDesk(t, Config{Rate: 10, MaxInFlight: 1}, 3)
		if worked {
			d.get(Running)
			d.next()
		}
		first := d.take(Get)
		late := d.e.Open(d.now, CallOptions{Deadline: Never})
		d.e.Watch(d.now, late, keyOf(9), 1)
		over := func(r Request) []Over {
			d.e.Respond(d.now, r.ID, Answer{Outcome: Refused, Reached: true})
			ready := d.e.Ready(d.now)
			d.pending, d.wake = append(d.pending, ready.Requests...), ready.WakeAt
			return ready.Over
		}
		ended := over(first)
		if worked {
			if len(ended) > 0 {
				t.Fatal("a key that has worked is not suspected")
			}
			began := d.now
			for len(ended) == 0 && d.now < began+10*second {
				d.next()
				r := d.take(Get)
				if r.Key == first.Key {
					t.Error("the probe is of the same job")
				}
				ended = over(r)
			}
			if d.now < began+second {
				t.Errorf("it is decided after %v", d.now-began)
			}
		}
		if want := map[bool]int{false: 1, true: 2}[worked]; len(ended) != want || ended[0].Call != d.call {
			t.Errorf("worked %v: %d calls ended", worked, len(ended))
		}
	}
}
