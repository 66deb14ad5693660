package resultlog

import (
	"bytes"
	"regexp"
	"strconv"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// clean makes JSON that every program can read. Invalid UTF-8, and an escape of half a
// surrogate pair, become U+FFFD, and replaced is how many bytes that changed. One such
// byte makes a whole file unreadable for Python and others. It does not change raw, and
// copies it only if something is replaced.
func clean(raw []byte) (cleaned []byte, replaced int) {
	if !utf8.Valid(raw) {
		for rest := raw; len(rest) > 0; {
			c, size := utf8.DecodeRune(rest)
			if c == utf8.RuneError && size == 1 {
				replaced++
			}
			rest = rest[size:]
		}
		raw = bytes.ToValidUTF8(raw, []byte(string(utf8.RuneError)))
	}
	if !bytes.Contains(raw, []byte(`\ud`)) && !bytes.Contains(raw, []byte(`\uD`)) {
		return raw, replaced
	}
	var b []byte
	last := 0
	for _, at := range escape().FindAllIndex(raw, -1) {
		text := raw[at[0]:at[1]]
		if len(text) != len(`\ud800`) || !isSurrogate(text) {
			continue // another escape, or a whole pair
		}
		b = append(append(b, raw[last:at[0]]...), `\ufffd`...)
		last = at[1]
		replaced += len(text)
	}
	if last == 0 {
		return raw, replaced
	}
	return append(b, raw[last:]...), replaced
}

// escape matches one escape, or the two of a surrogate pair. It matches every other escape
// too, so that a match never begins within one.
var escape = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.`)
})

func isSurrogate(text []byte) bool {
	code, err := strconv.ParseUint(string(text[2:]), 16, 16)
	return err == nil && utf16.IsSurrogate(rune(code))
}
