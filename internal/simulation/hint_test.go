package simulation

import (
	"testing"
	"time"
)

// TestHints: ends that are told are known at once, for few requests, and those whose
// hint is lost are found all the same.
func TestHints(t *testing.T) {
	for _, test := range []struct {
		jobs     int
		sent     float64
		lag      time.Duration
		requests float64
	}{
		{100, 1, 700 * time.Millisecond, 1.6},
		{1000, 1, 700 * time.Millisecond, 1.15},
		{100, 0.95, 1300 * time.Millisecond, 2.6},
		{1000, 0.95, 1300 * time.Millisecond, 1.3},
	} {
		s := Mean(Scenario{Jobs: test.jobs, Hints: Hints{Sent: test.sent, Delay: time.Second / 2}}, runs(10*test.jobs))
		within(t, "ends are told", &s, test.lag, test.requests, 1.02)
	}
}

// TestEarlyHints: where GETs show ends only later than the hints, that is learned, and costs
// few more requests than if the hints came with the ends.
func TestEarlyHints(t *testing.T) {
	for _, test := range []struct {
		jobs  int
		share time.Duration // of how far they are behind, as further lag
	}{
		{100, 5},
		{1000, 1}, // all turns are taken for a minute
	} {
		with := Mean(Scenario{Jobs: test.jobs, Hints: Hints{Sent: 1}}, runs(10*test.jobs))
		for _, early := range []time.Duration{time.Second / 5, time.Second, 5 * time.Second} {
			s := Mean(Scenario{Jobs: test.jobs, Hints: Hints{Sent: 1, Early: early, EarlyUntil: time.Hour}}, runs(10*test.jobs))
			within(t, "GETs are "+early.String()+" behind", &s, with.Lag+early/test.share+time.Second/5, with.Requests+0.6, 1.02)
		}
	}
}

// TestEarlyHintsNoMore: that GETs are behind no longer is noticed.
func TestEarlyHintsNoMore(t *testing.T) {
	until := 5 * time.Minute
	s := Scenario{Jobs: 1500, Arrivals: 2, List: List{Off: true}, Hints: Hints{Sent: 1, Early: 5 * time.Second, EarlyUntil: until}}
	lag, n := time.Duration(0), 0
	for seed := range uint64(runs(3000)) {
		r := newSeeded(s, seed+1)
		for i, d := range r.play().Delays {
			if end := r.jobs[i].end; end > until+time.Minute {
				lag, n = lag+d, n+1
			}
		}
	}
	lag /= time.Duration(n)
	t.Logf("known %v after the end, from a minute after GETs were last behind", lag)
	if lag > 500*time.Millisecond {
		t.Errorf("known %v after the end, from a minute after GETs were last behind", lag)
	}
}

// TestHalfWithoutHints: jobs of a kind of which half are never told are known nearly as
// soon as without hints, and so are all of a kind that never is, beside one that always
// is.
func TestHalfWithoutHints(t *testing.T) {
	none := Mean(Scenario{Jobs: 200}, runs(500))
	half := Scenario{Jobs: 200, Hints: Hints{Sent: 0.5, Delay: time.Second / 2}}
	lag, n := time.Duration(0), 0
	for seed := range uint64(runs(500)) {
		r := newSeeded(half, seed+1)
		told := map[int32]bool{}
		for _, i := range r.hints {
			told[i] = true
		}
		for i, d := range r.play().Delays {
			if !told[int32(i)] {
				lag, n = lag+d, n+1
			}
		}
	}
	lag /= time.Duration(n)
	t.Logf("known %v after the end without a hint, and %v where there are none at all", lag, none.Delay)
	if lag > none.Delay*13/10 {
		t.Errorf("known %v after the end without a hint, want 1.3 times %v at most", lag, none.Delay)
	}
}

// TestHandlerIsDown: that hints have ceased is noticed at the first ends without one.
func TestHandlerIsDown(t *testing.T) {
	down := Span{5 * time.Minute, 10 * time.Minute}
	s := Scenario{Jobs: 1800, Arrivals: 2, Hints: Hints{Sent: 1, Delay: time.Second / 2, Down: down}}
	plain := Mean(Scenario{Jobs: 1800, Arrivals: 2}, runs(3000))
	lag, n, worst := time.Duration(0), 0, time.Duration(0)
	for seed := range uint64(runs(5000)) {
		r := newSeeded(s, seed+1)
		for i, d := range r.play().Delays {
			if down.holds(r.jobs[i].end) {
				lag, n, worst = lag+d, n+1, max(worst, d)
			}
		}
	}
	lag /= time.Duration(n)
	t.Logf("while the handler is down: known %v after the end, %v at worst; without hints %v", lag, worst, plain.Delay)
	if lag > plain.Delay*3/2 || worst > 45*time.Second {
		t.Errorf("while the handler is down: known %v after the end, %v at worst; without hints %v", lag, worst, plain.Delay)
	}
}
