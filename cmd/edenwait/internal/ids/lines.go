package ids

import (
	"bufio"
	"bytes"
	"io"
)

// lines reads lines, or parts of long lines, and can unread text.
type lines struct {
	from  *bufio.Reader
	back  [][]byte // unread text, in reverse order
	ended int      // number of lines read to their end
}

func newLines(r io.Reader) *lines {
	return &lines{from: bufio.NewReaderSize(decode(r), 64<<10)}
}

// piece returns a line with its newline, or a part of one that is longer than
// the buffer. It is valid until the next call. The error is only ever reported
// without a piece.
func (l *lines) piece() ([]byte, error) {
	piece, err := l.next()
	if err != nil {
		return nil, err
	}
	if piece[len(piece)-1] == '\n' {
		l.ended++
	}
	return piece, nil
}

func (l *lines) next() ([]byte, error) {
	if n := len(l.back); n > 0 {
		piece := l.back[n-1]
		l.back = l.back[:n-1]
		if end := bytes.IndexByte(piece, '\n') + 1; end > 0 && end < len(piece) {
			l.back = append(l.back, piece[end:])
			piece = piece[:end]
		}
		return piece, nil
	}
	piece, err := l.from.ReadSlice('\n')
	if len(piece) == 0 && err != nil {
		return nil, err
	}
	return piece, nil // an error after half a line comes again with the next call
}

// unread makes the next piece begin with this text.
func (l *lines) unread(text []byte) {
	if len(text) > 0 {
		l.back = append(l.back, bytes.Clone(text))
		l.ended -= bytes.Count(text, []byte("\n"))
	}
}

// line returns the line that begins with a piece, at most maxLine of it. The last line
// needs no newline.
func (l *lines) line(piece []byte) []byte {
	line := bytes.Clone(piece)
	for line[len(line)-1] != '\n' {
		piece, err := l.piece()
		if err != nil {
			break
		}
		if ended := piece[len(piece)-1] == '\n'; ended || len(line) < maxLine {
			line = append(line, piece[:min(len(piece), max(0, maxLine-len(line)))]...)
			if ended {
				break
			}
		}
	}
	return line
}
