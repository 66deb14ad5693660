package webhook

import "strconv"

// quote shows the beginning of foreign text, with what could break a log line or
// a terminal escaped.
func quote(s string) string {
	const limit = 64
	if len(s) > limit {
		return strconv.Quote(s[:limit]) + "…"
	}
	return strconv.Quote(s)
}
