package edenwait

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The errors that errors.Is matches.
var (
	// ErrInvalidID: the id is not a UUID. No request was sent.
	ErrInvalidID = errors.New("invalid job id: want a UUID of 36 characters")
	// ErrNotFound: the API does not know the job (404). A Waiter is sure of it at least
	// five seconds after the wait began. A wait with a shorter deadline ends with the
	// deadline's error. With another account's key, or another host, this happens for
	// every id. A program that drops ids on this error should first have found at least
	// one job.
	ErrNotFound = errors.New("no such job: unknown, deleted, or older than the 7 days that results are kept")
	// ErrUnauthorized: the API refuses the key (401), or did not receive one (403).
	ErrUnauthorized = errors.New("the API refuses the key")
	// ErrPaymentRequired: the account has no credit (402).
	ErrPaymentRequired = errors.New("the account has no credit")
	// ErrRateLimited: the account has reached its request limit (429). A Waiter slows
	// down and retries. It reports ErrRateLimited only inside a GaveUpError, when a wait
	// ended while requests were still being refused.
	ErrRateLimited = errors.New("the account's request limit is reached")
	// ErrResponseTooLarge: the body is larger than Config.MaxResponseBytes, or nested
	// too deep for encoding/json (more than 9,900 levels).
	ErrResponseTooLarge = errors.New("the response is larger than MaxResponseBytes")
	// ErrMaxWait: Config.MaxWait passed before the job ended.
	ErrMaxWait = errors.New("MaxWait passed")
	// ErrMaxErrors: Config.MaxErrors requests in a row failed for the job. The error that
	// matches it also wraps the last request's error, so it may match
	// context.DeadlineExceeded too, if that request timed out: check ErrMaxErrors first.
	ErrMaxErrors = errors.New("MaxErrors reached")
	// ErrBackOffStopped: the job's BackOff, made by Config.BackOff, returned
	// backoff.Stop.
	ErrBackOffStopped = errors.New("BackOff stopped")
	// ErrFailFast: another job of the batch did not succeed, and Config.FailFast
	// is set.
	ErrFailFast = errors.New("stopped by FailFast")
)

// APIError is an answer with a status other than 2xx. By its StatusCode, it matches
// ErrNotFound, ErrUnauthorized, ErrPaymentRequired or ErrRateLimited.
type APIError struct {
	// StatusCode is the HTTP status.
	StatusCode int
	// Detail is the API's explanation: the "detail" field of its JSON, quoted, at most 128
	// bytes. It is empty if there is none. The rest of the body is never quoted, since
	// it may contain a job's output.
	Detail string
	// RetryAfter is the wait that the server requests, or 0 if it requests none.
	RetryAfter time.Duration
	// Op is the request's method and path below BaseURL, with {job_id} for the
	// id of the job.
	Op string

	// foreign means that the body does not begin as a JSON object: the answer comes from
	// a gateway or a proxy, not from the API.
	foreign bool
}

func (e *APIError) Error() string {
	msg := fmt.Sprintf("HTTP %d", e.StatusCode)
	if e.Op != "" {
		msg = printable(e.Op, 256) + ": " + msg
	}
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

// origin returns feature/subfeature/provider/model, as in a submit.
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

// UnexpectedStatusError is a job whose status is not one of the three that the API
// documents. It ends the wait, since such a status may stay forever.
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

// HookError is a hook that returned an error, panicked, or was still running after
// the context ended. The Job of the Result is intact.
type HookError struct {
	// ID is the job's id.
	ID string
	// Err is the hook's error. After a panic, it contains the panic's value.
	Err error
	// Stack is the stack trace of a panic, or nil.
	Stack []byte
	// CutOff: the hook was still running, or had not begun, when the call ended. A
	// hook that was running may still finish its work. See Config.HookGrace.
	CutOff bool
}

func (e *HookError) Error() string {
	return fmt.Sprintf("edenwait: hook for job %s: %s", plainOrQuoted(e.ID, 64), inside(e.Err, e.ID))
}

func (e *HookError) Unwrap() error { return e.Err }
