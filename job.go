package edenwait

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Status is the state of a job.
type Status string

// The statuses that the API documents. Any other status ends a wait with an
// UnexpectedStatusError.
const (
	StatusProcessing Status = "processing"
	StatusSuccess    Status = "success"
	StatusFail       Status = "fail"
)

// Done reports whether the job has ended: its status is neither StatusProcessing nor
// empty.
func (s Status) Done() bool { return s != StatusProcessing && s != "" }

// Job is the API's response for one job. It is final if its Status is Done. Its raw
// fields share the memory of the response: treat them as read-only.
//
// Other fields of the response are kept too. To read one, marshal the Job and unmarshal
// the JSON into a type of your own.
type Job struct {
	// ID is the job's UUID, in lower case.
	ID string
	// Status is the state of the job.
	Status Status
	// Cost is the price of the job in US dollars, exact. It is empty if the response has
	// none, or one that is not a number.
	Cost Cost
	// Provider, Feature and Subfeature name what ran: for example deepgram, audio and
	// speech_to_text_async.
	Provider, Feature, Subfeature string
	// Model is the provider's model. It is empty if the response names none.
	Model string
	// Output is the result, any JSON. It is nil if the response has none, or null.
	Output json.RawMessage
	// Error says why the job failed. If the API's response has StatusFail, it is never
	// nil. Otherwise it is nil unless the response has an error.
	Error *JobError
	// OriginalResponse is the provider's own response, if the submit requested it. It is
	// nil otherwise.
	OriginalResponse json.RawMessage
	// CreatedAt is when the job was submitted, in UTC. It is zero if the response has no
	// valid time.
	CreatedAt time.Time

	raw json.RawMessage // the whole response; Output and OriginalResponse lie in it
	// retryAfter is the wait before the next GET that the answer requests, for a job that
	// is still processing.
	retryAfter time.Duration
}

// Decode stores the job's output in the value that v points to, as
// json.Unmarshal does. A job without output is an error.
//
// The error text says where the output does not fit. It never quotes the output, so
// it is safe to log. The error wraps the decoder's own error.
func (j *Job) Decode(v any) error {
	if len(j.Output) == 0 {
		return fmt.Errorf("edenwait: job %s has no output: its status is %s", plainOrQuoted(j.ID, 64), quote(string(j.Status), 64))
	}
	if err := json.Unmarshal(j.Output, v); err != nil {
		return &decodeError{id: j.ID, into: fmt.Sprintf("%T", v), err: err}
	}
	return nil
}

// decodeError is an output that does not fit.
type decodeError struct {
	id, into string
	err      error
}

func (e *decodeError) Error() string {
	text := "edenwait: output of job " + plainOrQuoted(e.id, 64) + ": "
	var (
		shape  *json.UnmarshalTypeError
		syntax *json.SyntaxError
	)
	switch {
	case errors.As(e.err, &shape):
		kind, _, _ := strings.Cut(shape.Value, " ") // "number 12" quotes the number
		text += "cannot decode a JSON " + kind
		if shape.Field != "" {
			text += " at " + printable(shape.Field, 128)
		}
		return text + " into a Go value of type " + shape.Type.String()
	case errors.As(e.err, &syntax):
		return fmt.Sprintf("%sinvalid JSON at byte %d", text, syntax.Offset)
	default:
		return fmt.Sprintf("%scannot decode into %s (%T)", text, e.into, e.err)
	}
}

func (e *decodeError) Unwrap() error { return e.err }

// MarshalJSON returns the response unchanged, including fields that this version does
// not know. It ignores later changes to the Job. A Job that was not read from a response
// marshals its fields in the API's shape.
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

// UnmarshalJSON reads a response of the API. It requires public_id and status. Other
// fields may be missing, unknown or of an unexpected shape, and are then left zero.
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
	// Message is the explanation, unchanged: it may have any length and content. If the
	// error is neither a string nor an object with a message, Message is its JSON. If
	// a failed job has no error, Message says so.
	Message string
	// Code is the error_code, or empty if there is none.
	Code string

	raw json.RawMessage
}

// noReason is the Message of a job that failed without an error.
const noReason = "the response gives no reason"

// Error returns the Message and the Code, quoted and bounded. It omits a Message that
// contains a field named output, as the JSON of an error can.
func (e *JobError) Error() string {
	if e == nil || e.Message == "" && e.Code == "" || e.Message == noReason {
		return noReason
	}
	text := quote(e.Message, 256)
	if holdsOutput(e.Message) {
		text = "a reason that is not shown, since it may contain an output"
	}
	if e.Code != "" {
		text += " (" + quote(e.Code, 64) + ")"
	}
	return text
}

// UnmarshalJSON reads an object, a bare string, or any other JSON.
func (e *JobError) UnmarshalJSON(data []byte) error {
	if parsed := parseJobError(span(slices.Clone(data)).value()); parsed != nil {
		*e = *parsed
	}
	return nil
}

// MarshalJSON returns the error unchanged.
func (e JobError) MarshalJSON() ([]byte, error) {
	if e.raw != nil {
		return e.raw, nil
	}
	return json.Marshal(map[string]string{"message": e.Message, "error_code": e.Code})
}

// wireJobOut has the fields in the API's order, for the reader of a log. A field that is
// missing here is lost when a Job that a Source has made is marshaled.
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

// parseJob reads one job. It keeps data: the job's raw fields are parts of it.
func parseJob(data []byte) (*Job, error) {
	var id, status string
	var failure, created span
	job := &Job{raw: data}
	if err := scanObject(data, func(s *scanner, name string) (err error) {
		var value span
		switch name {
		case "public_id":
			value, err = s.value()
			id = cmp.Or(value.text(), id) // a second one of another shape costs nothing
		case "status":
			value, err = s.value()
			status = cmp.Or(value.text(), status)
		case "cost":
			value, err = s.value()
			job.Cost = parseCost(value)
		case "provider":
			value, err = s.value()
			job.Provider = value.text()
		case "feature":
			value, err = s.value()
			job.Feature = value.text()
		case "subfeature":
			value, err = s.value()
			job.Subfeature = value.text()
		case "model":
			value, err = s.value()
			job.Model = value.text()
		case "output":
			value, err = s.value()
			job.Output = value.value()
		case "error":
			failure, err = s.value()
		case "original_response":
			value, err = s.value()
			job.OriginalResponse = value.value()
		case "created_at":
			created, err = s.value()
		}
		return err
	}); err != nil {
		return nil, fmt.Errorf("not a job: %w", err)
	}
	parsed, err := parseID(id)
	if err != nil {
		// Not wrapped, since the answer is wrong, not the id that was requested. Not
		// quoted, since the field may contain anything.
		return nil, errors.New("not a job: public_id is not a UUID")
	}
	job.ID = parsed.String()
	if job.Status = Status(status); job.Status == "" {
		return nil, errors.New("not a job: status is missing")
	}
	job.Error = parseJobError(failure.value())
	if job.Error == nil && job.Status == StatusFail {
		job.Error = &JobError{Message: noReason, raw: json.RawMessage("null")}
	}
	job.CreatedAt = parseCreated(created)
	return job, nil
}

// parseJobError reads an object, a bare string, or any other JSON.
func parseJobError(raw json.RawMessage) *JobError {
	if raw == nil {
		return nil
	}
	e := &JobError{raw: raw, Message: span(raw).text()}
	if e.Message == "" {
		// Other JSON has no message, and is shown unchanged.
		_ = scanObject(raw, func(s *scanner, name string) error {
			if name != "message" && name != "error_code" {
				return nil
			}
			value, err := s.value()
			if name == "message" {
				e.Message = value.text()
			} else if e.Code = value.text(); e.Code == "" {
				e.Code = string(value.value()) // a number, in practice
			}
			return err
		})
	}
	if e.Message == "" {
		e.Message = string(raw)
	}
	return e
}

// parseID accepts only the form that the API uses. uuid.Parse alone would accept
// braces, quotes and a urn prefix, and does not check the characters around the
// digits.
func parseID(id string) (uuid.UUID, error) {
	parsed, err := uuid.Parse(id)
	if err != nil || len(id) != len("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") {
		return uuid.Nil, fmt.Errorf("%w: %s", ErrInvalidID, quote(id, 64))
	}
	return parsed, nil
}
