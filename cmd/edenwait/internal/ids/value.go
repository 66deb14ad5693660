package ids

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// separators may be between two JSON values.
const separators = " \t\r\n,"

// readValue finds the ids of the JSON value that begins here. A line may have several
// values, since a loop around curl appends responses without a newline between them. A
// value may have several lines, if it is indented. The result is whether the rest of the
// value's line follows.
//
// Only one element of an array or of a page's items is held at a time: the ids of an
// account may come on one line, and there may be millions.
func readValue(l *lines, found emit) (within bool, err error) {
	v := &value{feeder: feeder{from: l, first: l.ended + 1}, found: found}
	v.json = json.NewDecoder(&v.feeder)
	err = v.read()
	switch {
	case errors.Is(err, errStop):
		return false, err
	case err == nil:
		v.keep()
		return l.resume(v.fed, separators), nil
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

func (v *value) read() error {
	begin, err := v.json.Token()
	switch {
	case err != nil:
		return err
	case begin == json.Delim('['):
		return v.elements()
	}
	return v.object()
}

// emit emits an id that was found here.
func (v *value) emit(id string) error { return v.found(id, v.line(v.json.InputOffset())) }

// line returns the line number of an offset.
func (v *value) line(offset int64) int {
	return v.first + bytes.Count(v.fed[:offset-v.base], []byte("\n"))
}

// keep drops the text that was read.
func (v *value) keep() { v.forget(v.json.InputOffset()) }

// elements finds the ids of an array after its bracket.
func (v *value) elements() error {
	for v.json.More() {
		var element json.RawMessage
		if err := v.json.Decode(&element); err != nil {
			return err
		}
		if !v.separated(element) {
			return errNoElement
		}
		v.split = true
		for _, id := range idsOf(element) {
			if err := v.emit(id); err != nil {
				return err
			}
		}
		v.keep()
	}
	_, err := v.json.Token()
	return err
}

// errNoElement is the error of an invalid element.
var errNoElement = errors.New("no element of an array")

// separated reports whether a separator follows an element. If an id without quotes begins
// with digits, the decoder takes these for a number.
func (v *value) separated(element json.RawMessage) bool {
	rest := v.fed[v.json.InputOffset()-v.base:]
	return len(rest) == 0 || bytes.IndexByte([]byte(`"{[`), element[0]) >= 0 || bytes.IndexByte([]byte(separators+"]"), rest[0]) >= 0
}

// object finds the id of an object, or the ids of a page, after its brace.
func (v *value) object() error {
	var n names
	page := false
	for v.json.More() {
		key, err := v.json.Token()
		if err != nil {
			return err
		}
		var other json.RawMessage
		into := &other
		switch key {
		case "public_id":
			into = &n.PublicID
		case "job_id":
			into = &n.JobID
		case "id":
			into = &n.ID
		case "items":
			begin, err := v.json.Token()
			if err != nil {
				return err
			}
			if begin == json.Delim('[') {
				page = true
				if err := v.elements(); err != nil {
					return err
				}
			} else if begin == json.Delim('{') {
				if err := v.skip(); err != nil {
					return err
				}
			}
			continue
		}
		if err := v.json.Decode(into); err != nil {
			return err
		}
	}
	if _, err := v.json.Token(); err != nil {
		return err
	}
	if page {
		return nil
	}
	id := n.id()
	if id == "" { // such as an error response
		id = string(bytes.TrimSpace(v.fed[:v.json.InputOffset()-v.base]))
	}
	return v.emit(id)
}

// skip reads to the end of an object after its brace.
func (v *value) skip() error {
	for depth := 1; depth > 0; {
		token, err := v.json.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return nil
}

// names are the fields that may have an id.
type names struct {
	PublicID json.RawMessage
	JobID    json.RawMessage // of a webhook's body
	ID       json.RawMessage // of a result line of this command
}

// id returns the id, empty if there is none.
func (n *names) id() (id string) {
	for _, raw := range []json.RawMessage{n.ID, n.JobID, n.PublicID} {
		if s := plain(raw); s != "" {
			id = s
		}
	}
	return id
}

// idsOf finds the ids of an element: one, or several if it is a page. Names match exactly;
// a struct would ignore case.
func idsOf(element json.RawMessage) (found []string) {
	var object map[string]json.RawMessage
	var id string
	if json.Unmarshal(element, &object) == nil {
		var items []json.RawMessage
		if json.Unmarshal(object["items"], &items) == nil && items != nil {
			for _, item := range items {
				found = append(found, idsOf(item)...)
			}
			return found
		}
		n := names{PublicID: object["public_id"], JobID: object["job_id"], ID: object["id"]}
		id = n.id()
	} else {
		id = plain(element)
	}
	if id == "" {
		id = string(element)
	}
	return []string{id}
}

// plain returns the string in raw, or else the JSON itself.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
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
