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

// Entry is a line of a file without its output.
type Entry struct {
	ID      string
	Outcome Outcome
	// Cost and Provider are the job's, empty without one.
	Cost     edenwait.Cost
	Provider string

	at, size int64
}

// ErrForeign is the error of a file that this command has not written.
var ErrForeign = errors.New("not a results file of this command")

// end is how a file of lines ends.
type end struct {
	whole int64 // size of its complete lines
	open  bool  // the last of them lacks its newline
	blank int64 // size of the whitespace after them
}

// scan reads a file of this size and calls each for every complete line. After the complete
// lines there may be whitespace, or a torn line.
//
// A complete line begins as Encode begins it and ends with a brace and a newline. Its
// middle is not parsed, so that a file of gigabytes is read about as fast as the disk
// allows. Only zero bytes are searched, which JSON never has: after a power cut some file
// systems leave them in place of data. The last line may lack its newline, as some
// editors leave it. Then it is parsed, since a torn line can end in a brace too. A line
// that begins otherwise is parsed too: another program may have rewritten it with spaces
// or with its fields in another order.
//
// Any other line is an error, since the file was not written by this command. If there
// is no complete line, so are zero bytes between other text, and a torn line that does
// not begin as Encode begins it. After complete lines, a torn line only needs to begin
// with a brace. Changes by an editor or a transfer get an error that names them. They are
// not repaired, since other parts of the file may be damaged too.
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

// parseLine parses a line that another program has rewritten, and reports whether it is
// valid. Names match exactly: a struct would ignore case, a map does not.
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

// hasMark reports whether text begins with the byte order mark of UTF-8 or UTF-16, as some
// editors and shells of Windows write it.
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
	size  int64  // with the newline
	last  byte   // before the newline
	ended bool   // has a newline
	zeros bool   // has zero bytes
	only  only

	fields fieldScanner
}

// only is the kind of bytes of a line, if all are of one kind.
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
