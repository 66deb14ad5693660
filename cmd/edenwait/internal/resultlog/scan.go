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
	"github.com/tidwall/gjson"
)

// Entry is a line of a file without its output.
type Entry struct {
	ID      string
	Outcome edenwait.Outcome
	// Cost and Provider are the job's, empty without one.
	Cost     edenwait.Cost
	Provider string

	at, size int64
}

// ErrForeign is the error of a file that this command has not written.
var ErrForeign = errors.New("not a results file of this command")

// maxLine bounds a line in memory. The largest response that fits in one is much smaller.
const maxLine = 1 << 30

// end is how a file of lines ends.
type end struct {
	whole int64 // size of its complete lines
	open  bool  // the last of them lacks its newline
	blank int64 // size of the whitespace after them
}

// scan reads a file of this size and calls each for every complete line. After the complete
// lines there may be whitespace, or a torn line.
//
// A complete line is an object with an id and an outcome, in any order, since another
// program may have rewritten it. The rest of it is not checked, except for zero bytes,
// which JSON never has: after a power cut some file systems leave them in place of data.
// The last line may lack its newline, as some editors leave it. Then all of it is checked,
// since a torn line can end in a brace too.
//
// Any other line is an error, since the file was not written by this command. If there
// is no complete line, so are zero bytes between other text, and a torn line that does
// not begin as Encode begins it. After complete lines, a torn line only needs to begin
// with a brace. Changes by an editor or a transfer get an error that names them. They are
// not repaired, since other parts of the file may be damaged too.
func scan(file io.ReaderAt, size int64, each func(Entry)) (e end, err error) {
	lines := bufio.NewScanner(io.NewSectionReader(file, 0, size))
	lines.Buffer(make([]byte, 256<<10), maxLine)
	lines.Split(wholeLines)
	number := 0
	for lines.Scan() {
		number++
		text, ended := bytes.CutSuffix(lines.Bytes(), []byte("\n"))
		size := int64(len(lines.Bytes()))
		zeros := bytes.IndexByte(text, 0) >= 0
		entry, ok := parse(text)
		switch {
		case len(bytes.TrimSpace(text)) == 0:
			e.blank += size
		case e.blank > 0:
			return e, fmt.Errorf("%w: there is an empty line before line %d", ErrForeign, number)
		case ok && (ended || json.Valid(text)):
			entry.at, entry.size = e.whole, size
			each(entry)
			e.whole += size
			e.open = !ended
		case endsInCRLF(text):
			return e, fmt.Errorf("%w: line %d ends in CRLF instead of LF", ErrForeign, number)
		case zeros && e.whole > 0, !ended && len(bytes.Trim(text, "\x00")) == 0:
			return e, nil
		case !ended && !zeros && !json.Valid(text) && (begins(text) || e.whole > 0 && text[0] == '{'):
			return e, nil
		case number == 1 && hasMark(text):
			return e, fmt.Errorf("%w: it begins with a byte order mark", ErrForeign)
		default:
			return e, fmt.Errorf("%w: line %d is not a result", ErrForeign, number)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return e, fmt.Errorf("%w: line %d is too long", ErrForeign, number+1)
	}
	return e, lines.Err()
}

// wholeLines is a bufio.SplitFunc for lines with their newlines.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if n := bytes.IndexByte(data, '\n') + 1; n > 0 {
		return n, data[:n], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

// parse finds the fields of a line. It does not check what is between them.
func parse(text []byte) (e Entry, ok bool) {
	text = bytes.TrimLeft(text, " \t")
	if len(text) == 0 || text[0] != '{' || text[len(text)-1] != '}' || bytes.IndexByte(text, 0) >= 0 {
		return e, false
	}
	fields := gjson.GetManyBytes(text, "id", "outcome", "job.cost", "job.provider")
	id, outcome, cost, provider := fields[0], fields[1], fields[2], fields[3]
	if id.Type != gjson.String || outcome.Type != gjson.String || !slices.Contains(outcomes, edenwait.Outcome(outcome.Str)) {
		return e, false
	}
	e = Entry{ID: id.Str, Outcome: edenwait.Outcome(outcome.Str), Provider: provider.String()}
	if amount := edenwait.Cost(strings.Trim(cost.Raw, `"`)); isNumber(amount) {
		e.Cost = amount
	}
	return e, true
}

func isNumber(cost edenwait.Cost) bool {
	_, err := edenwait.SumCosts(cost)
	return err == nil
}

func endsInCRLF(text []byte) bool {
	text, has := bytes.CutSuffix(text, []byte("\r"))
	_, ok := parse(text)
	return has && ok
}

// begins reports whether a torn line begins as Encode begins it.
func begins(text []byte) bool {
	const form = beforeID + `"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"` + beforeOutcome + `"`
	for i, c := range text[:min(len(text), len(form))] {
		if form[i] != 'x' && form[i] != c {
			return false
		}
	}
	return true
}

// hasMark reports whether text begins with the byte order mark of UTF-8 or UTF-16, as some
// editors and shells of Windows write it.
func hasMark(text []byte) bool {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(text, []byte(mark)) {
			return true
		}
	}
	return false
}
