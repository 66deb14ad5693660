package edenwait

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestRetryAfter is longer than any useful wait, and far from overflow.
const longestRetryAfter = 24 * time.Hour

// parseRetryAfter reads how long an answer asks to wait, rounded up to whole
// milliseconds and at most a day. RFC 9110, section 10.2.3, has whole seconds or
// a date; gateways also send fractions, units, quotation marks, the time at which
// to come back in Unix seconds, a zone where GMT belongs, and several values, of
// which the longest counts. Any value that means "later" is honored, since the server
// complains about requests that come too soon. A value without a meaning, or a past
// time, is 0.
func parseRetryAfter(header http.Header, now time.Time) time.Duration {
	var longest time.Duration
	for _, value := range header["Retry-After"] {
		if date, ok := parseHTTPDate(value); ok {
			// By the clock that made it, if the answer shows that.
			from := now
			if sent, ok := parseHTTPDate(header.Get("Date")); ok {
				from = sent
			}
			longest = max(longest, date.Sub(from))
			continue
		}
		for part := range strings.SplitSeq(value, ",") {
			longest = max(longest, parseDelay(part, now))
		}
	}
	longest = min(longest, longestRetryAfter)
	return (longest + time.Millisecond - 1).Truncate(time.Millisecond)
}

func parseHTTPDate(value string) (time.Time, bool) {
	value = strings.Trim(value, " \t\"'")
	if date, err := http.ParseTime(value); err == nil {
		return date, true
	}
	if zoneless, found := strings.CutSuffix(value, " UTC"); found {
		if date, err := http.ParseTime(zoneless + " GMT"); err == nil {
			return date, true
		}
	}
	for _, layout := range []string{time.RFC1123Z, time.RFC3339} {
		if date, err := time.Parse(layout, value); err == nil {
			return date, true
		}
	}
	return time.Time{}, false
}

// parseDelay reads a number, of seconds unless a unit follows.
func parseDelay(text string, now time.Time) time.Duration {
	text = strings.ToLower(strings.Trim(text, " \t\"';"))
	digits := strings.TrimLeft(text, "+-.0123456789")
	number := text[:len(text)-len(digits)]
	if exponent := strings.TrimLeft(digits, "e"); len(exponent) == len(digits)-1 && exponent != "" && strings.Trim(exponent, "+-0123456789") == "" {
		number, digits = text, "" // 1e2
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil && !math.IsInf(value, 1) || value <= 0 {
		return 0
	}
	unit, known := map[string]time.Duration{
		"": time.Second, "s": time.Second, "sec": time.Second, "secs": time.Second, "second": time.Second, "seconds": time.Second,
		"ms": time.Millisecond, "millisecond": time.Millisecond, "milliseconds": time.Millisecond,
		"m": time.Minute, "min": time.Minute, "mins": time.Minute, "minute": time.Minute, "minutes": time.Minute,
		"h": time.Hour, "hour": time.Hour, "hours": time.Hour,
	}[strings.TrimSpace(digits)]
	if !known {
		return 0
	}
	// A delay of decades is a date: the second at which to come back.
	const year = 365 * 24 * 3600
	if at := float64(now.Unix()); unit == time.Second && at > year && value > at-year && value < at+year {
		value = max(value-at-float64(now.Nanosecond())/1e9, 0)
	}
	nanoseconds := value * float64(unit)
	if nanoseconds >= float64(longestRetryAfter) {
		return longestRetryAfter
	}
	// A fraction such as 0.1 has no exact float: what is a nanosecond over a
	// millisecond only by that is not rounded up to the next.
	return time.Duration(math.Ceil(nanoseconds/float64(time.Microsecond)-1e-3)) * time.Microsecond
}
