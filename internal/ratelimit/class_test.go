package ratelimit_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/ratelimit"
)

// The caller's submits are refused for ten minutes, whatever the reason. Polls go
// on as if nothing was.
func TestRefusedSubmits(t *testing.T) {
	const span = 10 * time.Minute
	for _, every := range []time.Duration{0, 2 * time.Second, 3 * time.Second, 10 * time.Second} {
		for _, k := range kinds {
			var used, submits tally
			for seed := range uint64(10) {
				r := rand.New(rand.NewPCG(seed, 1))
				srv := newServer(k, 10)
				srv.refuse = func(_ time.Duration, class int) bool { return class == int(ratelimit.Own) }
				l := ratelimit.New(10, 1)
				polls := &sender{limiter: l, jobs: 1e6}
				own := &sender{limiter: l, class: ratelimit.Own, jobs: 1e6, every: every, from: time.Duration(r.Int64N(int64(10 * time.Second)))}
				(&simulation{server: srv, senders: []*sender{polls, own}, rand: r}).run(span)
				used.add(float64(len(polls.good)) / span.Seconds() / 10)
				submits.add(float64(own.refused))
				if polls.refused > 0 {
					t.Errorf("%v: %d polls were refused", k, polls.refused)
				}
			}
			t.Logf("a submit wanted every %v, %v: polls at %.1f %% of their rate, %.0f submits", every, k, 100*used.mean(), submits.mean())
			if used.mean() < 0.95 {
				t.Errorf("a submit wanted every %v, %v: polls at %.1f %% of their rate", every, k, 100*used.mean())
			}
		}
	}
}

// Submits that are refused now and then, without end of their streaks' growth:
// every other one is answered.
func TestEveryOtherSubmitRefused(t *testing.T) {
	for _, every := range []time.Duration{0, 2 * time.Second, time.Second} {
		srv := newServer(tokenBucket, 10)
		n := 0
		srv.refuse = func(_ time.Duration, class int) bool {
			if class != int(ratelimit.Own) {
				return false
			}
			n++
			return n%2 == 0
		}
		l := ratelimit.New(10, 1)
		polls := &sender{limiter: l, jobs: 1e6}
		own := &sender{limiter: l, class: ratelimit.Own, jobs: 1e6, every: every}
		(&simulation{server: srv, senders: []*sender{polls, own}, rand: rand.New(rand.NewPCG(1, 1))}).run(10 * time.Minute)
		sum := float64(len(polls.good)+len(own.sent)) / 6000
		t.Logf("every %v: %d polls, %d submits, together %.2f of the rate", every, len(polls.good), len(own.sent), sum)
		if sum < 0.95 || sum > 1.001 {
			t.Errorf("every %v: together %.2f of the rate", every, sum)
		}
	}
}

// Both classes together on an account that others share.
func TestClassesOnASharedAccount(t *testing.T) {
	for _, every := range []time.Duration{0, time.Second, 5 * time.Second} {
		for _, others := range []float64{0, 5} {
			for _, k := range kinds {
				var limited, used tally
				for seed := range uint64(10) {
					r := rand.New(rand.NewPCG(seed, 1))
					srv := newServer(k, 10)
					srv.others = func(time.Duration) float64 { return others }
					l := ratelimit.New(10, 1)
					polls := &sender{limiter: l, jobs: 1e6}
					own := &sender{limiter: l, class: ratelimit.Own, jobs: 1e6, every: every, from: time.Duration(r.Int64N(int64(time.Second)))}
					m := &simulation{server: srv, senders: []*sender{polls, own}, rand: r}
					m.run(10 * time.Minute)
					limited.add(float64(srv.refusals) / float64(srv.refusals+srv.admitted))
					used.add(float64(srv.admitted) / 600 / (10 - others))
					if most := mostInASecond(m.sent); most > 10 {
						t.Errorf("%d requests in a second", most)
					}
				}
				t.Logf("%v taken, a submit every %v, %v: %.1f %% 429s (worst %.1f), %.0f %% of the limit used",
					others/10, every, k, 100*limited.mean(), 100*limited.worst, 100*used.mean())
				if most := 0.1; limited.worst > most || others == 0 && limited.worst > 0 {
					t.Errorf("%v taken, a submit every %v, %v: %.1f %% 429s", others/10, every, k, 100*limited.worst)
				}
			}
		}
	}
}

func TestWhomA429Slows(t *testing.T) {
	for _, tt := range []struct {
		name       string
		clean      int // polls answered since the last poll refused
		pollPaused bool
	}{{"polls are answered", 20, false}, {"too few to tell", 19, true}} {
		l := ratelimit.New(10, 1)
		now := time.Minute
		l.Limited(now, now-roundTrip, ratelimit.Poll, 0)
		now += time.Minute
		for range tt.clean {
			now += 100 * time.Millisecond
			l.Answered(now, now-roundTrip, ratelimit.Poll)
		}
		if !l.Limited(now, now-roundTrip, ratelimit.Own, 7*time.Second) {
			t.Errorf("%s: the first 429 of a class begins no streak", tt.name)
		}
		if wait := l.Delay(now, ratelimit.Own); wait != 7*time.Second {
			t.Errorf("%s: own requests wait %v", tt.name, wait)
		}
		if got := l.Delay(now, ratelimit.Poll) > 0; got != tt.pollPaused {
			t.Errorf("%s: polls pause: %v", tt.name, got)
		}
		if got := l.Rate(now, ratelimit.Poll) < 10; got != tt.pollPaused {
			t.Errorf("%s: polls are slowed: %v", tt.name, got)
		}
		if rate := l.Rate(now, ratelimit.Own); rate != 5 {
			t.Errorf("%s: own requests at %v", tt.name, rate)
		}
		if got := l.PausedUntil(ratelimit.Poll) > now; got != tt.pollPaused {
			t.Errorf("%s: polls paused until %v", tt.name, l.PausedUntil(ratelimit.Poll))
		}
	}
}
