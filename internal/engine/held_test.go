package engine

import (
	"testing"
	"time"
)

// The known ends of a call whose consumer is slow do not put off the list that
// another call waits for.
func TestKnownEndsOfAPausedCall(t *testing.T) {
	d := newDesk(t, Config{Rate: 10, UseList: true}, 60)
	other := d.e.Open(d.now, CallOptions{Deadline: Never})
	list := upTo(160)[5:] // which shows that the first five have ended
	for _, n := range list[55:] {
		d.e.Watch(d.now, other, keyOf(n), int32(n))
	}
	d.next()
	d.page(1, upTo(160)...)
	d.e.Pause(d.now, d.call, true)
	var pages int
	var worst time.Duration
	for d.now < time.Minute {
		switch {
		case len(d.pending) == 0:
			d.next()
		case d.pending[0].Kind == Page:
			pages++
			worst = max(worst, d.now-d.e.list.NextTry())
			d.page(1, list...)
		default:
			d.get(Running)
		}
	}
	if pages < 10 || worst > second/2 {
		t.Errorf("%d pages, %v late at worst", pages, worst)
	}
}
