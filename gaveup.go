package edenwait

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// GaveUpError is a wait that ended without a final response. The job itself may
// still be running or may have ended since: wait for its ID again to find out.
type GaveUpError struct {
	// ID is the job's id, as it was passed in.
	ID string
	// LastStatus is the last status seen. It is empty if no status was seen.
	LastStatus Status
	// Polls is the number of GETs sent for this job.
	Polls int
	// Waited is how long the wait lasted.
	Waited time.Duration
	// Err is the reason: the cause of the context's end, ErrMaxWait, ErrMaxErrors,
	// ErrBackOffStopped, ErrFailFast, or the final answer (an APIError or
	// ErrResponseTooLarge). If the job's last request failed too, Err includes that
	// failure, and matches its APIError unless that is a 404. It matches ErrNotFound,
	// ErrUnauthorized and ErrPaymentRequired only if they are the reason.
	Err error

	// running means that the call ended, but the wait for this job did not.
	running bool
}

// Error names the job, what happened, and what to do about it, each once.
func (e *GaveUpError) Error() string {
	seen := ""
	if e.LastStatus != "" {
		seen = ", last seen " + quote(string(e.LastStatus), 64)
	}
	polls := "s"
	if e.Polls == 1 {
		polls = ""
	}
	what, advice := e.explain()
	text := fmt.Sprintf("edenwait: "+what+" after %d poll%s in %v%s", plainOrQuoted(e.ID, 64), e.Polls, polls, e.Waited.Round(time.Millisecond), seen)
	if e.Err != nil {
		text += ": " + inside(e.Err, e.ID)
	}
	return text + "; " + advice
}

func (e *GaveUpError) Unwrap() error { return e.Err }

// explain returns what happened, as a format for the id, and what to do.
func (e *GaveUpError) explain() (what, advice string) {
	const again = "wait for this id again: results are kept for 7 days"
	var api *APIError
	switch {
	case errors.Is(e.Err, ErrMaxWait), errors.Is(e.Err, ErrMaxErrors), errors.Is(e.Err, ErrBackOffStopped):
		return "gave up on job %s", again
	case errors.Is(e.Err, ErrFailFast):
		return "stopped waiting for job %s", again
	case errors.Is(e.Err, ErrUnauthorized):
		return "stopped waiting for job %s", "fix the key, then " + again
	case errors.Is(e.Err, ErrPaymentRequired):
		return "stopped waiting for job %s", "add credit, then " + again
	case e.running:
		return "stopped waiting for job %s", again
	case errors.Is(e.Err, ErrNotFound):
		return "job %s is unknown to the API", "check the id, the key's account and the host: results are deleted after 7 days"
	case errors.Is(e.Err, ErrResponseTooLarge):
		return "job %s cannot be read", "raise MaxResponseBytes, then " + again
	case errors.As(e.Err, &api) && api.StatusCode == http.StatusGone:
		return "job %s is gone", "results are deleted after 7 days"
	case errors.As(e.Err, &api) && (api.StatusCode == http.StatusBadRequest || api.StatusCode == http.StatusUnprocessableEntity):
		return "job %s is refused by the API", "check the id: results are deleted after 7 days"
	default:
		return "stopped waiting for job %s", again
	}
}

// inside returns an error's text for use inside another error, which already names
// the package and the job.
func inside(err error, id string) string {
	text := fmt.Sprint(err) // which survives a typed nil
	for _, prefix := range []string{"edenwait: job " + lower(id) + ": ", "edenwait: job " + id + ": ", "edenwait: "} {
		text = strings.ReplaceAll(text, prefix, "")
	}
	return text
}
