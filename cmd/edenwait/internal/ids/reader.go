// Package ids reads job ids out of the files that people have them in.
//
// One id per line is the plain case. A line may also be a record of a CSV file,
// or begin a JSON value: the answer of a submit, an array, a page of the job list.
// They are told apart line by line and not file by file, so that lists put
// together from several places work, and so that ids can be used as they arrive.
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
	// maxLine bounds one line, and one JSON object. It is this large because the
	// answer to a submit carries the whole output of a job that ended at once.
	maxLine = 128 << 20
	// maxBad bounds what is passed on of a malformed id: enough to find it again in
	// the file.
	maxBad = 200
)

// Found is what stands in the place of an id. A malformed one is passed on, as
// Sanitize leaves it: it has to be reported, not dropped.
type Found struct {
	ID    string
	Line  int  // of the file, from 1
	Valid bool // whether ID is one
}

// NoIDError is a file that has text, and no id in it.
type NoIDError struct {
	// Line and Text are the first line that was not empty.
	Line int
	Text string
}

func (e *NoIDError) Error() string {
	return fmt.Sprintf("no id in it; line %d is %q", e.Line, e.Text)
}

// Reader reads ids.
type Reader struct {
	lines  *lines
	table  table
	within bool // what comes next is the rest of a line whose value was read

	found int        // how many ids
	first *NoIDError // what was read first
}

// NewReader returns a Reader that reads from r no further than the line of the
// id that it has returned, but for its buffer.
func NewReader(r io.Reader) *Reader { return &Reader{lines: newLines(r)} }

// errStop is what emit returns when nobody wants more ids.
var errStop = errors.New("stop")

// emit takes what stands in the place of an id.
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

// note remembers the first text of a file.
func (r *Reader) note(text string, line int) {
	if text = strings.TrimSpace(text); r.first == nil && text != "" {
		r.first = &NoIDError{Line: line, Text: Sanitize(text)}
	}
}

// next finds the ids of the next line, often none, or of the JSON value that
// begins there.
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
	text := bytes.TrimLeft(piece, " \t\r\n")
	if len(text) > 0 && (text[0] == '{' || text[0] == '[') {
		if err := r.flush(found); err != nil {
			return err
		}
		r.table.started = true
		r.lines.unread(text)
		r.within, err = readValue(r.lines, found)
		return err
	}
	text = bytes.TrimSpace(r.lines.line(piece))
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

// flush finds what the table has held back.
func (r *Reader) flush(found emit) error { return each(r.table.flush(), found) }

func each(cells []cell, found emit) error {
	for _, c := range cells {
		if err := found(c.text, c.line); err != nil {
			return err
		}
	}
	return nil
}

// maxRecord bounds how many lines a record of CSV can have, so that a quote that
// is never closed takes no id along.
const maxRecord = 1000

// whole adds the lines on which a record of CSV goes on, within quotes.
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
			return record
		}
	}
	r.lines.unread(more)
	return text
}
