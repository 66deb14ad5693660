// Package ids reads job ids out of the files that people have them in.
//
// One id a line is the plain case. A line may also be a record of a CSV file,
// whose first column counts, or the JSON of a submit's answer. The three are
// told apart line by line and not file by file, so that lists put together from
// several places work, and so that ids can be used as they arrive.
package ids

import (
	"bufio"
	"bytes"
	"encoding/json"
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
// as Tidy leaves it: to judge ids is the business of whoever waits for them, and
// a bad one has to be reported, not dropped.
type Reader struct {
	lines   *bufio.Reader
	back    [][]byte // lines that were read too far
	started bool     // a line with content was seen
	begun   bool     // anything at all was read
}

// NewReader returns a Reader that reads from r no further than the line of the
// id that it has returned, but for its buffer.
func NewReader(r io.Reader) *Reader {
	return &Reader{lines: bufio.NewReaderSize(r, 64<<10)}
}

// All yields the ids until the input ends. An error of reading is yielded last,
// with an empty id.
func (r *Reader) All() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for {
			found, err := r.next()
			for _, id := range found {
				if !yield(id, nil) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield("", err)
				return
			}
		}
	}
}

// next returns the ids of the next line, often none.
func (r *Reader) next() ([]string, error) {
	line, err := r.line()
	if err != nil {
		return nil, err
	}
	text := bytes.TrimSpace(line)
	if len(text) == 0 || text[0] == '#' {
		return nil, nil
	}
	first := !r.started
	r.started = true
	if text[0] == '{' {
		return r.objects(text), nil
	}
	field := firstField(string(text))
	if first && isHeader(field) {
		return nil, nil
	}
	return []string{Tidy(field)}, nil
}

// line returns the next line, at most maxLine of it. The last one needs no
// newline. The error is only ever reported without a line.
func (r *Reader) line() ([]byte, error) {
	if n := len(r.back); n > 0 {
		line := r.back[n-1]
		r.back = r.back[:n-1]
		return line, nil
	}
	var line []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		line = append(line, part[:min(len(part), maxLine-len(line))]...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && len(line) == 0:
			return nil, err
		}
		// An error after half a line comes again with the next call.
		if !r.begun {
			r.begun = true
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")) // of a Windows editor
		}
		return line, nil
	}
}

// objects returns the ids of the JSON objects that begin on a line. There may be
// several, since answers that are appended to a file without a newline between
// them are what a loop around curl leaves; and an object may go on for more
// lines, if somebody has made it pretty.
func (r *Reader) objects(text []byte) (found []string) {
	for len(text) > 0 && text[0] == '{' {
		feed := &feeder{from: r, next: text}
		decoder := json.NewDecoder(feed)
		var object struct {
			PublicID json.RawMessage `json:"public_id"`
			JobID    json.RawMessage `json:"job_id"` // of a webhook's body
			ID       json.RawMessage `json:"id"`     // of a result line of this command
		}
		if err := decoder.Decode(&object); err != nil {
			// Only the line on which it began is spoilt: a torn object must not
			// take those after it along.
			for i := len(feed.more) - 1; i >= 0; i-- {
				r.back = append(r.back, feed.more[i])
			}
			return append(found, Tidy(string(text)))
		}
		id := ""
		for _, raw := range []json.RawMessage{object.ID, object.JobID, object.PublicID} {
			if s := plain(raw); s != "" {
				id = s
			}
		}
		if id == "" {
			id = string(text) // an error's answer, say
		}
		found = append(found, Tidy(id))
		rest, err := io.ReadAll(decoder.Buffered())
		if err != nil {
			return found // which reading from memory does not do
		}
		text = bytes.TrimLeft(rest, " \t\r\n,")
	}
	if len(text) > 0 {
		r.back = append(r.back, bytes.Clone(text))
	}
	return found
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

// feeder gives a decoder one line a Read, so that it reads on only while its
// object is incomplete.
type feeder struct {
	from *Reader
	next []byte
	more [][]byte // the lines after the first
	size int
}

func (f *feeder) Read(p []byte) (int, error) {
	if len(f.next) == 0 {
		if f.size > maxLine {
			return 0, io.ErrUnexpectedEOF
		}
		line, err := f.from.line()
		if err != nil {
			return 0, err
		}
		f.more = append(f.more, line)
		f.size += len(line)
		f.next = line
	}
	n := copy(p, f.next)
	f.next = f.next[n:]
	return n, nil
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
