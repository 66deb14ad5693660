package edenwait

import (
	"errors"
	"net/http"
	"time"
)

// verdict is what a failed request means.
type verdict int

const (
	askAgain verdict = iota // nothing for certain
	slowDown                // too much was asked, by anyone
	endJob                  // this job's end
	endBatch                // the end of all that use this key
)

// judge tells what the error of a Source means.
func judge(err error) verdict {
	var api *APIError
	switch {
	case errors.Is(err, ErrRateLimited):
		return slowDown
	case errors.Is(err, ErrUnauthorized), errors.Is(err, ErrPaymentRequired):
		return endBatch
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrResponseTooLarge):
		return endJob
	case !errors.As(err, &api):
		return askAgain
	case api.StatusCode == http.StatusRequestTimeout, api.StatusCode == http.StatusTooEarly:
		return askAgain
	case api.StatusCode >= 400 && api.StatusCode < 500:
		return endJob
	default:
		return askAgain
	}
}

// isAnswer reports whether a server has answered, whatever it had to say.
func isAnswer(err error) bool {
	var api *APIError
	return err == nil || errors.As(err, &api)
}

// batchCause is an answer that concerns everyone, without the job that happened
// to hear it: each result of the batch will quote it.
func batchCause(err error) error {
	var api *APIError
	if errors.As(err, &api) {
		return api
	}
	return err
}

// maxRetryAfter bounds what a server may have one job, or the list, wait for. The
// budget has a bound of its own for what concerns everyone.
const maxRetryAfter = 5 * time.Minute

// retryAfter is how long the server asked to wait, if it did.
func retryAfter(err error) time.Duration {
	var api *APIError
	if errors.As(err, &api) {
		return min(api.RetryAfter, maxRetryAfter)
	}
	return 0
}
