package edentemporal

import (
	"encoding/json"
	"fmt"

	"github.com/edenwait/edenwait"
)

// Codes of this package in [Outcome.Code]. Any other code is the error_code of a
// failed job, as the API gave it.
const (
	// CodeInvalidID: the id is not a UUID.
	CodeInvalidID = "edenwait.invalid_id"
	// CodeNotFound: the API does not know the job.
	CodeNotFound = "edenwait.not_found"
	// CodeGaveUp: the API refused the id for another reason, or the bounds of the
	// leader's Config ended the wait.
	CodeGaveUp = "edenwait.gave_up"
	// CodeUnexpectedStatus: the job ended with an undocumented status.
	CodeUnexpectedStatus = "edenwait.unexpected_status"
	// CodeHookFailed: a hook of the leader's Config failed.
	CodeHookFailed = "edenwait.hook_failed"
	// CodeReduceFailed: the Reduce failed or panicked.
	CodeReduceFailed = "edenwait.reduce_failed"
	// CodeTooLarge: the Outcome with its Value is larger than MaxOutcomeBytes. The Value
	// is missing.
	CodeTooLarge = "edenwait.too_large"
	// CodeWaiting: the wait ended before the job did.
	CodeWaiting = "edenwait.waiting"
)

// Outcome is the result of one job. It is small, since it stays in the history of the
// workflow. It has only what a Reduce made of the job's output.
type Outcome struct {
	// ID is the id as it was passed in.
	ID string `json:"id"`
	// Status is the job's final status. It is empty if no final response came.
	Status edenwait.Status `json:"status,omitempty"`
	// Cost is what the job cost, exactly.
	Cost edenwait.Cost `json:"cost,omitempty"`
	// Code classifies Error: one of the codes of this package, or the error_code of a
	// failed job. It is empty if the job succeeded, or failed without a code.
	Code string `json:"code,omitempty"`
	// Error says what failed. It is empty if the job succeeded and its value is
	// there. It may be cut off.
	Error string `json:"error,omitempty"`
	// Value is what the Reduce made of a job that succeeded, as JSON.
	Value json.RawMessage `json:"value,omitempty"`
}

// Err returns nil if the job succeeded and its value, if a Reduce was named, is there.
// Otherwise the error says what failed.
func (o Outcome) Err() error {
	if o.Status == edenwait.StatusSuccess && o.Code == "" && o.Error == "" {
		return nil
	}
	text := o.Error
	if text == "" {
		text = "no explanation"
	}
	if o.Code != "" {
		text += " (" + o.Code + ")"
	}
	return fmt.Errorf("edentemporal: job %.64q: %s", o.ID, text)
}

// Decode stores the Value in v, as json.Unmarshal does.
func (o Outcome) Decode(v any) error {
	if o.Value == nil {
		return fmt.Errorf("edentemporal: job %.64q has no value", o.ID)
	}
	if err := json.Unmarshal(o.Value, v); err != nil {
		return fmt.Errorf("edentemporal: value of job %.64q: %w", o.ID, err)
	}
	return nil
}
