package ratelimit_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/ratelimit"
)

const odd = 123456789 * time.Nanosecond // where seconds in floating point are not exact

// spend takes as many requests as may go in a span, each when it may.
func spend(l *ratelimit.Limiter, from, span time.Duration) (at []time.Duration) {
	for now := from; ; {
		wait := l.Delay(now, ratelimit.Poll)
		if now += wait; now-from >= span {
			return at
		}
		if wait == 0 {
			l.Take(now, ratelimit.Poll)
			at = append(at, now)
		}
	}
}

func TestEvenlySpaced(t *testing.T) {
	for _, rate := range []float64{0.3, 0.5, 1, 3, 7, 10, 12.5, 50, 333, 1000.0 / 3, 4000, 9999.5} {
		at := spend(ratelimit.New(rate, 1), odd, 200*time.Second)
		if n := float64(len(at)); n < math.Floor(rate*200*0.997) || n > rate*200+1 {
			t.Errorf("%v per second: %v in 200 s", rate, n)
		}
		// Counted sharply, no second may hold one more than the rate allows, not even
		// one that has both of its ends counted.
		k := max(int(rate), 1)
		interval := time.Duration(float64(time.Second) / rate)
		for i := range at {
			if i >= k && at[i]-at[i-k] <= time.Duration(float64(k)/rate*float64(time.Second)) {
				t.Fatalf("%v per second: %d requests in %v", rate, k+1, at[i]-at[i-k])
			}
			if i >= 20 && (at[i]-at[i-1] < interval || at[i]-at[i-1] > interval+2*time.Millisecond+10) {
				t.Fatalf("%v per second: %v between two requests", rate, at[i]-at[i-1])
			}
		}
	}
}

// Timers fire late, and that costs next to nothing: neither of the rate, nor of
// the promise that no second holds more than the rate.
func TestLateTimers(t *testing.T) {
	for _, rate := range []float64{10, 300, 1000, 1000.5, 4000, 5000} {
		for _, k := range kinds {
			var used, most tally
			for seed := range uint64(5) {
				r := rand.New(rand.NewPCG(seed, 1))
				srv := newServer(k, rate)
				l := ratelimit.New(rate, 1)
				s := &sender{limiter: l, jobs: math.MaxInt, from: odd}
				late := func(r *rand.Rand) time.Duration {
					return 100*time.Microsecond + time.Duration(r.Int64N(int64(time.Millisecond)))
				}
				const span = 5 * time.Second
				(&simulation{server: srv, senders: []*sender{s}, rand: r, late: late}).run(odd + span)
				used.add(float64(len(s.sent)-1) / rate / span.Seconds())
				most.add(float64(mostInASecond(s.sent)))
				if s.refused > 0 {
					t.Errorf("%v per second, %v: %d 429s", rate, k, s.refused)
				}
			}
			t.Logf("%v per second, %v: %.2f %% used, at most %.0f in a second", rate, k, 100*used.mean(), most.worst)
			if used.mean() < 0.98 {
				t.Errorf("%v per second: %.2f %% used", rate, 100*used.mean())
			}
			if most.worst > math.Ceil(rate) {
				t.Errorf("%v per second: %.0f in a second", rate, most.worst)
			}
		}
	}
}

// Idle times save up no more than a burst of 1 allows, however they come.
func TestIdleTimes(t *testing.T) {
	for _, rate := range []float64{0.5, 10, 12.5, 1000} {
		r := rand.New(rand.NewPCG(1, 1))
		l := ratelimit.New(rate, 1)
		var at []time.Duration
		for now := odd; now < odd+20*time.Second; {
			if wait := l.Delay(now, ratelimit.Poll); wait > 0 {
				now += wait + time.Duration(r.ExpFloat64()*float64(time.Millisecond))
				continue
			}
			l.Take(now, ratelimit.Poll)
			at = append(at, now)
			if r.IntN(20) == 0 {
				now += time.Duration(r.Int64N(int64(time.Second)))
			}
		}
		if most := mostInASecond(at); float64(most) > math.Ceil(rate) {
			t.Errorf("%v per second: %d in a second", rate, most)
		}
	}
}

func TestBurst(t *testing.T) {
	l := ratelimit.New(10, 4)
	at := spend(l, 0, time.Second)
	if len(at) != 13 || at[3] != 0 || at[4] < 98*time.Millisecond {
		t.Errorf("%d requests: %v", len(at), at)
	}
	// Half of it is saved up in the time of two.
	if at := spend(l, at[12]+300*time.Millisecond, time.Millisecond); len(at) != 3 {
		t.Errorf("%d requests at once after 300 ms", len(at))
	}
	if l.Configured() != 10 {
		t.Errorf("configured is %v", l.Configured())
	}
}

// A pause saves up no burst: it would be refused at its end.
func TestNoBurstAfterA429(t *testing.T) {
	for _, first := range []bool{true, false} {
		l := ratelimit.New(10, 100)
		if !first {
			l.Take(0, ratelimit.Poll)
		}
		l.Limited(time.Second, time.Second-roundTrip, ratelimit.Poll, 10*time.Second)
		at := spend(l, 11*time.Second, time.Second)
		if len(at) > 10 || at[1]-at[0] < 100*time.Millisecond {
			t.Errorf("in the second after the pause: %v", at)
		}
		// With the rate back at its own, so is the burst.
		if at := spend(l, time.Hour, time.Millisecond); len(at) != 100 {
			t.Errorf("%d requests at once, want the burst of 100", len(at))
		}
	}
}

// The caller wakes for other reasons too, and asks often. The spacing is that of
// the rate as it is then.
func TestSpacingWhileTheRateGrows(t *testing.T) {
	for _, every := range []time.Duration{time.Millisecond, 7 * time.Millisecond, time.Hour} {
		l := ratelimit.New(10, 1)
		l.Take(0, ratelimit.Poll)
		var sent time.Duration
		for now := time.Second; now < 20*time.Second; now += time.Second { // to the lowest rate
			l.Limited(now, sent, ratelimit.Poll, 0)
			now = l.PausedUntil(ratelimit.Poll)
			sent = now
		}
		now := sent
		last := now - time.Hour
		count := 0
		for end := now + 15*time.Second; now < end; {
			if wait := l.Delay(now, ratelimit.Poll); wait > 0 {
				now += min(wait, every)
				continue
			}
			l.Take(now, ratelimit.Poll)
			if gap := (now - last).Seconds(); gap < 0.98/l.Rate(now, ratelimit.Poll) {
				t.Errorf("asked every %v: a gap of %.3f s at %.2f per second", every, gap, l.Rate(now, ratelimit.Poll))
			}
			last = now
			count++
		}
		// 3 s at about 0.2, then doubled in each half second.
		if count < 95 || count > 105 {
			t.Errorf("asked every %v: %d requests in 15 s", every, count)
		}
	}
}
