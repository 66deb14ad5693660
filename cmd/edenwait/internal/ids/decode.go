package ids

import (
	"bufio"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// decode makes UTF-8 with line ends of LF or CRLF of what spreadsheets, shells
// and old programs write: UTF-16 ("Unicode text", PowerShell's >), with a byte
// order mark or without, a mark before UTF-8, and line ends of CR alone. Bytes
// that are not UTF-8 stay as they are.
func decode(r io.Reader) io.Reader {
	in := bufio.NewReader(r)
	text := unicode.BOMOverride(encoding.Nop.NewDecoder())
	// An id begins with an ASCII digit or letter, and so does nearly all else.
	if begin, _ := in.Peek(4); len(begin) == 4 {
		wide := func(high, low int) bool {
			return begin[high] == 0 && begin[high+2] == 0 && begin[low] != 0 && begin[low+2] != 0
		}
		if wide(1, 0) {
			text = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder()
		} else if wide(0, 1) {
			text = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder()
		}
	}
	return transform.NewReader(transform.NewReader(in, text), lineEnds{})
}

// lineEnds makes LF of a CR that stands alone.
type lineEnds struct{ transform.NopResetter }

// Transform implements transform.Transformer.
func (lineEnds) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if nDst == len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		c := src[nSrc]
		if c == '\r' {
			if nSrc+1 == len(src) && !atEOF {
				return nDst, nSrc, transform.ErrShortSrc
			}
			if nSrc+1 == len(src) || src[nSrc+1] != '\n' {
				c = '\n'
			}
		}
		dst[nDst] = c
		nDst++
		nSrc++
	}
	return nDst, nSrc, nil
}
