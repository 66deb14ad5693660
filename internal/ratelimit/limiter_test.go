package ratelimit_test

import (
	"testing"
	"time"

	"github.com/edenwait/edenwait/internal/ratelimit"
)

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

func TestBurst(t *testing.T) {
	at := spend(ratelimit.New(10, 4), 0, time.Second)
	if len(at) != 13 || at[3] != 0 || (at[4]-at[0]).Round(time.Millisecond) != 100*time.Millisecond {
		t.Errorf("%d requests: %v", len(at), at)
	}
}
