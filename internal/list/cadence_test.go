package list

import (
	"testing"
	"time"
)

const (
	second = time.Second
	price  = 0.7 // of a page, in job-seconds
)

// gapAt reads the list for an hour while jobs end evenly, so many per second, and
// returns the last gap. All jobs were taken in at the start.
func gapAt(rate float64) time.Duration {
	var (
		c        Cadence
		now, gap time.Duration
		told     int
	)
	for now < time.Hour {
		ends := int(now.Seconds()*rate) - told
		told += ends
		gap = c.Next(now, ends, Outlook{Age: now, Worth: price, Untold: 1})
		now += gap
	}
	return gap
}

func TestCadenceFollowsTheSquareRoot(t *testing.T) {
	tests := []struct {
		rate     float64
		from, to time.Duration
	}{
		{0, maxGap, 25 * second},      // an hour of silence
		{0.2, 2 * second, 3 * second}, // √(2 × 0.7 / 0.2) = 2.6 s
		{0.8, 1100 * time.Millisecond, 1500 * time.Millisecond},
		{100, minGap, minGap},
	}
	for _, tt := range tests {
		if gap := gapAt(tt.rate); gap < tt.from || gap > tt.to {
			t.Errorf("%v ends a second: a gap of %v, want %v to %v", tt.rate, gap, tt.from, tt.to)
		}
	}
}

func TestCadenceReturnsWithNews(t *testing.T) {
	var c Cadence
	now := time.Duration(0)
	for now < 10*time.Minute {
		now += c.Next(now, 0, Outlook{Age: now, Worth: price, Untold: 1})
	}
	silent := c.Next(now, 0, Outlook{Age: now, Worth: price, Untold: 1})
	if silent < 6*second {
		t.Fatalf("after ten silent minutes the gap is %v", silent)
	}
	if gap := c.Next(now+silent, 30, Outlook{Age: now, Worth: price, Untold: 1}); gap > 1500*time.Millisecond {
		t.Errorf("after thirty ends at once the gap is %v", gap)
	}
}

// The gap counts from the youngest job, however long the list has been read.
func TestCadenceIsQuickEarly(t *testing.T) {
	for _, idle := range []time.Duration{0, time.Hour} {
		var c Cadence
		now := time.Duration(0)
		for now < idle {
			now += c.Next(now, 0, Outlook{Age: now, Worth: price, Untold: 1})
		}
		for born := now; now < born+20*second; {
			age := now - born
			gap := c.Next(now, 0, Outlook{Age: age, Worth: price, Untold: 1})
			if most := max(flowGap, time.Duration(early*float64(age))); gap > most {
				t.Errorf("the youngest job is %v old: the gap is %v, want at most %v", age, gap, most)
			}
			now += gap
		}
	}
}

// While jobs keep coming, scans are no closer than flowGap.
func TestCadenceWhileJobsKeepComing(t *testing.T) {
	var c Cadence
	now := flowGap
	for range 100 {
		gap := c.Next(now, 5, Outlook{Age: second / 4, Worth: price, Untold: 1})
		if gap != flowGap {
			t.Fatalf("at %v the gap is %v, want %v", now, gap, flowGap)
		}
		now += gap
	}
}

// After idleness nothing is left of what was seen before.
func TestCadenceResumes(t *testing.T) {
	var worn, fresh Cadence
	for now := time.Duration(0); now < time.Hour; {
		now += worn.Next(now, 0, Outlook{Age: now, Worth: price, Untold: 1})
	}
	worn.Resume(2 * time.Hour)
	fresh.Resume(0)
	if got, want := worn.Next(2*time.Hour+5*second, 1, Outlook{Age: time.Hour, Worth: price, Untold: 1}), fresh.Next(5*second, 1, Outlook{Age: time.Hour, Worth: price, Untold: 1}); got != want {
		t.Errorf("after idleness the gap is %v, want %v", got, want)
	}
}
