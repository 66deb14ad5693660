package webhook

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Event is one delivery. A field that is missing, null or of an unexpected shape
// is zero, and does not affect other fields. Only JobID is always set.
type Event struct {
	// JobID is the job's id, a UUID in lower case.
	JobID string
	// Verified reports whether a key has signed the delivery. An unverified delivery may
	// come from anyone: use it only as a hint, and GET the job.
	Verified bool
	// Name is the kind of the event: "async_job_completed".
	Name string
	// Status is "success" or "fail".
	Status string
	// Feature, Subfeature, Provider and Model say what ran. Model is empty for
	// many providers.
	Feature, Subfeature, Provider, Model string
	// CreatedAt and FinishedAt are in UTC. A delivery has no time of its own, so a
	// signed one can be sent again at any later time.
	CreatedAt, FinishedAt time.Time
	// Output is the result of a job that succeeded, as it was sent. It is nil if
	// there is none. Like all raw fields it can hold NaN or Infinity, which Python
	// writes and encoding/json refuses.
	Output json.RawMessage
	// Error says why a job failed. It is nil if the delivery has no error.
	Error *JobError
	// OriginalResponse is the provider's own answer, if the submit requested it. It is
	// nil otherwise.
	OriginalResponse json.RawMessage
	// UserParameters is the user_webhook_parameters of the submit, or nil if the submit
	// had none.
	UserParameters json.RawMessage
}

// JobError says why a job failed.
type JobError struct {
	// Message is the provider's or the API's explanation. If the error has no message in
	// a known place, Message is the whole error as JSON.
	Message string
	// Code is the error_code; empty if there is none.
	Code string
	// Raw is the error as it was sent.
	Raw json.RawMessage
}

// Parse reads a delivery and verifies its signature. It is for servers that hand
// over a body and headers, such as cloud functions. Use Handler in a net/http
// server. The names of the headers may be in any case.
//
// With keys, Parse returns an error that matches ErrSignature unless one of them
// has signed the body. Without keys it verifies nothing: the error is nil, and
// Verified is false.
//
// If the body contains a job's id, the Event is not nil, even if there is an error:
// always pass its JobID on as a hint, and use the other fields only if the error is
// nil and Verified is true.
//
// Parse keeps body: the raw fields of the Event are parts of it. Its errors contain
// only the job's id from the body.
func Parse(header http.Header, body []byte, keys ...*rsa.PublicKey) (*Event, error) {
	event, err := parseEvent(body)
	if err == nil && len(keys) > 0 {
		err = event.verify(header, body, keys)
	}
	return event, err
}

func (e *Event) verify(header http.Header, body []byte, keys []*rsa.PublicKey) error {
	if err := verify(header, body, keys); err != nil {
		return fmt.Errorf("webhook: job %s: %w", e.JobID, err)
	}
	e.Verified = true
	return nil
}

// maxMembers bounds the names and values of a delivery, which has fourteen of
// each at most.
const maxMembers = 1 << 14

// parseEvent reads the body without verifying it. If the body is damaged or
// incomplete, the Event has only the id.
func parseEvent(body []byte) (*Event, error) {
	doc, err := readDocument(body, 2, maxMembers) // the root and its members
	if err != nil {
		id := scanID(body)
		if id == "" {
			return nil, fmt.Errorf("webhook: no job_id, and %w", err)
		}
		return &Event{JobID: id}, fmt.Errorf("webhook: job %s: %w", id, err)
	}
	root := doc.values[0]
	if body[root.start] != '{' {
		return nil, errors.New("webhook: the body is not a JSON object")
	}
	members, _ := doc.members(1, len(doc.values))
	fields := map[string]json.RawMessage{} // by exact name, unlike encoding/json's
	for _, m := range members {
		v := doc.values[m.value]
		if raw := body[v.start:v.end:v.end]; string(raw) != "null" {
			fields[string(m.name)] = raw
		}
	}
	id, ok := parseID(text(fields["job_id"]))
	if !ok {
		return nil, errors.New("webhook: job_id is missing or not a UUID")
	}
	return &Event{
		JobID:            id,
		Name:             text(fields["event"]),
		Status:           text(fields["status"]),
		Feature:          text(fields["feature"]),
		Subfeature:       text(fields["subfeature"]),
		Provider:         text(fields["provider"]),
		Model:            text(fields["model"]),
		CreatedAt:        parseTime(text(fields["created_at"])),
		FinishedAt:       parseTime(text(fields["finished_at"])),
		Output:           fields["output"],
		Error:            parseJobError(fields["error"]),
		OriginalResponse: fields["original_response"],
		UserParameters:   fields["user_parameters"],
	}, nil
}

// scanID finds the id in a body that is incomplete or damaged. It reads the last
// job_id of the outermost object before the end or the first damage.
func scanID(body []byte) (id string) {
	const longestName = len(`"\u006a\u006f\u0062\u005f\u0069\u0064"`)
	at, depth := len(bom(body)), 0
	name := "" // the string before, at depth 1, with the colon that follows it
	for at < len(body) {
		switch c := body[at]; c {
		case '{', '[':
			depth++
			name = ""
		case '}', ']':
			if depth--; depth <= 0 {
				return id
			}
		case '"':
			end, err := skipString(body, at)
			if err != nil {
				return id
			}
			literal := body[at:end]
			if name == "job_id:" {
				if found, ok := parseID(text(literal)); ok {
					id = found
				}
			}
			name = ""
			if depth == 1 && len(literal) <= longestName {
				name = string(unquote(literal))
			}
			at = end
			continue
		case ':':
			name += ":"
		case ' ', '\t', '\n', '\r':
		default: // a number or word, or what ends a member
			if depth == 0 {
				return ""
			}
			name = ""
		}
		at++
	}
	return id
}

// text is the string that a raw value holds; empty for anything else. What Go
// cannot have in a string of text becomes U+FFFD, as in encoding/json.
func text(raw json.RawMessage) string {
	if len(raw) < 2 || raw[0] != '"' {
		return ""
	}
	return strings.ToValidUTF8(string(unquote(raw)), "\ufffd")
}

// parseID returns a UUID of 36 characters in lower case. Nothing else is passed
// on: an id goes to logs, queues and other processes, and comes from anyone.
func parseID(s string) (id string, ok bool) {
	if len(s) != len("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") {
		return "", false
	}
	for i, c := range []byte(s) {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return "", false
			}
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
		default:
			return "", false
		}
	}
	return strings.ToLower(s), true
}

// parseTime reads RFC 3339 and what Python servers make of it: no zone, which
// means UTC, one without a colon, and a space for the T. Anything else is the
// zero time.
func parseTime(s string) time.Time {
	s = strings.ToUpper(strings.Replace(s, " ", "T", 1))
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// parseJobError reads an object with a message and an error_code, a bare string,
// or whatever else came.
func parseJobError(raw json.RawMessage) *JobError {
	if raw == nil {
		return nil
	}
	e := &JobError{Raw: raw, Message: text(raw)}
	if raw[0] == '{' {
		doc, err := readDocument(raw, 2, maxMembers)
		if err != nil { // too many members, since raw is valid JSON
			doc = &document{}
		}
		members, _ := doc.members(1, len(doc.values))
		for _, m := range members {
			v := doc.values[m.value]
			switch field := raw[v.start:v.end]; string(m.name) {
			case "message":
				e.Message = text(field)
			case "error_code":
				if e.Code = text(field); isNumber(field) {
					e.Code = string(field)
				}
			}
		}
	}
	if e.Message == "" {
		e.Message = string(raw)
	}
	return e
}
