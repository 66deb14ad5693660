package edentemporal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/edenwait/edenwait"
)

// Reduce makes a small value from the final response of a job that succeeded. The value
// becomes JSON, in [Outcome.Value]. A Reduce may also store the output somewhere and
// return its location.
//
// It runs at the leader, up to 16 at the same time for one Await. It runs at least
// once per job: again if the leader dies before the workflow has the Outcome, so it
// must be idempotent. Its ctx ends when the leader steps down.
type Reduce func(ctx context.Context, job *edenwait.Job) (any, error)

// reduces is how many of one Await run at the same time.
const reduces = 16

// value runs the Reduce. A panic is an error.
func (r Reduce) value(ctx context.Context, job *edenwait.Job) (raw json.RawMessage, err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			err = fmt.Errorf("panic: %v", thrown)
		}
	}()
	value, err := r(ctx, job)
	if err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

// outcomeOf returns the Outcome of a Result. It reports false if only the wait has
// ended, and the job may still run: because the wait was stopped, the leader lost
// its lead, or the account was refused.
func outcomeOf(r edenwait.Result, stopped bool) (Outcome, bool) {
	o := Outcome{ID: r.ID}
	if r.Job != nil {
		o.Status, o.Cost = r.Job.Status, r.Job.Cost
		if r.Job.Error != nil {
			o.Code, o.Error = r.Job.Error.Code, r.Job.Error.Message
		}
	}
	var unexpected *edenwait.UnexpectedStatusError
	var hook *edenwait.HookError
	switch {
	case r.Err == nil:
	case errors.As(r.Err, &hook):
		o.Code, o.Error = CodeHookFailed, hook.Err.Error()
	case errors.As(r.Err, &unexpected):
		o.Code, o.Error = CodeUnexpectedStatus, unexpected.Error()
	case r.Job != nil: // failed
	case errors.Is(r.Err, edenwait.ErrInvalidID):
		o.Code, o.Error = CodeInvalidID, edenwait.ErrInvalidID.Error()
	case errors.Is(r.Err, edenwait.ErrNotFound):
		o.Code, o.Error = CodeNotFound, r.Err.Error()
	case stopped, errors.Is(r.Err, errFenced), refusalOf(r.Err) != nil:
		return Outcome{}, false
	default:
		o.Code, o.Error = CodeGaveUp, r.Err.Error()
	}
	return o, true
}

// refusalOf returns the refusal of the key or the account that the error is, without the
// job that met it, or nil.
func refusalOf(err error) error {
	for _, refusal := range []error{edenwait.ErrUnauthorized, edenwait.ErrPaymentRequired} {
		if !errors.Is(err, refusal) {
			continue
		}
		var answer *edenwait.APIError
		if errors.As(err, &answer) {
			return fmt.Errorf("edentemporal: %w: %v", refusal, answer)
		}
		return fmt.Errorf("edentemporal: %w", refusal)
	}
	return nil
}
