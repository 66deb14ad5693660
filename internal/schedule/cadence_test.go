package schedule

import (
	"testing"
	"time"
)

// pace reads the list for an hour while jobs end evenly, so many a second, and
// returns the last gap.
func pace(rate float64) time.Duration {
	var (
		c        Cadence
		now, gap time.Duration
		told     int
	)
	for now < time.Hour {
		ends := int(now.Seconds()*rate) - told
		told += ends
		gap = c.Next(now, ends)
		now += gap
	}
	return gap
}

func TestCadenceFollowsTheSquareRoot(t *testing.T) {
	tests := []struct {
		rate     float64
		from, to time.Duration
	}{
		{0, 6 * second, maxGap},
		{0.2, 2 * second, 3 * second}, // √(2 × 0.7 / 0.2) = 2.6 s
		{0.8, 1100 * time.Millisecond, 1500 * time.Millisecond},
		{100, minGap, minGap},
	}
	for _, tt := range tests {
		if gap := pace(tt.rate); gap < tt.from || gap > tt.to {
			t.Errorf("%v ends a second: a gap of %v, want %v to %v", tt.rate, gap, tt.from, tt.to)
		}
	}
}

func TestCadenceReturnsWithNews(t *testing.T) {
	var c Cadence
	now := time.Duration(0)
	for now < 10*time.Minute {
		now += c.Next(now, 0)
	}
	silent := c.Next(now, 0)
	if silent < 6*second {
		t.Fatalf("after ten silent minutes the gap is %v", silent)
	}
	if gap := c.Next(now+silent, 30); gap > 1500*time.Millisecond {
		t.Errorf("after thirty ends at once the gap is %v", gap)
	}
}

func TestCadenceIsQuickEarly(t *testing.T) {
	var c Cadence
	for now := time.Duration(0); now < 20*second; {
		gap := c.Next(now, 0)
		if most := max(minGap, time.Duration(early*float64(now))); gap > most {
			t.Errorf("at %v the gap is %v, want at most %v", now, gap, most)
		}
		now += gap
	}
}
