package resultlog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/edenwait/edenwait"
)

// Entry is what a line of a file tells without its output.
type Entry struct {
	ID      string
	Outcome Outcome
	// Cost and Provider are the job's, empty without one.
	Cost     edenwait.Cost
	Provider string

	at, size int64
}

// ErrForeign is a file that this command has not written.
var ErrForeign = errors.New("not a results file of this command")

// end is how a file of lines ends.
type end struct {
	whole int64 // where its whole lines do
	open  bool  // the last of them lacks its newline
	blank int64 // how much white space stands behind them
}

// scan reads a file of lines, of this size, and tells of each whole one. What
// stands behind the whole lines is white space, or the trace of a violent end.
//
// A whole line begins as Encode begins it and ends with a brace and a newline.
// Its middle is not parsed: a line is written in one piece, so that a file of
// gigabytes is read about as fast as the disk gives it. Only zero bytes are
// looked for, which JSON never has: they are what some file systems leave, after
// a power cut, of data whose length they had already noted. The last line may
// lack its newline, as some editors leave it. Then it is parsed, since a torn line
// can end in a brace too. So is a line that does not begin as Encode begins it:
// another program may have written it anew, with spaces between its fields, or
// with those in another order.
//
// Everything else that is no whole line makes the file somebody else's, and an
// error. So do zero bytes with something around them, or a torn line that does
// not begin like ours, in a file without any whole line: nothing there shows that
// it is ours to mend. Behind whole lines a brace is beginning enough. What an
// editor or a transfer has done to a file of ours is called by its name, but not
// undone: it may have done more than shows.
func scan(file io.ReaderAt, size int64, each func(Entry)) (e end, err error) {
	lines := lineScanner{r: bufio.NewReaderSize(io.NewSectionReader(file, 0, size), 256<<10)}
	for number := 1; ; number++ {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			return e, nil
		}
		if err != nil {
			return e, err
		}
		head := string(line.head)
		found := func(id string, outcome Outcome) {
			entry := Entry{ID: id, Outcome: outcome, at: e.whole, size: line.size}
			_ = json.Unmarshal([]byte(line.fields.provider), &entry.Provider) // null and the like are none
			if cost := edenwait.Cost(strings.Trim(line.fields.cost, `"`)); isNumber(cost) {
				entry.Cost = cost
			}
			each(entry)
			e.whole += line.size
		}
		id, outcome, ok := parseHead(head)
		ok = ok && !line.zeros
		switch {
		case line.only == white:
			e.blank += line.size
		case e.blank > 0:
			return e, fmt.Errorf("%w: there is an empty line before line %d", ErrForeign, number)
		case ok && line.ended && line.last == '}':
			found(id, outcome)
		case ok && line.last == '\r':
			return e, fmt.Errorf("%w any more: line %d ends in CRLF instead of LF", ErrForeign, number)
		case !line.zeros && line.last == '}' && parseLine(io.NewSectionReader(file, e.whole, line.size), &id, &outcome):
			found(id, outcome)
			e.open = !line.ended
		case line.zeros && e.whole > 0, line.only == zero && !line.ended:
			return e, nil
		case !line.ended && !line.zeros && (couldBecomeHead(head) || e.whole > 0 && head[0] == '{'):
			return e, nil
		case number == 1 && hasMark(head):
			return e, fmt.Errorf("%w: it begins with a byte order mark", ErrForeign)
		default:
			return e, fmt.Errorf("%w: line %d is not a result", ErrForeign, number)
		}
	}
}

// parseLine reads a line that another program has written anew, and reports
// whether it is one. Names match exactly, as those of JSON do: encoding/json
// would take "Outcome" for "outcome" in a struct, but not in a map.
func parseLine(text *io.SectionReader, id *string, outcome *Outcome) bool {
	var line map[string]json.RawMessage
	decoder := json.NewDecoder(text)
	if decoder.Decode(&line) != nil {
		return false
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return false
	}
	return isString(line["id"]) && json.Unmarshal(line["id"], id) == nil &&
		isString(line["outcome"]) && json.Unmarshal(line["outcome"], outcome) == nil && slices.Contains(outcomes, *outcome)
}

func isNumber(cost edenwait.Cost) bool {
	_, err := edenwait.SumCosts(cost)
	return err == nil
}

func isString(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '"' }

// hasMark reports whether text begins as some editors and shells of Windows begin
// a file: with the mark of UTF-8 or of UTF-16.
func hasMark(text string) bool {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if strings.HasPrefix(text, mark) {
			return true
		}
	}
	return false
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
	zeros bool   // there are some in it
	only  only

	fields fieldScanner
}

// only is what a line consists of, if it is nothing else.
type only int

const (
	unknown only = iota
	white        // white space
	zero         // zero bytes
	mixed
)

func (o only) and(part []byte) only {
	is := mixed
	if len(bytes.TrimSpace(part)) == 0 {
		is = white
	} else if len(bytes.Trim(part, "\x00")) == 0 {
		is = zero
	}
	if o != unknown && o != is {
		return mixed
	}
	return is
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
		if len(part) > 0 || line.only == unknown {
			line.only = line.only.and(part)
		}
		if len(part) > 0 {
			line.last = part[len(part)-1]
			line.fields.read(part)
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
