package edenwait

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// What an error of this package can be matched with, by errors.Is.
var (
	// ErrInvalidID: the id is not a UUID; nothing was asked.
	ErrInvalidID = errors.New("not a job id (a UUID of 36 characters)")
	// ErrNotFound: the API knows no such job (404). With another account's key, or
	// another host, that is so for every id: a program that drops ids on this error
	// should first see one id known.
	ErrNotFound = errors.New("no such job: unknown, deleted, or older than the 7 days that results are kept")
	// ErrUnauthorized: the API refuses the key (401), or none reached it (403).
	ErrUnauthorized = errors.New("the API refuses the key")
	// ErrPaymentRequired: the account has no credit (402).
	ErrPaymentRequired = errors.New("the account has no credit")
	// ErrRateLimited: the account's requests are used up for now (429). A Waiter
	// slows down and asks again: of its errors only a GaveUpError can match, of a
	// wait that ended while that went on.
	ErrRateLimited = errors.New("the account's request limit is reached")
	// ErrResponseTooLarge: the body is larger than Config.MaxResponseBytes, or it
	// nests so deep (9,900 levels) that encoding/json could not read the Job.
	ErrResponseTooLarge = errors.New("the response is larger than MaxResponseBytes")
	// ErrMaxWait: Config.MaxWait passed before the job ended.
	ErrMaxWait = errors.New("MaxWait passed")
	// ErrMaxErrors: as many requests in a row as Config.MaxErrors allows failed
	// for the job. The last one's error stands beside it.
	ErrMaxErrors = errors.New("MaxErrors reached")
	// ErrBackOffStopped: the NextBackOff of the job's Config.BackOff returned
	// backoff.Stop.
	ErrBackOffStopped = errors.New("BackOff stopped")
	// ErrFailFast: another job of the batch did not succeed, and Config.FailFast
	// is set.
	ErrFailFast = errors.New("stopped by FailFast")
)

// APIError is an answer that is not the job asked for: a status other than 2xx.
// It matches ErrNotFound, ErrUnauthorized, ErrPaymentRequired or ErrRateLimited
// by its StatusCode.
type APIError struct {
	// StatusCode is the HTTP status.
	StatusCode int
	// Detail is the API's explanation, quoted and at most 128 bytes: the "detail" of
	// its JSON. It is empty where the answer has none. Nothing else of a body is
	// quoted, since that may hold a job's output.
	Detail string
	// RetryAfter is how long the server asks to wait; 0 when it did not say.
	RetryAfter time.Duration
	// Op is the request's method and path below BaseURL, with {job_id} for the
	// id of the job.
	Op string

	// foreign: the body does not begin as a JSON object, so a gateway or a proxy has answered and
	// not the API.
	foreign bool
}

func (e *APIError) Error() string {
	msg := fmt.Sprintf("%s: HTTP %d", printable(e.Op, 256), e.StatusCode)
	if text := http.StatusText(e.StatusCode); text != "" {
		msg += " " + text
	}
	switch {
	case e.Detail != "":
		msg += ": " + printable(e.Detail, 1024)
	case e.foreign:
		msg += " (not the API's JSON)"
	}
	return msg
}

// Is matches the sentinel that the status stands for.
func (e *APIError) Is(target error) bool {
	switch e.StatusCode {
	case http.StatusNotFound:
		return target == ErrNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		return target == ErrUnauthorized
	case http.StatusPaymentRequired:
		return target == ErrPaymentRequired
	case http.StatusTooManyRequests:
		return target == ErrRateLimited
	}
	return false
}

// JobFailedError is a job that ended with StatusFail.
type JobFailedError struct {
	// Job is the final response.
	Job *Job
}

func (e *JobFailedError) Error() string {
	if e.Job == nil {
		return "edenwait: a job failed"
	}
	return fmt.Sprintf("edenwait: job %s failed at %s: %v", plainOrQuoted(e.Job.ID, 64), e.Job.origin(), e.Job.Error)
}

// origin names what ran, as a submit names it.
func (j *Job) origin() string {
	parts := make([]string, 0, 4)
	for _, part := range []string{j.Feature, j.Subfeature, j.Provider, j.Model} {
		if part != "" {
			parts = append(parts, plainOrQuoted(part, 64))
		}
	}
	if len(parts) == 0 {
		return "an unnamed provider"
	}
	return strings.Join(parts, "/")
}

// UnexpectedStatusError is a job whose status is none of the contract's three.
// It ends the wait, since such a status may stay for ever.
type UnexpectedStatusError struct {
	// Job is the response.
	Job *Job
}

func (e *UnexpectedStatusError) Error() string {
	if e.Job == nil {
		return "edenwait: a job has an unexpected status"
	}
	return fmt.Sprintf("edenwait: job %s has status %s, want %q, %q or %q",
		plainOrQuoted(e.Job.ID, 64), quote(string(e.Job.Status), 64), StatusProcessing, StatusSuccess, StatusFail)
}

// HookError is a hook that returned an error, panicked, or was still busy when
// the context ended. The job's result is intact beside it.
type HookError struct {
	// ID is the job's id.
	ID string
	// Err is the hook's error. After a panic it says what was thrown, and Stack
	// where.
	Err error
	// Stack is the stack of a panic; nil otherwise.
	Stack []byte
	// CutOff: the hook was still running, or had not begun, when the call ended. One
	// that was running may yet do what it was to do. See Config.HookGrace.
	CutOff bool
}

func (e *HookError) Error() string {
	return fmt.Sprintf("edenwait: hook for job %s: %s", plainOrQuoted(e.ID, 64), inside(e.Err, e.ID))
}

func (e *HookError) Unwrap() error { return e.Err }
