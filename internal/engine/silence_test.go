package engine

import (
	"testing"
	"time"
)

// Hints that cease to come have the list read, unless an own Backoff says when it is.
func TestSilenceAfterHints(t *testing.T) {
	for name, own := range map[string]func() Backoff{
		"default": nil,
		"own":     func() Backoff { return &fickle{delays: []time.Duration{time.Hour}} },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, Config{UseList: true, NewBackoff: own}, 40)
			d.next()
			d.page(1, upTo(40)...)
			if own == nil {
				d.e.list.ScanDone(d.now, time.Hour, d.e.demand()) // any gap is long
			}
			for n := range 10 {
				d.e.Notify(d.now, keyOf(n+1))
				d.soon()
				if got := d.get(Done); got != n+1 {
					t.Fatalf("job %d is polled, want the hinted one", got)
				}
			}
			told, pages := d.now, 0
			for d.now < told+time.Minute && d.wake != Never {
				d.next()
				for len(d.pending) > 0 {
					if d.pending[0].Kind == Page {
						pages++
						d.page(1, upTo(40)[10:]...)
					} else {
						d.get(Running)
					}
				}
			}
			if (pages > 0) != (own == nil) {
				t.Errorf("%d pages in the minute after the hints", pages)
			}
		})
	}
}
