package edenwait

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Status is where a job stands.
type Status string

// The statuses in the API's contract. Any other ends a wait with an
// UnexpectedStatusError.
const (
	StatusProcessing Status = "processing"
	StatusSuccess    Status = "success"
	StatusFail       Status = "fail"
)

// Done reports whether the job has ended: whether its status has left
// StatusProcessing. An empty status is no status, and not done.
func (s Status) Done() bool { return s != StatusProcessing && s != "" }

// Job is one answer about a job; once its Status is Done it is final. Its raw
// fields share the memory of the response: treat them as read-only.
type Job struct {
	// ID is the job's UUID, in lower case.
	ID string
	// Status is where the job stands.
	Status Status
	// Cost is what the job cost, in US dollars, to the last digit. It is empty
	// when the response had none that reads as a number.
	Cost Cost
	// Provider, Feature and Subfeature say what ran: deepgram, audio,
	// speech_to_text_async.
	Provider, Feature, Subfeature string
	// Model is the provider's model, empty when the response named none.
	Model string
	// Output is the result, any JSON; nil when the response had none.
	Output json.RawMessage
	// Error says why the job failed; nil unless the response had an error.
	Error *JobError
	// OriginalResponse is the provider's own answer, where it was asked for at
	// submit; nil otherwise.
	OriginalResponse json.RawMessage
	// CreatedAt is when the job was submitted, in UTC; zero when the response
	// had no time that reads as one.
	CreatedAt time.Time

	raw json.RawMessage // the whole response; Output and OriginalResponse lie in it
}

// Decode stores the job's output in the value that v points to, as
// json.Unmarshal does. A job without output is an error.
func (j *Job) Decode(v any) error {
	if len(j.Output) == 0 {
		return fmt.Errorf("edenwait: job %s has no output: its status is %q", j.ID, j.Status)
	}
	if err := json.Unmarshal(j.Output, v); err != nil {
		return fmt.Errorf("edenwait: output of job %s: %w", j.ID, err)
	}
	return nil
}

// MarshalJSON gives the response back as it came, fields that this version does
// not know included, and changes that were made to the Job since not included. A
// Job made by hand marshals its fields in the API's shape.
func (j Job) MarshalJSON() ([]byte, error) {
	if j.raw != nil {
		return j.raw, nil
	}
	out := wireJobOut{
		ID: j.ID, Status: j.Status, Cost: j.Cost, Provider: j.Provider, Feature: j.Feature, Subfeature: j.Subfeature,
		Model: j.Model, Output: j.Output, Error: j.Error, OriginalResponse: j.OriginalResponse,
	}
	if !j.CreatedAt.IsZero() {
		out.CreatedAt = j.CreatedAt.Format(time.RFC3339Nano)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads a response of the API. Fields that are missing, unknown
// or of an unforeseen shape cost nothing but themselves; public_id and status
// must be there.
func (j *Job) UnmarshalJSON(data []byte) error {
	parsed, err := parseJob(append([]byte(nil), data...))
	if err != nil {
		return err
	}
	*j = *parsed
	return nil
}

// JobError says why a job failed, in the provider's words.
type JobError struct {
	// Message is the explanation. Where the error is neither a string nor an
	// object with a message, it is the error's JSON.
	Message string
	// Code is the error_code, empty when there was none.
	Code string

	raw json.RawMessage
}

// UnmarshalJSON reads an object, a bare string, or whatever else comes.
func (e *JobError) UnmarshalJSON(data []byte) error {
	if parsed := parseJobError(span(slices.Clone(data)).value()); parsed != nil {
		*e = *parsed
	}
	return nil
}

// MarshalJSON gives the error back as it came.
func (e JobError) MarshalJSON() ([]byte, error) {
	if e.raw != nil {
		return e.raw, nil
	}
	return json.Marshal(map[string]string{"message": e.Message, "error_code": e.Code})
}

// wireJobOut has the fields in the API's order, for the reader of a log.
type wireJobOut struct {
	ID               string          `json:"public_id"`
	Status           Status          `json:"status"`
	Cost             Cost            `json:"cost"`
	Provider         string          `json:"provider"`
	Feature          string          `json:"feature"`
	Subfeature       string          `json:"subfeature"`
	Model            string          `json:"model,omitempty"`
	CreatedAt        string          `json:"created_at,omitempty"`
	Output           json.RawMessage `json:"output"`
	Error            *JobError       `json:"error"`
	OriginalResponse json.RawMessage `json:"original_response,omitempty"`
}

// wireJob takes every field raw, so that one of an unforeseen shape cannot fail
// the whole.
type wireJob struct {
	ID               span `json:"public_id"`
	Status           span `json:"status"`
	Cost             span `json:"cost"`
	Provider         span `json:"provider"`
	Feature          span `json:"feature"`
	Subfeature       span `json:"subfeature"`
	Model            span `json:"model"`
	Output           span `json:"output"`
	Error            span `json:"error"`
	OriginalResponse span `json:"original_response"`
	CreatedAt        span `json:"created_at"`
}

// span is a json.RawMessage that does not copy: it keeps the part of the input
// that holds the value. Unmarshalers are told to copy, since a Decoder reuses
// its buffer; json.Unmarshal hands out parts of its argument, which parseJob
// owns and never writes to. This halves the memory of a large output.
type span []byte

func (s *span) UnmarshalJSON(data []byte) error {
	*s = data[:len(data):len(data)]
	return nil
}

// value is the span as a raw message, nil for null and for a missing field.
func (s span) value() json.RawMessage {
	if len(s) == 0 || string(s) == "null" {
		return nil
	}
	return json.RawMessage(s)
}

// text is the string that the span holds, empty for anything else.
func (s span) text() string {
	if len(s) < 2 || s[0] != '"' {
		return ""
	}
	// A page of the list holds thousands of short plain strings; only the rest
	// are worth a decoder.
	inner := s[1 : len(s)-1]
	if !slices.ContainsFunc(inner, func(c byte) bool { return c < ' ' || c > '~' || c == '\\' }) {
		return string(inner)
	}
	var text string
	if json.Unmarshal(s, &text) != nil {
		return ""
	}
	return text
}

// parseJob reads one job. It keeps data: the job's raw fields are parts of it.
func parseJob(data []byte) (*Job, error) {
	var wire wireJob
	if err := json.Unmarshal(data, &wire); err != nil {
		return nil, fmt.Errorf("not a job: %w", err)
	}
	id, err := parseID(wire.ID.text())
	if err != nil {
		// Neither wrapped, since it is the answer that is wrong and not the id asked
		// for, nor quoted: whatever stands there, an excerpt of the answer shows it.
		return nil, errors.New("not a job: public_id is not a UUID")
	}
	status := Status(wire.Status.text())
	if status == "" {
		return nil, errors.New("not a job: status is missing")
	}
	return &Job{
		ID:               id.String(),
		Status:           status,
		Cost:             parseCost(wire.Cost),
		Provider:         wire.Provider.text(),
		Feature:          wire.Feature.text(),
		Subfeature:       wire.Subfeature.text(),
		Model:            wire.Model.text(),
		Output:           wire.Output.value(),
		Error:            parseJobError(wire.Error.value()),
		OriginalResponse: wire.OriginalResponse.value(),
		CreatedAt:        parseTime(wire.CreatedAt.text()),
		raw:              data,
	}, nil
}

// parseJobError reads an object, a bare string, or whatever else came.
func parseJobError(raw json.RawMessage) *JobError {
	if raw == nil {
		return nil
	}
	var object struct {
		Message span `json:"message"`
		Code    span `json:"error_code"`
	}
	e := &JobError{raw: raw, Message: span(raw).text()}
	if e.Message == "" && json.Unmarshal(raw, &object) == nil {
		e.Message = object.Message.text()
		if e.Code = object.Code.text(); e.Code == "" {
			e.Code = string(object.Code.value()) // a number, in practice
		}
	}
	if e.Message == "" {
		e.Message = string(raw)
	}
	return e
}

// parseTime reads RFC 3339, whose letters may be small, and what Python servers
// and databases make of it: no zone, which means UTC, one without a colon or of
// hours only, and a space for the T. Anything else is the zero time.
func parseTime(s string) time.Time {
	s = strings.ToUpper(strings.Replace(s, " ", "T", 1))
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// parseID takes the one form that the API uses. uuid.Parse alone would accept
// braces, quotes and a urn prefix, and does not check what stands around the
// digits.
func parseID(id string) (uuid.UUID, error) {
	parsed, err := uuid.Parse(id)
	if err != nil || len(id) != len("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") {
		return uuid.Nil, fmt.Errorf("%w: %s", ErrInvalidID, quote(id, 64))
	}
	return parsed, nil
}
