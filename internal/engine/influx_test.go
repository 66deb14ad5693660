package engine

import (
	"testing"
	"time"
)

// TestScanWaitsForAnInflux: thousands of jobs that are taken in piece by piece are all
// in before a scan shows which have ended. Those that come while only the first page
// has been read count.
func TestScanWaitsForAnInflux(t *testing.T) {
	const piece, pieces = 1000, 5
	d := newDesk(t, Config{UseList: true}, 2)
	take := func(from int) {
		for n := range piece {
			d.e.Watch(d.now, d.call, keyOf(from+n), int32(from+n))
		}
		d.ready()
	}
	first := d.take(Page) // on its way before the others come
	take(3)
	d.at(d.now + influxQuiet/3)
	d.answer(first, Answer{Outcome: Running, Pages: 5, Items: items(upTo(piece)...)})
	next := piece + 3
	for range pieces - 1 {
		d.at(d.now + influxQuiet/3)
		d.idle()
		take(next)
		next += piece
	}
	last := d.now
	d.next()
	if d.now > last+2*influxQuiet {
		t.Errorf("the scan goes on %v after the last job", d.now-last)
	}
	for page := 5; page > 0; page-- {
		if page < 5 {
			d.next()
		}
		d.page(5) // nothing runs any more
	}
	d.soon()
	if known := d.known() + d.e.under; known < next-1-piece {
		t.Errorf("the first scan shows %d of %d to have ended", known, next-1)
	}
}

// TestInfluxThatGoesOn: jobs that never cease to come put a scan off for a while only.
func TestInfluxThatGoesOn(t *testing.T) {
	d := newDesk(t, Config{UseList: true}, 0)
	n := 1
	for d.now < 2*influxMost && len(d.pending) == 0 {
		for range 400 {
			d.e.Watch(d.now, d.call, keyOf(n), int32(n))
			n++
		}
		d.at(d.now + influxQuiet/3)
	}
	if len(d.pending) == 0 || d.now > influxMost+time.Second {
		t.Errorf("no page within %v", d.now)
	}
}
