package engine

import (
	"testing"
	"time"
)

// TestEarlyHintAgain: where GETs have been behind hints, the GET for a hint is put off,
// and not further by each time the hint comes again.
func TestEarlyHintAgain(t *testing.T) {
	d := newDesk(t, Config{}, 3)
	for d.soon(); len(d.pending) > 0; {
		d.get(Running)
	}
	const behind = 3 * second
	told := map[int]time.Duration{}
	tell := func(n int) {
		if told[n] == 0 {
			told[n] = d.now
		}
		d.e.Notify(d.now, keyOf(n))
		d.ready()
	}
	// answer answers the next GETs until the end of job n is seen, and returns how many
	// were sent for it.
	answer := func(n int) (gets int) {
		for {
			d.next()
			r := d.take(Get)
			outcome := Running
			if at, known := told[numberOf(r.Key)]; known && d.now >= at+behind {
				outcome = Done
			}
			if numberOf(r.Key) == n {
				gets++
			}
			if d.answer(r, Answer{Outcome: outcome}); outcome == Done && numberOf(r.Key) == n {
				return gets
			}
		}
	}
	for n := 1; n <= 2; n++ {
		tell(n)
		if gets := answer(n); gets < 2 {
			t.Errorf("the end of job %d was seen by GET %d, so nothing was early", n, gets)
		}
	}
	tell(3)
	until := d.now + 2*second
	for d.now < until {
		d.at(d.now + second/2)
		for len(d.pending) > 0 {
			t.Fatalf("a GET %v after the hint", d.now-told[3])
		}
		tell(3)
	}
	if gets := answer(3); gets != 1 || d.now > told[3]+behind*3/2 {
		t.Errorf("the end was seen %v after the hint, by GET %d; want one soon after %v", d.now-told[3], gets, behind)
	}
}
