package ratelimit_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/ratelimit"
)

// tally is a figure over several seeds.
type tally struct{ sum, worst, count float64 }

func (t *tally) add(x float64) {
	if t.count == 0 || x > t.worst {
		t.worst = x
	}
	t.sum += x
	t.count++
}

func (t *tally) mean() float64 { return t.sum / t.count }

// Another client takes a part of the account for about 45 s, and then nothing.
// 400 requests that are to be answered are done soon after the limit allows.
func TestTakenForAWhile(t *testing.T) {
	// A server that counts the last second refuses a request right when it is over
	// the limit, a token bucket averages over ten.
	tests := []struct {
		share       float64
		mean, worst float64 // seconds
	}{
		{share: 0.9, mean: 4, worst: 8},
		{share: 0.5, mean: 4, worst: 5},
	}
	for _, tt := range tests {
		for _, k := range kinds {
			var lag, limited tally
			for seed := range uint64(50) {
				r := rand.New(rand.NewPCG(seed, 1))
				from := time.Duration(r.Int64N(int64(time.Second)))
				span := 42*time.Second + time.Duration(r.Int64N(int64(6*time.Second)))
				srv := newServer(k, 10)
				srv.others = func(now time.Duration) float64 {
					if now >= from && now < from+span {
						return 10 * tt.share
					}
					return 0
				}
				s := &sender{limiter: ratelimit.New(10, 1), jobs: 400, from: from}
				(&simulation{server: srv, senders: []*sender{s}, rand: r}).run(time.Hour)
				allowed := span.Seconds() + (400-span.Seconds()*10*(1-tt.share))/10
				lag.add((s.done - from).Seconds() - allowed)
				limited.add(float64(s.refused) / float64(len(s.sent)))
			}
			t.Logf("%v taken, %v: done %.1f s late (worst %.1f), %.1f %% 429s (worst %.1f)",
				tt.share, k, lag.mean(), lag.worst, 100*limited.mean(), 100*limited.worst)
			if lag.mean() > tt.mean || lag.worst > tt.worst {
				t.Errorf("%v taken, %v: done %.1f s late (worst %.1f)", tt.share, k, lag.mean(), lag.worst)
			}
			if limited.worst > 0.1 {
				t.Errorf("%v taken, %v: %.1f %% 429s", tt.share, k, 100*limited.worst)
			}
		}
	}
}

// Another client takes half of the account and does not stop. It is one that
// never slows down, evenly spaced or not, or another Limiter.
func TestSharedForever(t *testing.T) {
	tests := []struct {
		name     string
		limiters int
		others   float64
		uneven   bool
		limited  float64
	}{
		{name: "alone", limiters: 1},
		{name: "half taken", limiters: 1, others: 5, limited: 0.1},
		{name: "half taken, unevenly", limiters: 1, others: 5, uneven: true, limited: 0.1},
		{name: "two limiters", limiters: 2, limited: 0.1},
	}
	for _, tt := range tests {
		for _, k := range kinds {
			var limited, used tally
			for seed := range uint64(20) {
				r := rand.New(rand.NewPCG(seed, 1))
				srv := newServer(k, 10)
				srv.others = func(time.Duration) float64 { return tt.others }
				if tt.uneven {
					srv.jitter = r
				}
				var senders []*sender
				for range tt.limiters {
					senders = append(senders, &sender{limiter: ratelimit.New(10, 1), jobs: 1e6, from: time.Duration(r.Int64N(int64(time.Second)))})
				}
				(&simulation{server: srv, senders: senders, rand: r}).run(10 * time.Minute)
				limited.add(float64(srv.refusals) / float64(srv.refusals+srv.admitted))
				used.add(float64(srv.admitted) / 600 / (10 - tt.others))
			}
			t.Logf("%s, %v: %.1f %% 429s (worst %.1f), %.0f %% of the limit used", tt.name, k, 100*limited.mean(), 100*limited.worst, 100*used.mean())
			if limited.worst > tt.limited {
				t.Errorf("%s, %v: %.1f %% 429s", tt.name, k, 100*limited.worst)
			}
			if used.mean() < 0.8 {
				t.Errorf("%s, %v: %.0f %% of the limit used", tt.name, k, 100*used.mean())
			}
		}
	}
}

// The rate after a 429: halved, soon back just below the last limit,
// slowly across it, then quickly up.
func TestRateAfterA429(t *testing.T) {
	l := ratelimit.New(10, 1)
	now := time.Minute
	l.Limited(now, now-roundTrip, ratelimit.Poll, 0)
	resumed := now + 250*time.Millisecond
	for _, tt := range []struct {
		after    time.Duration
		from, to float64
	}{
		{-250 * time.Millisecond, 5, 5},
		{0, 5, 5},
		{150 * time.Millisecond, 7, 7.1},
		{300 * time.Millisecond, 9.5, 9.51},
		{1800 * time.Millisecond, 9.7, 9.9},
		{4 * time.Second, 10, 10},
		{time.Hour, 10, 10},
	} {
		if got := l.Rate(resumed+tt.after, ratelimit.Poll); got < tt.from || got > tt.to {
			t.Errorf("%v after the pause: %.3f per second, want %v to %v", tt.after, got, tt.from, tt.to)
		}
	}
	// Met again at half of it, the way up from there takes a doubling.
	now = resumed
	l.Limited(now+roundTrip, now, ratelimit.Poll, 0)
	resumed = l.PausedUntil(ratelimit.Poll)
	for _, tt := range []struct {
		after    time.Duration
		from, to float64
	}{
		{0, 2.5, 2.5},
		{300 * time.Millisecond, 4.75, 4.76},
		{3200 * time.Millisecond, 5, 5.06},
		{3800 * time.Millisecond, 7.5, 10},
		{4500 * time.Millisecond, 10, 10},
	} {
		if got := l.Rate(resumed+tt.after, ratelimit.Own); got < tt.from || got > tt.to {
			t.Errorf("%v after the second pause: %.3f per second, want %v to %v", tt.after, got, tt.from, tt.to)
		}
	}
}

// Few requests, as few as there are to send, do not look like a low limit.
func TestIdleIsNotLimited(t *testing.T) {
	for _, every := range []time.Duration{time.Second, time.Minute} {
		l := ratelimit.New(10, 1)
		now := time.Minute
		for range 20 {
			now += every
			l.Take(now, ratelimit.Poll)
			l.Answered(now+roundTrip, now, ratelimit.Poll)
		}
		l.Limited(now+roundTrip, now, ratelimit.Poll, 0)
		now = l.PausedUntil(ratelimit.Poll) + 300*time.Millisecond
		if rate := l.Rate(now, ratelimit.Poll); rate < 9.5 {
			t.Errorf("a request every %v: %.2f per second after a 429", every, rate)
		}
	}
}

// A rate that doubled while a server's burst lasted does not pass for the limit:
// what was answered says more.
func TestLimitIsWhatIsAnswered(t *testing.T) {
	l := ratelimit.New(100, 1)
	now := time.Minute
	for range 20 { // every other request is answered
		for range 2 {
			now += l.Delay(now, ratelimit.Poll) + time.Millisecond
			l.Take(now, ratelimit.Poll)
		}
		now += 4 * time.Millisecond
		l.Answered(now, now-time.Millisecond, ratelimit.Poll)
	}
	l.Limited(now, now-time.Millisecond, ratelimit.Poll, 0)
	now = l.PausedUntil(ratelimit.Poll) + time.Second
	if rate := l.Rate(now, ratelimit.Poll); rate < 50 || rate > 60 {
		t.Errorf("%.1f per second after a 429, want about half of the rate", rate)
	}
}
