package edenwait

import (
	"errors"
	"fmt"
	"time"

	"github.com/edenwait/edenwait/internal/engine"
)

// Result is the outcome of one id in one call.
type Result struct {
	// ID is the id as it was passed in.
	ID string
	// Job is the final response, or nil if none came. If several calls waited for the
	// job, each has a shallow copy.
	Job *Job
	// Err is nil if the job succeeded and its hook, if any, returned nil. Otherwise it is
	// or wraps a JobFailedError, an UnexpectedStatusError, a GaveUpError, a HookError, or
	// ErrInvalidID.
	Err error
	// Polls is the number of GETs sent for the job since this call read the id, including
	// those sent for other calls. Pages of the list do not count.
	Polls int
	// Waited is the time from reading the id to the end of its wait.
	Waited time.Duration
}

// stopped is the result of a wait that ended with its call, while the job ran.
func stopped(w *engine.WaitEnd, value any, id string, cause error) Result {
	last, _ := value.(error)
	r := unfinished(w, id, because(last, cause))
	r.Err.(*GaveUpError).running = true //nolint:errorlint // the very value, which has just been made
	return r
}

// unfinished is the result of a wait that ended without a final response.
func unfinished(w *engine.WaitEnd, id string, why error) Result {
	g := &GaveUpError{ID: id, Polls: w.Polls, Waited: w.Now - w.Since, Err: why}
	if w.Seen {
		g.LastStatus = StatusProcessing
	}
	return Result{Err: g, Polls: g.Polls, Waited: g.Waited}
}

// reason is why a wait ended without a final response.
func reason(end *engine.End, w *engine.WaitEnd, maxWait any) error {
	last, _ := end.Value.(error)
	switch end.Reason {
	case engine.MaxWaitPassed:
		return because(last, fmt.Errorf("%w (%v)", ErrMaxWait, maxWait))
	case engine.MaxErrorsReached:
		return fmt.Errorf("%w: %d requests in a row failed, most recently with: %w", ErrMaxErrors, w.Fails, &unsureError{last})
	case engine.OutageLasted:
		return fmt.Errorf("%w: every request for any job has failed for %v, most recently with: %w", ErrMaxErrors, end.For.Round(time.Second), &unsureError{last})
	case engine.BackoffStopped:
		if last != nil {
			return fmt.Errorf("%w; the last request failed: %w", ErrBackOffStopped, &unsureError{last})
		}
		return ErrBackOffStopped
	default:
		return last
	}
}

// unsureError is the last error of a wait that ended for another reason. It matches all
// that the error matches, but not the errors that say something of the job or the key for
// sure: one 404 of a proxy at the end of an outage is no reason to submit a job again.
type unsureError struct{ last error }

func (e *unsureError) Error() string { return e.last.Error() }

// Is does not unwrap: see unsureError.
func (e *unsureError) Is(target error) bool {
	return target != ErrNotFound && target != ErrUnauthorized && target != ErrPaymentRequired && errors.Is(e.last, target)
}

// As finds what the error wraps.
func (e *unsureError) As(target any) bool { return errors.As(e.last, target) }

// because returns why a wait ended before the job did. If the wait's last request
// failed, the error includes that.
func because(last, why error) error {
	var api *APIError
	switch {
	case last == nil:
		return why
	case errors.As(last, &api) && !errors.Is(last, ErrNotFound):
		return fmt.Errorf("%w; its last request failed: %w", why, &unsureError{last})
	default:
		// As text only, not wrapped: callers must not take an unconfirmed 404 for
		// ErrNotFound, nor the timeout of a request for the end of their context.
		return fmt.Errorf("%w; its last request failed: %v", why, last)
	}
}

// outcomeError is the error of a final response; nil for a success.
func outcomeError(job *Job) error {
	switch job.Status {
	case StatusSuccess:
		return nil
	case StatusFail:
		return &JobFailedError{Job: job}
	default:
		return &UnexpectedStatusError{Job: job}
	}
}
