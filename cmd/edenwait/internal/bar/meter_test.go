package bar

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
)

// TestRowRate: a row shows the requests that there were, not those that there may
// be.
func TestRowRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Row
		requests := 0
		report := func(seconds, rate int) {
			for range 10 * seconds {
				time.Sleep(100 * time.Millisecond)
				requests += rate / 10
				r.Set(edenwait.Progress{Requests: requests, Rate: 1000, Elapsed: 100 * time.Millisecond})
			}
		}
		check := func(when string, low, high float64) {
			t.Helper()
			if got := r.snapshot().Rate; got < low || got > high {
				t.Errorf("%s: %.3f/s, want %v to %v", when, got, low, high)
			}
		}
		check("before anything", 0, 0)
		report(20, 30)
		check("at a steady pace", 29, 31)
		report(5, 50)
		check("half way to another pace", 39, 41)
		report(8, 50)
		check("at the other pace", 49, 51)
		time.Sleep(5 * time.Second)
		check("when nothing has come for a while", 24, 26)
		time.Sleep(20 * time.Second)
		check("when nothing comes", 0, 0.5)
		if n := len(r.meter.samples); n > 120 {
			t.Errorf("%d samples are kept", n)
		}
	})
}

// TestRowRateAtFirst: the first report includes the requests before it.
func TestRowRateAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Row
		r.Set(edenwait.Progress{Requests: 20, Elapsed: 2 * time.Second})
		if got := r.snapshot().Rate; got != 10 {
			t.Errorf("%v/s, want 10", got)
		}
		r = Row{}
		r.Set(edenwait.Progress{Requests: 3, Elapsed: time.Millisecond})
		if got := r.snapshot().Rate; got != 3 {
			t.Errorf("%v/s, want 3: nothing is measured over less than a second", got)
		}
	})
}
