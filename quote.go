package edenwait

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// quote shows foreign text in at most limit bytes and its quotation marks, with
// what could break a log line or a terminal escaped.
func quote(text string, limit int) string { return `"` + escape(text, limit, true) + `"` }

// printable shows text that may hold something foreign: as it is, but bounded
// and without what could break a log line or a terminal.
func printable(text string, limit int) string { return escape(text, limit, false) }

// plainOrQuoted shows a name as it is where it looks like one, and else quotes it.
func plainOrQuoted(name string, limit int) string {
	if name != "" && len(name) <= limit && !strings.ContainsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.:+@/", r))
	}) {
		return name
	}
	return quote(name, limit)
}

// escape bounds what it returns and not what it is given: an escaped letter is up
// to ten bytes.
func escape(text string, limit int, quoted bool) string {
	const more = "…"
	out, fits := make([]byte, 0, min(len(text), limit)), 0
	for rest := text; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		from := rest[:size]
		rest = rest[size:]
		switch {
		case r == utf8.RuneError && size == 1, !strconv.IsPrint(r), quoted && (r == '"' || r == '\\'):
			escaped := strconv.Quote(from)
			out = append(out, escaped[1:len(escaped)-1]...)
		default:
			out = append(out, from...)
		}
		if len(out) > limit {
			return string(append(out[:fits], more...))
		}
		if len(out) <= limit-len(more) {
			fits = len(out)
		}
	}
	return string(out)
}

// maxForeign bounds the text of an error of the caller's, in bytes.
const maxForeign = 4 << 10

// shorten returns at most maxForeign bytes of a text, whole letters.
func shorten(text string) string {
	if len(text) <= maxForeign {
		return text
	}
	return strings.ToValidUTF8(text[:maxForeign], "") + "…"
}
