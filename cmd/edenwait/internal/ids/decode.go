package ids

import (
	"bufio"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// decode converts to UTF-8 with line ends LF or CRLF. Spreadsheets ("Unicode text") and
// PowerShell (>) write UTF-16, with a byte order mark or without. Others write a mark
// before UTF-8, or line ends of CR alone. Invalid UTF-8 is not changed.
func decode(r io.Reader) io.Reader {
	in := bufio.NewReader(r)
	text := unicode.BOMOverride(encoding.Nop.NewDecoder())
	// Nearly every file begins with two ASCII characters.
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

// lineEnds replaces a CR without LF by LF.
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
