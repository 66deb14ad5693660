package ids

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tidwall/gjson"
)

// separators may be between two JSON values.
const separators = " \t\r\n,"

// readValue finds the ids of the JSON value that begins here. A line may have several
// values, since a loop around curl appends responses without a newline between them. A
// value may have several lines, if it is indented. The result is whether the rest of the
// value's line follows.
//
// Only one element of an array is held at a time: the ids of an account may come on one
// line, and there may be millions.
func readValue(l *lines, array bool, found emit) (within bool, err error) {
	v := &value{feeder: feeder{from: l, first: l.ended + 1}, found: found}
	v.json = json.NewDecoder(&v.feeder)
	err = v.read(array)
	switch {
	case errors.Is(err, errStop):
		return false, err
	case err == nil:
		v.forget(v.json.InputOffset())
		return l.resume(v.fed, separators), nil
	case !v.split && errors.Is(err, io.ErrUnexpectedEOF) && gjson.GetBytes(v.fed, itemsKey).IsArray():
		return false, v.tornPage()
	case !v.split:
		return false, malformed(l, v.fed, v.first, found)
	}
	// The ids found so far are valid. Only a missing end would go unnoticed.
	if rest := bytes.TrimLeft(v.fed, separators); len(rest) == 0 && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return false, fmt.Errorf("incomplete array of ids: %w", io.ErrUnexpectedEOF)
	}
	// An extra comma, as in a list made by hand, is ignored.
	const ends = separators + "]}"
	if line, _, _ := bytes.Cut(v.fed, []byte("\n")); len(bytes.Trim(line, ends)) > 0 {
		at := v.line(v.base)
		rest := bytes.TrimLeft(v.fed, separators)
		at += bytes.Count(v.fed[:len(v.fed)-len(rest)], []byte("\n"))
		return false, malformed(l, rest, at, found)
	}
	return l.resume(v.fed, ends), nil
}

// tornPage emits the ids of a page of the job list that ends in the middle, as a download
// that was interrupted leaves it. Only the missing rest would go unnoticed.
func (v *value) tornPage() error {
	for _, id := range idsOf(gjson.ParseBytes(v.fed)) {
		if IsValid(id) {
			if err := v.found(id, v.first); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("incomplete page of the job list: %w", io.ErrUnexpectedEOF)
}

// itemsKey is the key of the jobs in a page of the job list.
const itemsKey = "items"

// resume unreads the text after a value. The result is whether the value ended within a
// line.
func (l *lines) resume(fed []byte, skip string) (within bool) {
	rest := bytes.TrimLeft(fed, skip)
	l.unread(rest)
	return len(rest) == 0 && !bytes.HasSuffix(fed, []byte("\n"))
}

// malformed emits the line on which an invalid value began. It unreads the lines after it,
// so that a torn object does not swallow them.
func malformed(l *lines, fed []byte, number int, found emit) error {
	line, rest, ended := bytes.Cut(fed, []byte("\n"))
	l.unread(rest)
	for !ended {
		piece, err := l.piece()
		if err != nil {
			break // the next call returns it again
		}
		ended = piece[len(piece)-1] == '\n'
	}
	return found(string(bytes.TrimSpace(line)), number)
}

// value reads one JSON value.
type value struct {
	feeder
	json  *json.Decoder
	found emit
	split bool // some of its ids were emitted
}

// read reads an array element by element, and any other value whole.
func (v *value) read(array bool) error {
	if !array {
		var element json.RawMessage
		if err := v.json.Decode(&element); err != nil {
			return err
		}
		return v.emit(element)
	}
	if _, err := v.json.Token(); err != nil {
		return err
	}
	for v.json.More() {
		var element json.RawMessage
		if err := v.json.Decode(&element); err != nil {
			return err
		}
		if !v.separated(element) {
			return errNoElement
		}
		v.split = true
		if err := v.emit(element); err != nil {
			return err
		}
		v.forget(v.json.InputOffset())
	}
	_, err := v.json.Token()
	return err
}

// emit emits the ids of an element.
func (v *value) emit(element json.RawMessage) error {
	line := v.line(v.json.InputOffset())
	for _, id := range idsOf(gjson.ParseBytes(element)) {
		if err := v.found(id, line); err != nil {
			return err
		}
	}
	return nil
}

// line returns the line number of an offset.
func (v *value) line(offset int64) int {
	return v.first + bytes.Count(v.fed[:offset-v.base], []byte("\n"))
}

// errNoElement is the error of an invalid element.
var errNoElement = errors.New("no element of an array")

// separated reports whether a separator follows an element. If an id without quotes begins
// with digits, the decoder takes these for a number.
func (v *value) separated(element json.RawMessage) bool {
	rest := v.fed[v.json.InputOffset()-v.base:]
	return len(rest) == 0 || bytes.IndexByte([]byte(`"{[`), element[0]) >= 0 || bytes.IndexByte([]byte(separators+"]"), rest[0]) >= 0
}

// idsOf finds the ids of a value: one, or those of a page of the job list. An id that is
// not there, as in an error response, is the value itself.
func idsOf(value gjson.Result) (found []string) {
	if items := value.Get(itemsKey); value.IsObject() && items.IsArray() {
		for _, item := range items.Array() {
			found = append(found, idsOf(item)...)
		}
		return found
	}
	id := value
	if value.IsObject() {
		for _, name := range []string{"public_id", "job_id", "id"} { // job_id is a webhook's
			if id = value.Get(name); id.String() != "" {
				break
			}
		}
	}
	return []string{cmp.Or(id.String(), value.Raw)}
}

// feeder returns one piece per Read, so that the decoder reads only what it needs, and
// keeps the text that may have to be read again.
type feeder struct {
	from *lines
	fed  []byte
	base int64  // offset of fed in the input
	next []byte // the end of fed, which the decoder has not read yet

	first int // the line on which fed begins
}

func (f *feeder) Read(p []byte) (int, error) {
	if len(f.next) == 0 {
		if len(f.fed) > maxLine {
			return 0, io.ErrUnexpectedEOF
		}
		piece, err := f.from.piece()
		if err != nil {
			return 0, err
		}
		f.fed = append(f.fed, piece...)
		f.next = f.fed[len(f.fed)-len(piece):]
	}
	n := copy(p, f.next)
	f.next = f.next[n:]
	return n, nil
}

// forget drops the text before an offset.
func (f *feeder) forget(until int64) {
	f.first += bytes.Count(f.fed[:until-f.base], []byte("\n"))
	f.fed = f.fed[until-f.base:]
	f.base = until
}
