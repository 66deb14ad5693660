package webhook

import (
	"bytes"
	"fmt"
	"math"
	"unicode/utf8"
)

// maxDepth is the nesting that a document may have: as much as encoding/json
// reads, since an output that is deeper cannot be decoded anyway.
const maxDepth = 10_000

// document is a JSON text and where its values are. It differs from encoding/json
// in what a signature depends on: names are compared exactly, duplicate names
// stay visible, lone surrogates are kept, and NaN, Infinity and -Infinity are
// read, since Python writes them.
type document struct {
	text []byte
	// values are the root and all below it in the order of the text. The members
	// of an object are its names and values in turn.
	values []value
	depth  int // of the deepest container
}

// value is one value of a document, or the name of a member.
type value struct {
	start, end uint32 // the value's part of the text
	next       uint32 // the index of the first value behind it and all in it
}

// syntaxError says where a text stops being JSON. It holds nothing of the text,
// which may be confidential.
type syntaxError struct {
	offset int
	want   string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("not JSON at byte %d: want %s", e.offset, e.want)
}

// tooManyValuesError is a document with more values than its reader keeps.
type tooManyValuesError struct{ limit int }

func (e *tooManyValuesError) Error() string {
	return fmt.Sprintf("more than %d JSON values", e.limit)
}

// readDocument reads a whole text. It keeps the values that are nested less than
// levels deep, where 1 keeps the root alone, and checks the others. It fails if
// there are more than limit to keep.
func readDocument(text []byte, levels, limit int) (*document, error) {
	if uint64(len(text)) > math.MaxUint32 {
		return nil, fmt.Errorf("the JSON has %d bytes, which is too large", len(text))
	}
	r := reader{document: document{text: text}, levels: levels, limit: limit}
	r.at = len(bom(text))
	if err := r.read(); err != nil {
		return nil, err
	}
	return &r.document, nil
}

// bom is the byte order mark that the text starts with, if it does. Python
// ignores one.
func bom(text []byte) []byte {
	const mark = "\xef\xbb\xbf"
	return text[:len(text)-len(bytes.TrimPrefix(text, []byte(mark)))]
}

// reader reads one document without recursion: the depth of a text is its
// sender's choice.
type reader struct {
	document
	levels, limit int
	at            int
	open          []container
}

type container struct {
	closing byte
	kept    int // the index in values; -1 if it is not kept
}

func (r *reader) read() error {
	for {
		// Here a value begins.
		done, err := r.begin()
		if err != nil {
			return err
		}
		// Here a value has ended, or an empty container has.
		for done {
			if len(r.open) == 0 {
				if r.peek() != 0 || r.at < len(r.text) {
					return &syntaxError{r.at, "the end"}
				}
				return nil
			}
			top := r.open[len(r.open)-1]
			switch r.peek() {
			case ',':
				r.at++
				if top.closing == '}' {
					if err := r.name(); err != nil {
						return err
					}
				}
				done = false
			case top.closing:
				r.close()
			default:
				return &syntaxError{r.at, "a comma or the end of the array or object"}
			}
		}
	}
}

// begin reads a scalar, or the beginning of a container up to its first value.
// It reports whether a value has ended.
func (r *reader) begin() (done bool, err error) {
	c := r.peek()
	start := r.at
	switch c {
	case '{', '[':
		if len(r.open) == maxDepth {
			return false, &syntaxError{start, fmt.Sprintf("at most %d nested arrays and objects", maxDepth)}
		}
		kept, err := r.keep(start, start)
		if err != nil {
			return false, err
		}
		r.open = append(r.open, container{closing: c + 2, kept: kept}) // in ASCII, ] is [ + 2 and } is { + 2
		r.depth = max(r.depth, len(r.open))
		r.at++
		switch {
		case r.peek() == c+2:
			r.close()
			return true, nil
		case c == '{':
			return false, r.name()
		}
		return false, nil
	case '"':
		r.at, err = skipString(r.text, start)
	case 't':
		err = r.word("true")
	case 'f':
		err = r.word("false")
	case 'n':
		err = r.word("null")
	case 'N':
		err = r.word("NaN")
	case 'I':
		err = r.word("Infinity")
	default:
		if bytes.HasPrefix(r.text[r.at:], []byte("-I")) {
			err = r.word("-Infinity")
		} else {
			r.at, err = skipNumber(r.text, start)
		}
	}
	if err != nil {
		return false, err
	}
	_, err = r.keep(start, r.at)
	return true, err
}

// name reads the name of a member and the colon behind it.
func (r *reader) name() (err error) {
	if r.peek() != '"' {
		return &syntaxError{r.at, "a name in quotes"}
	}
	start := r.at
	if r.at, err = skipString(r.text, start); err != nil {
		return err
	}
	if _, err := r.keep(start, r.at); err != nil {
		return err
	}
	if r.peek() != ':' {
		return &syntaxError{r.at, "a colon"}
	}
	r.at++
	return nil
}

func (r *reader) close() {
	r.at++
	top := r.open[len(r.open)-1]
	r.open = r.open[:len(r.open)-1]
	if top.kept >= 0 {
		r.values[top.kept].end = uint32(r.at)
		r.values[top.kept].next = uint32(len(r.values))
	}
}

func (r *reader) keep(start, end int) (index int, err error) {
	if len(r.open) >= r.levels {
		return -1, nil
	}
	if len(r.values) == r.limit {
		return -1, &tooManyValuesError{r.limit}
	}
	index = len(r.values)
	r.values = append(r.values, value{uint32(start), uint32(end), uint32(index + 1)})
	return index, nil
}

// peek is the next byte that is not whitespace; 0 at the end.
func (r *reader) peek() byte {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func (r *reader) word(word string) error {
	if !bytes.HasPrefix(r.text[r.at:], []byte(word)) {
		return &syntaxError{r.at, "a value"}
	}
	r.at += len(word)
	return nil
}

// skipNumber returns where the number that begins at start ends.
func skipNumber(text []byte, start int) (end int, err error) {
	at := start
	digits := func() bool {
		first := at
		for at < len(text) && '0' <= text[at] && text[at] <= '9' {
			at++
		}
		return at > first
	}
	is := func(chars string) bool {
		if at < len(text) && bytes.IndexByte([]byte(chars), text[at]) >= 0 {
			at++
			return true
		}
		return false
	}
	is("-")
	if !is("0") && !digits() {
		return 0, &syntaxError{start, "a value"}
	}
	if is(".") && !digits() {
		return 0, &syntaxError{at, "a digit"}
	}
	if is("eE") {
		is("+-")
		if !digits() {
			return 0, &syntaxError{at, "a digit"}
		}
	}
	return at, nil
}

// skipString returns where the string whose opening quote is at start ends,
// behind its closing quote. It refuses what Python refuses: control characters,
// unknown escapes, and bytes that are neither UTF-8 nor a surrogate encoded like
// it.
func skipString(text []byte, start int) (end int, err error) {
	for at := start + 1; at < len(text); {
		switch c := text[at]; {
		case c == '"':
			return at + 1, nil
		case c == '\\':
			if at+1 == len(text) {
				return 0, &syntaxError{at, "an escape"}
			}
			at += 2
			switch text[at-1] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if _, ok := hex4(text[at:]); !ok {
					return 0, &syntaxError{at, "four hexadecimal digits"}
				}
				at += 4
			default:
				return 0, &syntaxError{at - 1, "an escape"}
			}
		case c < ' ':
			return 0, &syntaxError{at, "no control character in a string"}
		case c < utf8.RuneSelf:
			at++
		default:
			r, size := utf8.DecodeRune(text[at:])
			if r == utf8.RuneError && size <= 1 {
				if !isSurrogate(text[at:]) {
					return 0, &syntaxError{at, "UTF-8"}
				}
				size = 3
			}
			at += size
		}
	}
	return 0, &syntaxError{len(text), "a closing quote"}
}

// isSurrogate reports whether text begins with a surrogate encoded in three
// bytes, as Python's error handler "surrogatepass" reads and writes them.
func isSurrogate(text []byte) bool {
	return len(text) >= 3 && text[0] == 0xed && 0xa0 <= text[1] && text[1] <= 0xbf && text[2]&0xc0 == 0x80
}

// unquote returns the string that a valid literal stands for, as a part of the
// literal if that has no escapes. A surrogate without its other half becomes the
// three bytes that isSurrogate accepts.
func unquote(literal []byte) []byte {
	inner := literal[1 : len(literal)-1]
	escape := bytes.IndexByte(inner, '\\')
	if escape < 0 {
		return inner
	}
	out := append(make([]byte, 0, len(inner)), inner[:escape]...)
	for at := escape; at < len(inner); {
		if inner[at] != '\\' {
			out = append(out, inner[at])
			at++
			continue
		}
		c := inner[at+1]
		at += 2
		switch c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, _ := hex4(inner[at:])
			at += 4
			if r>>10 == 0xd800>>10 && bytes.HasPrefix(inner[at:], []byte(`\u`)) {
				if low, ok := hex4(inner[at+2:]); ok && low>>10 == 0xdc00>>10 {
					r = 0x10000 + (r-0xd800)<<10 + (low - 0xdc00)
					at += 6
				}
			}
			if r>>11 == 0xd800>>11 {
				out = append(out, 0xed, 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
			} else {
				out = utf8.AppendRune(out, r)
			}
		default: // a quote, a backslash or a slash
			out = append(out, c)
		}
	}
	return out
}

// hex4 reads four hexadecimal digits.
func hex4(text []byte) (r rune, ok bool) {
	if len(text) < 4 {
		return 0, false
	}
	for _, c := range text[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
