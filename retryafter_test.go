package edenwait

import (
	"net/http"
	"testing"
	"time"
)

// TestRetryAfterForms: whatever says "later" is understood, and rounded up.
func TestRetryAfterForms(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 250_000_000, time.UTC)
	const day = 24 * time.Hour
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, " 7 ": 7 * time.Second, "007": 7 * time.Second, "+7": 7 * time.Second, "\t7\t": 7 * time.Second,
		"29.997": 29997 * time.Millisecond, "0.1": 100 * time.Millisecond, "1.0001": 1001 * time.Millisecond, ".5": 500 * time.Millisecond, "3.": 3 * time.Second,
		"1e2": 100 * time.Second, "1.5E1": 15 * time.Second, "0.00001": time.Millisecond,
		"120, 120": 2 * time.Minute, "5,60": time.Minute, "60,": time.Minute, "soon, 3": 3 * time.Second,
		"120s": 2 * time.Minute, "120 seconds": 2 * time.Minute, "250ms": 250 * time.Millisecond, "2 min": 2 * time.Minute, "1h": time.Hour,
		`"120"`: 2 * time.Minute, "'9'": 9 * time.Second, "30;": 30 * time.Second,
		"999999999": day, "99999999999999999999": day, "1e400": day, "1e30": day, "86401": day,
		// A delay of decades is the Unix time at which to come back.
		"1795608060": 59750 * time.Millisecond, "1795607000": 0,
		"0": 0, "-3": 0, "-0.5": 0, "soon": 0, "": 0, "NaN": 0, "Inf": 0, "0x10": 0, "1_000": 0, "7 apples": 0, "1.2.3": 0, "--1": 0,
		// The three forms of RFC 9110, and what servers make of them.
		"Wed, 25 Nov 2026 12:01:00 GMT":     59750 * time.Millisecond,
		"Wednesday, 25-Nov-26 12:01:00 GMT": 59750 * time.Millisecond,
		"Wed Nov 25 12:01:00 2026":          59750 * time.Millisecond,
		" Wed, 25 Nov 2026 12:01:00 GMT ":   59750 * time.Millisecond,
		`"Wed, 25 Nov 2026 12:01:00 GMT"`:   59750 * time.Millisecond,
		"Wed, 25 Nov 2026 12:01:00 UTC":     59750 * time.Millisecond,
		"Wed, 25 Nov 2026 13:01:00 +0100":   59750 * time.Millisecond,
		"2026-11-25T12:01:00Z":              59750 * time.Millisecond,
		"Sat, 01 Jan 2400 00:00:00 GMT":     day,
		"Mon, 02 Jan 2006 15:04:05 GMT":     0,
		"Wed, 99 Nov 2026 12:01:00 GMT":     0,
	} {
		if got := parseRetryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
	if got := parseRetryAfter(http.Header{"Retry-After": {"1", "90"}}, now); got != 90*time.Second {
		t.Errorf("two headers: %v", got)
	}
	// A date is the server's, whose clock may be another.
	skewed := http.Header{"Retry-After": {"Wed, 25 Nov 2026 22:01:00 GMT"}, "Date": {"Wed, 25 Nov 2026 22:00:30 GMT"}}
	if got := parseRetryAfter(skewed, now); got != 30*time.Second {
		t.Errorf("a clock ten hours ahead: %v", got)
	}
}

func FuzzRetryAfterForms(f *testing.F) {
	for _, value := range []string{"7", "29.997", "120, 120", "Wed, 25 Nov 2026 12:01:00 GMT", "1e400", "-", "e", "1e", "1795608060"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got := parseRetryAfter(http.Header{"Retry-After": {value}}, time.Now())
		if got < 0 || got > longestRetryAfter || got%time.Millisecond != 0 {
			t.Errorf("%q: %v", value, got)
		}
	})
}
