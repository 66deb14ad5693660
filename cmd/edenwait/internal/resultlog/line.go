// Package resultlog keeps the results of a batch as JSON lines, in a file that can
// be gone on with, or on a stream.
package resultlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/edenwait/edenwait"
)

// Outcome is how a job ended.
type Outcome string

// The outcomes. OutcomeError stands for whatever is neither of the other two:
// there is no such job, its id is no id, its status is outside of the contract.
const (
	OutcomeSuccess Outcome = "success"
	OutcomeFail    Outcome = "fail"
	OutcomeError   Outcome = "error"
)

var outcomes = []Outcome{OutcomeSuccess, OutcomeFail, OutcomeError}

// Line is what is written of a job. The id comes first and the outcome second:
// that is how a file is recognized, and read again without parsing outputs.
type Line struct {
	ID      string        `json:"id"`
	Outcome Outcome       `json:"outcome"`
	Job     *edenwait.Job `json:"job,omitempty"`
	Error   string        `json:"error,omitempty"`
}

// Encode returns the line with its newline at the end. The job is the response
// as it came, except for white space between its tokens.
func (l Line) Encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // <, > and & are frequent in outputs, and no HTML page is near
	if err := e.Encode(l); err != nil {
		return nil, fmt.Errorf("result of job %s: %w", l.ID, err)
	}
	return b.Bytes(), nil
}

// headSize is how much of a line is looked at. An id takes at most a few hundred
// bytes, in the worst case six for each of them.
const headSize = 4 << 10

const (
	beforeID      = `{"id":`
	beforeOutcome = `,"outcome":`
)

// parseHead reads what stands at the beginning of every line.
func parseHead(head string) (id string, outcome Outcome, ok bool) {
	rest, ok := strings.CutPrefix(head, beforeID)
	if !ok {
		return "", "", false
	}
	n := stringEnd(rest)
	if n < 0 || json.Unmarshal([]byte(rest[:n]), &id) != nil {
		return "", "", false
	}
	if rest, ok = strings.CutPrefix(rest[n:], beforeOutcome); !ok {
		return "", "", false
	}
	for _, outcome := range outcomes {
		after, ok := strings.CutPrefix(rest, `"`+string(outcome)+`"`)
		if ok && after != "" && (after[0] == ',' || after[0] == '}') {
			return id, outcome, true
		}
	}
	return "", "", false
}

// couldBecomeHead reports whether the text is the beginning of a line.
func couldBecomeHead(text string) bool {
	if _, _, ok := parseHead(text); ok {
		return true
	}
	if len(text) <= len(beforeID) {
		return strings.HasPrefix(beforeID, text)
	}
	rest, ok := strings.CutPrefix(text, beforeID)
	if !ok || rest[0] != '"' {
		return false
	}
	n := stringEnd(rest)
	if n < 0 {
		return len(text) < headSize
	}
	rest = rest[n:]
	for _, outcome := range outcomes {
		if strings.HasPrefix(beforeOutcome+`"`+string(outcome)+`"`, rest) {
			return true
		}
	}
	return false
}

// stringEnd is the length of the JSON string that s begins with, -1 if it does
// not end.
func stringEnd(s string) int {
	if s == "" || s[0] != '"' {
		return -1
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}
