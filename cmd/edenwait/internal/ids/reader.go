// Package ids reads job ids from files.
//
// The usual file has one id per line. A line may also be a record of a CSV file, or begin
// a JSON value: the response to a submit, an array, a page of the job list. The form is
// detected per line and not per file, so that concatenated files work, and so that ids
// can be used as they arrive.
package ids

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

const (
	// maxLine bounds one line, and one JSON object. It is this large because the response
	// to a submit has the whole output of a job that ended at once.
	maxLine = 128 << 20
	// maxBad bounds a malformed id. It is long enough to find the id in the file.
	maxBad = 200
)

// Found is an id, or a malformed id as Sanitize returns it. Malformed ids are passed on
// because they must be reported.
type Found struct {
	ID    string
	Line  int  // of the file, from 1
	Valid bool // whether ID is a valid id
}

// NoIDError is the error of a file that has text but no id.
type NoIDError struct {
	// Line and Text are those of the first line that is not empty.
	Line int
	Text string
}

func (e *NoIDError) Error() string {
	return fmt.Sprintf("no id found; line %d is %q", e.Line, e.Text)
}

// Reader reads ids.
type Reader struct {
	lines  *lines
	table  table
	within bool // the next piece is the rest of a line after a JSON value

	found int        // number of valid ids
	first *NoIDError // the first text
}

// NewReader returns a Reader. Apart from its buffer, it does not read further than the line
// of the id that it has returned.
func NewReader(r io.Reader) *Reader { return &Reader{lines: newLines(r)} }

// errStop is the error of emit when the caller wants no more ids.
var errStop = errors.New("stop")

// emit receives an id, or a malformed id.
type emit func(id string, line int) error

// All yields the ids until the input ends. An error is yielded last, with an
// empty Found: one of reading, or a NoIDError.
func (r *Reader) All() iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		emit := func(id string, line int) error {
			f := Found{ID: Sanitize(id), Line: line, Valid: IsValid(id)}
			if f.Valid {
				r.found++
			} else {
				r.note(id, line)
			}
			if !yield(f, nil) {
				return errStop
			}
			return nil
		}
		var err error
		for err == nil {
			err = r.next(emit)
		}
		if errors.Is(err, io.EOF) {
			if err = r.flush(emit); err == nil && r.found == 0 && r.first != nil {
				err = r.first
			}
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(Found{}, err)
		}
	}
}

// note keeps the first text of a file.
func (r *Reader) note(text string, line int) {
	if text = strings.TrimSpace(text); r.first == nil && text != "" {
		r.first = &NoIDError{Line: line, Text: Sanitize(text)}
	}
}

// next finds the ids of the next line, or of the JSON value that begins there.
func (r *Reader) next(found emit) error {
	number := r.lines.ended + 1
	piece, err := r.lines.piece()
	if err != nil {
		return err
	}
	if r.within {
		r.within = piece[len(piece)-1] != '\n'
		if piece = bytes.TrimLeft(piece, separators); len(piece) == 0 {
			return nil
		}
		r.within = false
	}
	text := bytes.TrimLeft(piece, " \t\r\n\ufeff") // a file with a mark may follow another
	if len(text) > 0 && (text[0] == '{' || text[0] == '[') {
		if err := r.flush(found); err != nil {
			return err
		}
		r.table.started = true
		r.lines.unread(text)
		r.within, err = readValue(r.lines, text[0] == '[', found)
		return err
	}
	text = bytes.TrimSpace(bytes.TrimPrefix(r.lines.line(piece), []byte("\ufeff")))
	if len(text) == 0 || text[0] == '#' {
		return nil
	}
	return r.record(r.whole(string(text)), number, found)
}

// record finds the ids of a line of text.
func (r *Reader) record(text string, line int, found emit) error {
	cells, header := r.table.read(cell{text, line})
	if header {
		r.note(text, line)
	}
	return each(cells, found)
}

// flush emits the line that the table has held back.
func (r *Reader) flush(found emit) error { return each(r.table.flush(), found) }

func each(cells []cell, found emit) error {
	for _, c := range cells {
		if err := found(c.text, c.line); err != nil {
			return err
		}
	}
	return nil
}

// maxRecord bounds the lines of a CSV record, so that a quote that is never closed does not
// swallow the rest of the file.
const maxRecord = 1000

// whole adds the lines on which a quoted CSV field continues. If the result is not valid CSV,
// the quote is only a character, such as an inch sign: with it, the next such quote would end
// a field that hides all records between them.
func (r *Reader) whole(text string) string {
	if !r.table.open(text) {
		return text
	}
	record, more := text, []byte(nil)
	for range maxRecord {
		piece, err := r.lines.piece()
		if err != nil {
			break
		}
		line := r.lines.line(piece)
		more = append(more, line...)
		if record += "\n" + strings.TrimRight(string(line), "\r\n"); !r.table.open(record) {
			if r.table.strict(record) {
				return record
			}
			break
		}
	}
	r.lines.unread(more)
	return text
}
