package ids

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// separators stand between JSON values, where anything does.
const separators = " \t\r\n,"

// readValue finds the ids of the JSON value that begins here. Several values may
// stand on a line, since answers that are appended to a file without a newline
// between them are what a loop around curl leaves; and one may go on for more
// lines, if somebody has made it pretty. The result is whether what comes next is
// the rest of the value's line.
//
// Of an array, and of the items of a page, no more is held than one element: the
// ids of an account come on one line, and there can be millions.
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
	// What was found stays found. Only the end can be missing without a trace.
	if rest := bytes.TrimLeft(v.fed, separators); len(rest) == 0 && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return false, fmt.Errorf("an array of ids has no end: %w", io.ErrUnexpectedEOF)
	}
	// A comma too much, as in a list made by hand, does no harm.
	const ends = separators + "]}"
	if line, _, _ := bytes.Cut(v.fed, []byte("\n")); len(bytes.Trim(line, ends)) > 0 {
		at := v.line(v.base)
		rest := bytes.TrimLeft(v.fed, separators)
		at += bytes.Count(v.fed[:len(v.fed)-len(rest)], []byte("\n"))
		return false, malformed(l, rest, at, found)
	}
	return l.resume(v.fed, ends), nil
}

// resume goes on with what was read beyond a value. The result is whether that
// ends within a line.
func (l *lines) resume(fed []byte, skip string) (within bool) {
	rest := bytes.TrimLeft(fed, skip)
	l.unread(rest)
	return len(rest) == 0 && !bytes.HasSuffix(fed, []byte("\n"))
}

// malformed passes on the line on which something began that is not a value, and
// no more: a torn object must not take the lines after it along.
func malformed(l *lines, fed []byte, number int, found emit) error {
	line, rest, ended := bytes.Cut(fed, []byte("\n"))
	l.unread(rest)
	for !ended {
		piece, err := l.piece()
		if err != nil {
			break // and comes again
		}
		ended = piece[len(piece)-1] == '\n'
	}
	return found(string(bytes.TrimSpace(line)), number)
}

// value is a JSON value as it is read.
type value struct {
	feeder
	json  *json.Decoder
	found emit
	split bool // it was told in parts
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

// emit passes on what was found up to here.
func (v *value) emit(id string) error { return v.found(id, v.line(v.json.InputOffset())) }

// line is the line of a place in the input.
func (v *value) line(offset int64) int {
	return v.first + bytes.Count(v.fed[:offset-v.base], []byte("\n"))
}

// keep forgets what was fed of what is read.
func (v *value) keep() { v.forget(v.json.InputOffset()) }

// elements finds the ids of an array whose bracket was read.
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

// errNoElement is what looks like the beginning of one.
var errNoElement = errors.New("no element of an array")

// separated reports whether an element ends where it seems to. The digits that an
// id without quotes begins with are a number to the decoder, which looks no
// further.
func (v *value) separated(element json.RawMessage) bool {
	rest := v.fed[v.json.InputOffset()-v.base:]
	return len(rest) == 0 || bytes.IndexByte([]byte(`"{[`), element[0]) >= 0 || bytes.IndexByte([]byte(separators+"]"), rest[0]) >= 0
}

// object finds the id of an object whose brace was read, or the ids of a page.
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
	if id == "" { // an error's answer, say
		id = string(bytes.TrimSpace(v.fed[:v.json.InputOffset()-v.base]))
	}
	return v.emit(id)
}

// skip reads to the end of an object whose brace was read.
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

// names are the fields that an id can stand in.
type names struct {
	PublicID json.RawMessage
	JobID    json.RawMessage // of a webhook's body
	ID       json.RawMessage // of a result line of this command
}

// id is empty if there is none.
func (n *names) id() (id string) {
	for _, raw := range []json.RawMessage{n.ID, n.JobID, n.PublicID} {
		if s := plain(raw); s != "" {
			id = s
		}
	}
	return id
}

// idsOf finds the ids of an element: one, but for a page in an array of pages.
// Names match exactly, which those of a struct would not.
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

// plain is the string that raw holds, else the JSON itself; empty if there is
// none.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// feeder gives a decoder one piece a Read, so that it reads on only while what it
// reads is incomplete, and keeps what may have to be read again.
type feeder struct {
	from *lines
	fed  []byte
	base int64  // where fed begins in what was read altogether
	next []byte // the end of fed, which the decoder has not taken yet

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

// forget drops what stands before a place in the input.
func (f *feeder) forget(until int64) {
	f.first += bytes.Count(f.fed[:until-f.base], []byte("\n"))
	f.fed = f.fed[until-f.base:]
	f.base = until
}
