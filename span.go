package edenwait

import (
	"encoding/json"
	"slices"
	"strconv"
)

// span is a json.RawMessage that does not copy: it is the part of a response
// that holds one value, checked to be JSON. This halves the memory of a large
// output. It is never written to.
type span []byte

// value is the span as a raw message, nil for null and for a missing field.
func (s span) value() json.RawMessage {
	if len(s) == 0 || string(s) == "null" {
		return nil
	}
	return json.RawMessage(s)
}

// simple is the inside a string without escapes or bytes outside ASCII; ok is
// false for any other value.
func (s span) simple() (inner []byte, ok bool) {
	if len(s) < 2 || s[0] != '"' {
		return nil, false
	}
	inner = s[1 : len(s)-1]
	return inner, !slices.ContainsFunc(inner, func(c byte) bool { return c < ' ' || c > '~' || c == '\\' })
}

// text is the string that the span holds, empty for anything else.
func (s span) text() string {
	if inner, ok := s.simple(); ok {
		return string(inner)
	}
	if len(s) < 2 || s[0] != '"' {
		return ""
	}
	var text string
	if json.Unmarshal(s, &text) != nil {
		return ""
	}
	return text
}

// number is the whole number that the span holds, as a JSON number or in a
// string, and 0 for anything else.
func (s span) number() int {
	digits := s.text()
	if digits == "" {
		digits = string(s.value())
	}
	if n, err := strconv.Atoi(digits); err == nil {
		return n
	}
	if n, err := strconv.ParseFloat(digits, 64); err == nil && n == float64(int(n)) {
		return int(n)
	}
	return 0
}
