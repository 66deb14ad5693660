package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrForeign is a file that this command has not written.
var ErrForeign = errors.New("is not a results file of this command")

// scan reads a file of lines and tells of each whole one. It returns where the
// whole lines end; what stands behind that is the trace of a violent end.
//
// A whole line begins as Encode begins it and ends with a brace and a newline.
// Its middle is not parsed: a line is written in one piece, so that a file of
// gigabytes is read about as fast as the disk gives it. Only zero bytes are
// looked for, which JSON never has: they are what some file systems leave, after
// a power cut, of data whose length they had already noted.
//
// Everything else that is no whole line makes the file somebody else's, and an
// error. So do zero bytes, or a torn line that does not begin like ours, in a
// file without any whole line: nothing there shows that it is ours to mend.
func scan(r io.Reader, each func(id string, outcome Outcome)) (whole int64, err error) {
	lines := lineScanner{r: bufio.NewReaderSize(r, 256<<10)}
	for number := 1; ; number++ {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			return whole, nil
		}
		if err != nil {
			return 0, err
		}
		id, outcome, ok := parseHead(string(line.head))
		switch {
		case ok && line.ended && line.last == '}' && !line.zeros:
			each(id, outcome)
			whole += line.size
		case line.zeros && whole > 0:
			return whole, nil
		case !line.ended && !line.zeros && couldBecomeHead(string(line.head)):
			return whole, nil
		default:
			return 0, fmt.Errorf("%w: line %d is none of its lines", ErrForeign, number)
		}
	}
}

// lineScanner reads lines of any length in constant memory.
type lineScanner struct {
	r *bufio.Reader
}

type scannedLine struct {
	head  []byte // without the newline
	size  int64  // with it
	last  byte   // before it
	ended bool   // by a newline
	zeros bool
}

func (s *lineScanner) next() (scannedLine, error) {
	var line scannedLine
	for {
		part, err := s.r.ReadSlice('\n')
		line.size += int64(len(part))
		if err == nil {
			line.ended = true
			part = part[:len(part)-1]
		}
		if len(part) > 0 {
			line.last = part[len(part)-1]
			line.zeros = line.zeros || bytes.IndexByte(part, 0) >= 0
			line.head = append(line.head, part[:min(len(part), headSize-len(line.head))]...)
		}
		switch {
		case err == nil:
			return line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && line.size > 0:
			return line, nil
		default:
			return line, err
		}
	}
}
