package edenwait

import (
	"strings"
	"time"
)

// parseCreated reads a time, such as created_at. The two forms that are usual, RFC 3339 and the
// same without a zone, cost no allocation: a page of the list has a thousand.
func parseCreated(value span) time.Time {
	inner, ok := value.simple()
	if !ok {
		return parseTime(value.text())
	}
	var (
		t        time.Time
		zoneless [40]byte
	)
	if n := len(inner); n > 6 && n < len(zoneless) && '0' <= inner[n-1] && inner[n-1] <= '9' && inner[n-6] != '+' && inner[n-6] != '-' {
		inner = append(append(zoneless[:0], inner...), 'Z')
	}
	if t.UnmarshalText(inner) == nil {
		return t.UTC()
	}
	inner, _ = value.simple()
	return parseTime(string(inner))
}

// parseTime reads RFC 3339, whose letters may be small, and what Python servers
// and databases make of it: no zone, which means UTC, one without a colon or of
// hours only, and a space for the T. Anything else is the zero time.
func parseTime(s string) time.Time {
	s = strings.ToUpper(strings.Replace(s, " ", "T", 1))
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
