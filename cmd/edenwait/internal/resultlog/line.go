// Package resultlog writes the results of a batch as JSON lines, to a file that can be
// resumed, or to a stream.
package resultlog

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/edenwait/edenwait"
)

// Outcome is how a job ended.
type Outcome string

// The outcomes. OutcomeError is everything else: an unknown job, a malformed id, an
// undocumented status.
const (
	OutcomeSuccess Outcome = "success"
	OutcomeFail    Outcome = "fail"
	OutcomeError   Outcome = "error"
)

var outcomes = []Outcome{OutcomeSuccess, OutcomeFail, OutcomeError}

// Line is the line of a job. The id comes first and the outcome second, so that a torn
// line can be recognized.
type Line struct {
	ID      string
	Outcome Outcome
	Job     *edenwait.Job // nil without a response
	Error   string        // empty after a success
	Reason  string        // Error in one word, for programs
}

// Encode returns the line with its newline, and how many bytes of the job were replaced.
// The job is the response as it came, except for whitespace between its tokens, and
// except for invalid Unicode: see clean.
func (l Line) Encode() (text []byte, replaced int, err error) {
	var b bytes.Buffer
	b.WriteString(beforeID)
	writeString(&b, l.ID)
	b.WriteString(beforeOutcome)
	writeString(&b, string(l.Outcome))
	if l.Job != nil {
		raw, err := l.Job.MarshalJSON()
		if err != nil {
			return nil, 0, fmt.Errorf("result of job %s: %w", l.ID, err)
		}
		raw, replaced = clean(raw)
		b.WriteString(`,"job":`)
		compact(&b, raw)
	}
	if l.Error != "" {
		b.WriteString(`,"error":`)
		writeString(&b, l.Error)
	}
	if l.Reason != "" {
		b.WriteString(`,"reason":`)
		writeString(&b, l.Reason)
	}
	if replaced > 0 {
		fmt.Fprintf(&b, `,"replaced":%d`, replaced)
	}
	b.WriteString("}\n")
	return b.Bytes(), replaced, nil
}

// writeString writes JSON that is valid UTF-8 whatever the text is.
func writeString(b *bytes.Buffer, text string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false) // <, > and & are frequent in outputs
	_ = e.Encode(text)     // a string never fails
	b.Truncate(b.Len() - 1)
}

// compact writes JSON without its whitespace.
func compact(b *bytes.Buffer, raw []byte) {
	at := b.Len()
	if json.Compact(b, raw) == nil {
		return
	}
	// encoding/json refuses a depth of 10,000, which is valid JSON. Only line ends would
	// break a line, and there is none within a string.
	b.Truncate(at)
	for part := range bytes.FieldsFuncSeq(raw, func(c rune) bool { return c == '\n' || c == '\r' }) {
		b.Write(part)
	}
}

const (
	beforeID      = `{"id":`
	beforeOutcome = `,"outcome":`
)
