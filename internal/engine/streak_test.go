package engine

import (
	"testing"
	"time"
)

// A request that was silent for half a minute must not date an outage back to
// before answers that came meanwhile.
func TestOutageBeginsAfterTheLastAnswer(t *testing.T) {
	var o outage
	o.answered(30*second, second)
	for i := range outageAfter {
		o.failed(31*second, second, Key{byte(i)}, &Answer{})
	}
	if !o.active() || o.since != 30*second {
		t.Errorf("active %v since %v", o.active(), o.since)
	}
}

// Nor does it say anything if a request that was sent later has been answered: it was
// on a connection that is dead.
func TestFailuresFromBeforeAGoodRequest(t *testing.T) {
	var o outage
	o.answered(30*second, 29*second)
	for i := range 2 * outageAfter {
		o.failed(31*second, second, Key{byte(i)}, &Answer{})
	}
	if o.active() {
		t.Error("an outage")
	}
}

// Requests that fail together, as those of one connection do, are one failure: the
// next probe goes a second later, whatever else is still under way.
func TestFailingTogetherIsOneFailure(t *testing.T) {
	d := newDesk(t, Config{MaxInFlight: 40}, 30)
	for range 25 {
		d.answer(d.take(Get), Answer{Outcome: Failed})
	}
	d.at(d.now + 2*second)
	if n := len(d.pending); n != 5+1 {
		t.Fatalf("%d requests are under way, want the five of before and a probe", n)
	}
	for range 5 {
		d.answer(d.take(Get), Answer{Outcome: Failed})
	}
	d.at(d.now + 20*second)
	if n := len(d.pending); n != 1 {
		t.Errorf("%d requests are under way, want the probe alone", n)
	}
	for range 3 {
		d.answer(d.take(Get), Answer{Outcome: Failed})
		before := d.now
		if d.next(); d.now-before < second {
			t.Errorf("the next probe goes %v after one has failed", d.now-before)
		}
	}
	d.get(Running)
	d.at(d.now + time.Minute)
	if n := len(d.pending); n != 30 {
		t.Errorf("%d requests are under way after the outage, want all", n)
	}
}
