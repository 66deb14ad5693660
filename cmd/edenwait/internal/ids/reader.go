// Package ids reads job ids out of the files that people have them in.
//
// One id a line is the plain case. A line may also be a record of a CSV file,
// whose first column counts, or begin a JSON value: the answer of a submit, an
// array, a page of the job list. They are told apart line by line and not file by
// file, so that lists put together from several places work, and so that ids can
// be used as they arrive.
package ids

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"strings"
	"unicode"
)

const (
	// maxLine bounds one line, and one JSON object. It is this large because the
	// answer to a submit carries the whole output of a job that ended at once.
	maxLine = 128 << 20
	// maxBad bounds what is passed on of something that is no id: enough to find
	// it again in the file.
	maxBad = 200
)

// Reader reads ids. What stands in the place of an id but is none is passed on,
// as Sanitize leaves it: to judge ids is the business of whoever waits for them, and
// a bad one has to be reported, not dropped.
type Reader struct {
	from    *bufio.Reader
	back    [][]byte // what was read too far, the first of it last
	within  bool     // what comes next is the rest of a line whose value was read
	started bool     // a line with content was seen
	begun   bool     // anything at all was read
}

// NewReader returns a Reader that reads from r no further than the line of the
// id that it has returned, but for its buffer.
func NewReader(r io.Reader) *Reader {
	return &Reader{from: bufio.NewReaderSize(r, 64<<10)}
}

// errStop is what emit returns when nobody wants more ids.
var errStop = errors.New("stop")

// emit takes an id.
type emit func(id string) error

// All yields the ids until the input ends. An error of reading is yielded last,
// with an empty id.
func (r *Reader) All() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		found := func(id string) error {
			if !yield(Sanitize(id), nil) {
				return errStop
			}
			return nil
		}
		for {
			switch err := r.next(found); {
			case err == nil:
			case errors.Is(err, io.EOF), errors.Is(err, errStop):
				return
			default:
				yield("", err)
				return
			}
		}
	}
}

// next finds the ids of the next line, often none, or of the JSON value that
// begins there.
func (r *Reader) next(found emit) error {
	piece, err := r.piece()
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
		r.started = true
		r.unread(text)
		return r.value(found)
	}
	text = bytes.TrimSpace(r.line(piece))
	if len(text) == 0 || text[0] == '#' {
		return nil
	}
	first := !r.started
	r.started = true
	field := firstField(string(text))
	if first && isHeader(field) {
		return nil
	}
	return found(field)
}

// piece returns a line with its newline, or a part of one that is longer than
// the buffer. It is valid until the next call. The error is only ever reported
// without a piece.
func (r *Reader) piece() ([]byte, error) {
	if n := len(r.back); n > 0 {
		piece := r.back[n-1]
		r.back = r.back[:n-1]
		if end := bytes.IndexByte(piece, '\n') + 1; end > 0 && end < len(piece) {
			r.back = append(r.back, piece[end:])
			piece = piece[:end]
		}
		return piece, nil
	}
	piece, err := r.from.ReadSlice('\n')
	if !r.begun {
		r.begun = true
		piece = bytes.TrimPrefix(piece, []byte("\xef\xbb\xbf")) // of a Windows editor
	}
	if len(piece) == 0 && err != nil {
		return nil, err
	}
	return piece, nil // an error after half a line comes again with the next call
}

// unread gives back what was read too far.
func (r *Reader) unread(text []byte) {
	if len(text) > 0 {
		r.back = append(r.back, bytes.Clone(text))
	}
}

// line is the line that a piece begins, at most maxLine of it. The last one needs
// no newline.
func (r *Reader) line(piece []byte) []byte {
	line := bytes.Clone(piece)
	for line[len(line)-1] != '\n' {
		piece, err := r.piece()
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

// firstField is the first column of a CSV record, whatever separates them, or
// the line without a comment at its end.
func firstField(line string) string {
	if quoted, ok := strings.CutPrefix(line, `"`); ok {
		if field, _, ok := strings.Cut(quoted, `"`); ok {
			return strings.TrimSpace(field)
		}
	}
	if i := strings.IndexAny(line, ",;\t"); i >= 0 {
		line = line[:i]
	}
	line, _, _ = strings.Cut(line, " #")
	return strings.TrimSpace(line)
}

// isHeader reports whether a first column names a column of ids. Anything else
// at the head of a file is taken for a bad id: to pass over it in silence could
// lose a job.
func isHeader(field string) bool {
	name := strings.Map(func(c rune) rune {
		if !unicode.IsLetter(c) {
			return -1
		}
		return unicode.ToLower(c)
	}, field)
	switch name {
	case "id", "ids", "publicid", "job", "jobid", "jobids", "uuid":
		return true
	}
	return false
}
