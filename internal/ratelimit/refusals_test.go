package ratelimit_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/ratelimit"
)

// pauses are those after refusals only, from the last good answer on.
func pauses(n int) (pauses, since []time.Duration) {
	l := ratelimit.New(10, 1)
	now := time.Hour
	l.Answered(now, now-roundTrip, ratelimit.Poll)
	good := now
	for range n {
		sent := now + l.Delay(now, ratelimit.Poll)
		now = sent + roundTrip
		l.Limited(now, sent, ratelimit.Poll, 0)
		pauses = append(pauses, l.PausedUntil(ratelimit.Poll)-now)
		since = append(since, now-good)
	}
	return pauses, since
}

func TestPausesGrow(t *testing.T) {
	pauses, since := pauses(100)
	if want := []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second}; !slices.Equal(pauses[:3], want) {
		t.Errorf("the first pauses are %v, want %v", pauses[:3], want)
	}
	for i, pause := range pauses {
		if i > 0 && pause < pauses[i-1] || pause > 5*time.Minute {
			t.Errorf("pause %d is %v after %v", i, pause, pauses[i-1])
		}
		if i > 2 && pause > max(time.Second, since[i]/4) {
			t.Errorf("pause %d is %v, %v after the last good answer", i, pause, since[i])
		}
	}
	if last := pauses[99]; last != 5*time.Minute {
		t.Errorf("the last pause is %v", last)
	}
}

// The quota is gone for a day.
func TestQuotaGoneForADay(t *testing.T) {
	var requests, late tally
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		day := 24*time.Hour + time.Duration(r.Int64N(int64(5*time.Minute)))
		from := time.Minute + time.Duration(r.Int64N(int64(time.Minute)))
		for _, own := range []int{0, 400} {
			srv := newServer(kinds[seed%3], 10)
			refused := 0
			srv.refuse = func(now time.Duration, _ int) bool {
				gone := now >= from && now < from+day
				if gone {
					refused++
				}
				return gone
			}
			l := ratelimit.New(10, 1)
			polls := &sender{limiter: l, jobs: int(from.Seconds()*10) + 400 - own}
			m := &simulation{server: srv, senders: []*sender{polls, {limiter: l, class: ratelimit.Own, jobs: own, from: from / 2}}, rand: r}
			m.run(2 * day)
			requests.add(float64(refused))
			late.add((m.now - from - day).Minutes())
		}
	}
	t.Logf("%.0f requests (most %.0f), done %.1f min after the return (worst %.1f)", requests.mean(), requests.worst, late.mean(), late.worst)
	if requests.worst > 500 || late.worst > 6 {
		t.Errorf("%.0f requests, done %.1f min after the return", requests.worst, late.worst)
	}
}

// A ban that restarts with every request is passed.
func TestBanThatRestarts(t *testing.T) {
	for _, ban := range []time.Duration{5 * time.Second, 31 * time.Second, time.Minute, 4 * time.Minute} {
		srv := newServer(tokenBucket, 10)
		until, banned := time.Minute+ban, 0
		srv.refuse = func(now time.Duration, _ int) bool {
			if now < time.Minute || now >= until {
				return false
			}
			banned++
			until = now + ban
			return true
		}
		s := &sender{limiter: ratelimit.New(10, 1), jobs: 1000}
		m := &simulation{server: srv, senders: []*sender{s}, rand: rand.New(rand.NewPCG(1, 1))}
		m.run(24 * time.Hour)
		t.Logf("%v: %d requests, done after %v", ban, banned, s.done)
		if s.jobs > 0 || s.done > 2*time.Minute+6*ban {
			t.Errorf("%v: %d left, done after %v", ban, s.jobs, s.done)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for retryAfter, pause := range map[time.Duration]time.Duration{
		0:               250 * time.Millisecond,
		-time.Hour:      250 * time.Millisecond,
		7 * time.Second: 7 * time.Second,
		24 * time.Hour:  5 * time.Minute,
	} {
		l := ratelimit.New(10, 1)
		now := time.Minute
		if !l.Limited(now, now-roundTrip, ratelimit.Poll, retryAfter) {
			t.Error("the first 429 begins no streak")
		}
		for _, c := range []ratelimit.Class{ratelimit.Poll, ratelimit.Own} {
			if wait := l.Delay(now, c); wait != pause || l.PausedUntil(c) != now+pause {
				t.Errorf("Retry-After %v: pause of %v until %v, want %v", retryAfter, wait, l.PausedUntil(c), pause)
			}
			if rate := l.Rate(now+pause, c); rate != 5 {
				t.Errorf("Retry-After %v: %v per second afterwards, want 5", retryAfter, rate)
			}
		}
	}
}

// Many requests are under way when the first 429 comes.
func TestOneCutForAllThatWereUnderWay(t *testing.T) {
	l := ratelimit.New(10, 1)
	now := time.Minute
	l.Limited(now, now-roundTrip, ratelimit.Poll, 0)
	for range 20 {
		if l.Limited(now+roundTrip, now, ratelimit.Poll, 0) {
			t.Error("a second streak")
		}
		if l.Answered(now+roundTrip, now, ratelimit.Poll) {
			t.Error("an answer to an earlier request ended the streak")
		}
	}
	if rate, until := l.Rate(now+250*time.Millisecond, ratelimit.Poll), l.PausedUntil(ratelimit.Poll); rate != 5 || until != now+250*time.Millisecond {
		t.Errorf("%v per second after a pause until %v", rate, until-now)
	}
	// The time that a server names counts all the same, and the rate grows later.
	l.Limited(now+roundTrip, now, ratelimit.Poll, 3*time.Second)
	if rate, until := l.Rate(now+3*time.Second, ratelimit.Poll), l.PausedUntil(ratelimit.Poll); rate != 5 || until != now+roundTrip+3*time.Second {
		t.Errorf("%v per second after a pause until %v", rate, until-now)
	}
	sent := now + 4*time.Second
	if !l.Answered(sent+roundTrip, sent, ratelimit.Poll) || l.Answered(sent+roundTrip, sent, ratelimit.Poll) {
		t.Error("the streak does not end with the first answer to a later request")
	}
}

func TestPause(t *testing.T) {
	l := ratelimit.New(10, 1)
	if until := l.PausedUntil(ratelimit.Own); until > 0 {
		t.Errorf("paused until %v", until)
	}
	l.Take(time.Second, ratelimit.Poll)
	l.Pause(time.Minute)
	l.Pause(time.Second)
	for _, c := range []ratelimit.Class{ratelimit.Poll, ratelimit.Own} {
		if wait := l.Delay(2*time.Second, c); wait != 58*time.Second || l.PausedUntil(c) != time.Minute {
			t.Errorf("class %d waits %v", c, wait)
		}
		if rate := l.Rate(time.Minute, c); rate != 10 {
			t.Errorf("class %d: %v per second", c, rate)
		}
	}
}
