package engine

import (
	"testing"
	"time"
)

// A hint that comes soon after a false one for the same job is not lost: the job is
// polled for it once the gap is over, whatever the list says meanwhile.
func TestHintSoonAfterAFalseOne(t *testing.T) {
	for name, list := range map[string]bool{"polled": false, "listed": true} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, Config{UseList: list, Delays: []time.Duration{time.Hour}}, 50)
			read := func(pages int) {
				for range pages {
					d.next()
					d.page(1, upTo(50)...)
				}
			}
			if list {
				read(1)
			} else {
				for d.soon(); len(d.pending) > 0; {
					d.get(Running)
				}
			}
			false1 := d.now
			d.e.Notify(d.now, keyOf(7))
			d.soon()
			if n := d.get(Running); n != 7 {
				t.Fatalf("job %d is polled, want the hinted one", n)
			}
			runUntil := func(until time.Duration) {
				for d.now < until {
					switch {
					case len(d.pending) == 0:
						d.next()
					case d.pending[0].Kind == Page:
						d.page(1, upTo(50)...)
					default:
						d.get(Running)
					}
				}
			}
			runUntil(d.now + 3*second)
			d.e.Notify(d.now, keyOf(7))
			d.ready()
			for len(d.ends) == 0 && d.now < false1+firstHintGap+4*second {
				switch {
				case len(d.pending) == 0:
					d.next()
				case d.pending[0].Kind == Page:
					d.page(1, upTo(50)...)
				case d.pending[0].Key == keyOf(7):
					d.get(Done)
				default:
					d.get(Running)
				}
			}
			if len(d.ends) != 1 {
				t.Errorf("the hinted job is not polled within %v of the gap", 4*second)
			}
			if s := d.e.stats; s.HintsTrue != 1 || s.HintsFalse != 0 {
				t.Errorf("%d hints true, %d false, want one that was early", s.HintsTrue, s.HintsFalse)
			}
		})
	}
}

// Nor is one lost that comes in the gap while a GET is under way.
func TestHintInTheGapAndInFlight(t *testing.T) {
	d := newDesk(t, Config{NewBackoff: func() Backoff {
		return &fickle{delays: []time.Duration{time.Hour, 5 * second, time.Hour}}
	}}, 1)
	d.get(Running)
	d.e.Notify(d.now, keyOf(1))
	d.soon()
	d.get(Running) // false; the backoff restarts
	false1 := d.now
	d.next()
	r := d.take(Get) // 5 s later
	d.e.Notify(d.now, keyOf(1))
	d.answer(r, Answer{Outcome: Running})
	d.next()
	if d.get(Done); d.now < false1+firstHintGap-second || d.now > false1+firstHintGap+second {
		t.Errorf("polled %v after the false hint, want %v", d.now-false1, firstHintGap)
	}
}

// A flood of hints for one job costs few polls, also while its GETs are under way.
func TestFloodOfHintsForOneJob(t *testing.T) {
	d := newDesk(t, Config{NewBackoff: func() Backoff { return &fickle{delays: []time.Duration{time.Hour}} }}, 1)
	gets := 0
	for d.now < 10*time.Minute {
		d.e.Notify(d.now, keyOf(1))
		d.at(d.now + 100*time.Millisecond)
		for len(d.pending) > 0 {
			r := d.take(Get)
			d.e.Notify(d.now, keyOf(1))
			d.answer(r, Answer{Outcome: Running})
			gets++
		}
	}
	if gets > 8 {
		t.Errorf("%d polls in ten minutes", gets)
	}
	t.Logf("%d polls in ten minutes", gets)
}

// A hint that was early is confirmed once, however many wait for its job after its end.
func TestEarlyHintIsConfirmedOnce(t *testing.T) {
	d := newDesk(t, Config{}, 1)
	d.get(Running)
	d.e.Notify(d.now, keyOf(1))
	d.soon()
	d.get(Running)
	d.next()
	for n := range int32(3) {
		d.get(Done)
		d.e.Watch(d.now, d.call, keyOf(1), n+2)
		d.soon()
	}
	if s := d.e.stats; s.HintsTrue != 1 || s.HintsFalse != 0 {
		t.Errorf("%d hints true, %d false, want one that was early", s.HintsTrue, s.HintsFalse)
	}
}
