package edenwait

import (
	"errors"
	"net/http"
	"time"

	"github.com/edenwait/edenwait/internal/engine"
)

// classify says what the error of a Source means.
func classify(err error) engine.Outcome {
	var api *APIError
	switch isAPI := errors.As(err, &api); {
	case isAPI && api.foreign && api.StatusCode != http.StatusTooManyRequests:
		// A gateway's page, and not the API's answer: it says nothing about the key or
		// the job.
		return engine.Failed
	case errors.Is(err, ErrRateLimited):
		return engine.RateLimited
	case errors.Is(err, ErrUnauthorized), errors.Is(err, ErrPaymentRequired):
		return engine.Refused
	case errors.Is(err, ErrNotFound) && isAPI:
		return engine.Missing
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrResponseTooLarge):
		// A Source that reports this without a status is sure of it.
		return engine.Rejected
	case !isAPI:
		return engine.Failed
	}
	switch api.StatusCode {
	case http.StatusBadRequest, http.StatusGone, http.StatusUnprocessableEntity:
		// With 404, what the API documents as final for a job. Other 4xx come from
		// gateways, and pass.
		return engine.Rejected
	default:
		return engine.Failed
	}
}

// isListGone reports whether reading the list again is of no use: 401, 403, 404,
// 405 and the like. A refusal of the key shows in the GETs too.
func isListGone(err error) bool {
	switch classify(err) {
	case engine.Missing, engine.Rejected, engine.Refused:
		return true
	}
	var api *APIError
	return errors.As(err, &api) && (api.StatusCode == http.StatusMethodNotAllowed || api.StatusCode == http.StatusNotImplemented)
}

// reached reports whether a server has answered, whatever it had to say.
func reached(err error) bool {
	var api *APIError
	return err == nil || errors.As(err, &api)
}

// isOverload reports whether the server asks everyone to wait: a 5xx that says for
// how long.
func isOverload(err error) bool {
	var api *APIError
	return errors.As(err, &api) && api.StatusCode >= 500 && api.RetryAfter > 0
}

// maxRetryAfter bounds the time that a server may have one job, or the list, wait.
// The limiter has a bound of its own for what concerns everyone.
const maxRetryAfter = 5 * time.Minute

// retryAfter is how long the server asked to wait, if it did.
func retryAfter(err error) time.Duration {
	var api *APIError
	if errors.As(err, &api) {
		return min(api.RetryAfter, maxRetryAfter)
	}
	return 0
}

// refusalCause is an answer that concerns all jobs, without the job whose GET got it:
// each result will quote it.
func refusalCause(err error) error {
	var api *APIError
	if errors.As(err, &api) {
		return api
	}
	return err
}
