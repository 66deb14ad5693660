package ratelimit_test

import (
	"math"
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/ratelimit"
)

// Any calls in any order: no second holds more than the rate allows, whoever
// waits for as long as Delay says may go, and the rate stays within its bounds.
func FuzzLimiter(f *testing.F) {
	f.Add(uint16(100), uint8(1), []byte{0, 1, 0, 1, 0x12, 0, 0x41, 0x22, 0, 1, 0, 0xff})
	f.Add(uint16(5), uint8(3), []byte{0, 0, 0, 0, 0x83, 0x50, 0, 0x63, 0, 0, 0})
	f.Add(uint16(60000), uint8(1), []byte{1, 1, 1, 1, 2, 2, 2, 2, 0x15, 1, 0, 3, 0x43, 0x73, 0})
	f.Fuzz(func(t *testing.T, tenths uint16, burst uint8, calls []byte) {
		perSecond := max(1, float64(tenths)) / 10
		l := ratelimit.New(perSecond, max(1, int(burst)))
		most := int(math.Ceil(perSecond)) + max(1, int(burst)) - 1
		var (
			now    time.Duration
			gone   []time.Duration
			first  int
			paused [2]time.Duration
		)
		take := func(c ratelimit.Class) {
			if now < paused[c] || now < l.PausedUntil(c) {
				t.Fatalf("%v: class %d goes in a pause until %v", now, c, l.PausedUntil(c))
			}
			l.Take(now, c)
			gone = append(gone, now)
			for now-gone[first] > time.Second {
				first++
			}
			if n := len(gone) - first; n > most {
				t.Fatalf("%v: %d in a second at %v, burst %d", now, n, perSecond, burst)
			}
		}
		for i, call := range calls {
			c, n := ratelimit.Class(call&1), int(call>>4)
			sent := now - ms(30*n)
			switch call >> 1 & 7 {
			case 0: // go as soon as may be, late by up to 1.5 ms
				now += l.Delay(now, c) + ms(n)/10
				if wait := l.Delay(now, c); wait != 0 {
					t.Fatalf("call %d at %v: another %v after waiting", i, now, wait)
				}
				take(c)
			case 1: // as many as may go now
				for range 50 {
					if l.Delay(now, c) > 0 {
						break
					}
					take(c)
				}
			case 2:
				retryAfter := time.Duration(0)
				if n >= 8 {
					retryAfter = ms(1000 * (n - 9))
				}
				l.Limited(now, sent, c, retryAfter)
				paused[c] = max(paused[c], now+retryAfter)
			case 3:
				l.Answered(now, sent, c)
			case 4:
				until := now + ms(1000*(n-2))
				l.Pause(until)
				paused[0], paused[1] = max(paused[0], until), max(paused[1], until)
			case 5:
				now += ms(n)
			case 6:
				now += ms(77 * n)
			case 7:
				now += ms(1000 * n * n)
			}
			for c := range ratelimit.Class(2) {
				wait := l.Delay(now, c)
				if wait < 0 || wait > max(0, l.PausedUntil(c)-now)+time.Duration(51/perSecond*float64(time.Second))+2*time.Millisecond {
					t.Fatalf("call %d at %v: class %d waits %v", i, now, c, wait)
				}
				if rate := l.Rate(now, c); rate < 0.02*perSecond*(1-1e-9) || rate > perSecond {
					t.Fatalf("call %d at %v: class %d at %v per second of %v", i, now, c, rate, perSecond)
				}
			}
		}
	})
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func BenchmarkLimiter(b *testing.B) {
	for name, refused := range map[string]bool{"full rate": false, "cut rate": true} {
		b.Run(name, func(b *testing.B) {
			l := ratelimit.New(1000, 1)
			now := time.Minute
			if refused {
				l.Limited(now, now-roundTrip, ratelimit.Poll, 0)
				now = l.PausedUntil(ratelimit.Poll) + time.Second
			}
			b.Run("Delay", func(b *testing.B) {
				b.ReportAllocs()
				l.Take(now, ratelimit.Poll)
				for b.Loop() {
					l.Delay(now, ratelimit.Poll)
				}
			})
			b.Run("Take", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					l.Take(now, ratelimit.Poll)
				}
			})
		})
	}
}

func TestNoAllocation(t *testing.T) {
	l := ratelimit.New(1000, 1)
	now := time.Minute
	if n := testing.AllocsPerRun(100, func() {
		now += l.Delay(now, ratelimit.Poll)
		l.Take(now, ratelimit.Poll)
		l.Answered(now, now-roundTrip, ratelimit.Poll)
		l.Limited(now, now-roundTrip, ratelimit.Own, 0)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
