package budget_test

import (
	"slices"
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/budget"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// spend takes as many requests as may go in a span, each when it may.
func spend(turn *budget.Turn, from time.Time, span time.Duration) (at []time.Time) {
	for now := from; ; {
		wait := turn.Ready(now)
		if now = now.Add(wait); now.Sub(from) >= span {
			turn.Leave()
			return at
		}
		if wait == 0 {
			turn.Take(now)
			at = append(at, now)
		}
	}
}

func TestEvenlySpaced(t *testing.T) {
	odd := start.Add(123456789) // where seconds in floating point are not exact
	for _, rate := range []float64{0.3, 0.5, 1, 3, 7, 10, 12.5, 50, 333, 1000.0 / 3} {
		at := spend(budget.New(rate, 1).NewTurn(), odd, 200*time.Second)
		if n := int(rate * 200); len(at) < n-1 || len(at) > n+1 {
			t.Errorf("%v a second: %d in 200 s", rate, len(at))
		}
		// Counted sharply, no second may hold one more than the rate allows, not
		// even one that has both of its ends counted.
		k := max(int(rate), 1)
		for i := k; i < len(at); i++ {
			if d := at[i].Sub(at[i-k]); d <= time.Duration(float64(k)/rate*float64(time.Second)) {
				t.Fatalf("%v a second: %d requests in %v", rate, k+1, d)
			}
		}
	}
}

// After a 429 the spacing is that of the rate as it is then, however often the
// caller asks in between: it wakes for other reasons too.
func TestRateAfterA429(t *testing.T) {
	b := budget.New(10, 1)
	turn := b.NewTurn()
	turn.Ready(start)
	turn.Take(start)
	b.Limited(start, start.Add(-time.Millisecond), time.Second)
	var (
		last   time.Time
		due    float64 // what Rate comes to, summed up
		count  int
		resume = start.Add(time.Second)
	)
	for now := resume; now.Before(resume.Add(4 * time.Second)); now = now.Add(time.Millisecond) {
		due += b.Rate(now) / 1000
		if turn.Ready(now) > 0 {
			continue
		}
		turn.Take(now)
		if gap := now.Sub(last).Seconds(); gap < 0.99/b.Rate(now) {
			t.Errorf("%v after the pause: a gap of %.3f s at %.2f a second", now.Sub(resume), gap, b.Rate(now))
		}
		last = now
		count++
	}
	if early := float64(count) - due; early > 1 || early < -3 {
		t.Errorf("%d requests in 4 s, want about %.1f", count, due)
	}
}

func TestBurst(t *testing.T) {
	at := spend(budget.New(10, 4).NewTurn(), start, time.Second)
	if len(at) != 13 || !at[3].Equal(start) || at[4].Sub(start).Round(time.Millisecond) != 100*time.Millisecond {
		t.Errorf("%d requests: %v", len(at), at)
	}
}

func TestTurnsAreFair(t *testing.T) {
	b := budget.New(10, 1)
	counts := make([]int, 3)
	turns := []*budget.Turn{b.NewTurn(), b.NewTurn(), b.NewTurn()}
	now := start
	for range 300 {
		next := budget.Forever
		for i, turn := range turns {
			wait := turn.Ready(now)
			if wait == 0 {
				turn.Take(now)
				counts[i]++
				wait = turn.Ready(now)
			}
			next = min(next, wait)
		}
		now = now.Add(next)
	}
	for i, n := range counts {
		if n < 99 || n > 101 {
			t.Errorf("caller %d got %d of 300 turns", i, n)
		}
	}
}

func TestFirstIsTold(t *testing.T) {
	b := budget.New(10, 1)
	first, second, third := b.NewTurn(), b.NewTurn(), b.NewTurn()
	if first.Ready(start) != 0 || second.Ready(start) != budget.Forever || third.Ready(start) != budget.Forever {
		t.Fatal("the line is not in order")
	}
	second.Leave()
	first.Take(start)
	select {
	case <-third.First():
	default:
		t.Error("the third is not told that it is first now")
	}
	if wait := third.Ready(start); wait <= 0 || wait > 100*time.Millisecond+time.Microsecond {
		t.Errorf("the third waits %v", wait)
	}
	// Who left and comes again is last.
	if second.Ready(start) != budget.Forever {
		t.Error("the second kept its place")
	}
}

func TestLimited(t *testing.T) {
	tests := []struct {
		retryAfter, pause time.Duration
	}{
		{0, 250 * time.Millisecond},
		{-time.Hour, 250 * time.Millisecond},
		{7 * time.Second, 7 * time.Second},
		{24 * time.Hour, 5 * time.Minute},
	}
	for _, tt := range tests {
		b := budget.New(10, 1)
		now := start.Add(time.Minute)
		if !b.Limited(now, now.Add(-40*time.Millisecond), tt.retryAfter) {
			t.Error("the first 429 begins no streak")
		}
		if wait := b.NewTurn().Ready(now); wait != tt.pause {
			t.Errorf("Retry-After %v: pause of %v, want %v", tt.retryAfter, wait, tt.pause)
		}
		for _, at := range []time.Duration{0, tt.pause} {
			if rate := b.Rate(now.Add(at)); rate != 5 {
				t.Errorf("the rate is %v, %v after a 429 at 10", rate, at)
			}
		}
		if rate := b.Rate(now.Add(tt.pause + time.Second)); rate < 9.4 || rate > 9.6 {
			t.Errorf("the rate is %v a second later", rate)
		}
		// Slowly across where the limit was met, then ever faster.
		if rate := b.Rate(now.Add(tt.pause + 6*time.Second)); rate < 9.55 || rate > 9.6 {
			t.Errorf("the rate is %v six seconds later", rate)
		}
		if rate := b.Rate(now.Add(tt.pause + 15*time.Second)); rate != 10 {
			t.Errorf("the rate is %v 15 seconds later", rate)
		}
		if rate := b.Rate(now.Add(tt.pause + 5*time.Minute)); rate != 10 {
			t.Errorf("the rate is %v five minutes later", rate)
		}
	}
}

func TestOneCutForAllThatWereUnderWay(t *testing.T) {
	b := budget.New(10, 1)
	now := start.Add(time.Minute)
	b.Limited(now, now.Add(-time.Second), 0)
	for range 20 {
		if b.Limited(now.Add(50*time.Millisecond), now.Add(-900*time.Millisecond), 0) {
			t.Error("a second streak")
		}
	}
	if rate := b.Rate(now.Add(250 * time.Millisecond)); rate != 5 {
		t.Errorf("the rate is %v after 21 429s to requests of one moment", rate)
	}
}

func TestPausesDouble(t *testing.T) {
	b := budget.New(10, 1)
	now, turn := start, b.NewTurn()
	var pauses []time.Duration
	for range 100 {
		sent := now
		now = now.Add(40 * time.Millisecond)
		b.Limited(now, sent, 0)
		pause := turn.Ready(now)
		pauses = append(pauses, pause)
		now = now.Add(pause)
	}
	if pauses[1] != 500*time.Millisecond || slices.Min(pauses[10:]) != 30*time.Second || slices.Max(pauses) != 30*time.Second {
		t.Errorf("pauses: %v", pauses)
	}
	if rate := b.Rate(now); rate < 0.2 {
		t.Errorf("the rate fell to %v", rate)
	}
	if b.Answered(now.Add(-time.Hour)) || !b.Answered(now) || b.Answered(now) {
		t.Error("the streak does not end with the first answer to a later request")
	}
	b.Limited(now.Add(time.Second), now.Add(900*time.Millisecond), 0)
	if pause := turn.Ready(now.Add(time.Second)); pause != 250*time.Millisecond {
		t.Errorf("a new streak begins with a pause of %v", pause)
	}
}

// A pause saves up no burst: it would be refused at its end.
func TestNoBurstAfterA429(t *testing.T) {
	b := budget.New(10, 100)
	turn := b.NewTurn()
	b.Limited(start, start.Add(-time.Millisecond), 10*time.Second)
	at := spend(turn, start.Add(10*time.Second), time.Second)
	if len(at) > 10 {
		t.Errorf("%d requests in the second after the pause", len(at))
	}
	// With the rate back at its own, so is the burst.
	turn.Leave()
	later := start.Add(time.Hour)
	if b.Rate(later) != 10 {
		t.Fatalf("%v a second after an hour", b.Rate(later))
	}
	turn.Ready(later)
	turn.Leave()
	if at := spend(turn, later.Add(time.Minute), time.Millisecond); len(at) != 100 {
		t.Errorf("%d requests at once, want the burst of 100", len(at))
	}
}
