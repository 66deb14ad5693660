package edentemporal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/edenwait/edenwait"
)

const (
	// nobody is the id of no job. The API answers 404 if it accepts the key.
	nobody = "00000000-0000-0000-0000-000000000000"
	// proofTime is for how long a candidate tries. Then another may lead, whose network is
	// better.
	proofTime     = time.Minute
	maxProofDelay = 10 * time.Second
)

// prove returns nil if the API accepts the key, which one request shows. It returns an
// error that matches ErrUnauthorized or ErrPaymentRequired if it does not, and another
// if that could not be found out in time. A Source that is not the API's Poller may have
// errors of its own for an unknown id: only a refusal counts then.
func prove(ctx context.Context, source edenwait.Source, own bool) error {
	bounded, cancel := context.WithTimeout(ctx, proofTime)
	defer cancel()
	for delay := time.Second; ; delay = min(2*delay, maxProofDelay) {
		_, err := source.Get(bounded, nobody)
		var answer *edenwait.APIError
		isAnswer := errors.As(err, &answer)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil, errors.Is(err, edenwait.ErrNotFound),
			isAnswer && (answer.StatusCode == http.StatusUnprocessableEntity || answer.StatusCode == http.StatusBadRequest):
			return nil
		case refusalOf(err) != nil:
			return refusalOf(err)
		case own && !errors.Is(err, errFenced):
			return nil
		case isAnswer:
			delay = max(delay, answer.RetryAfter)
		}
		select {
		case <-bounded.Done():
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("edentemporal: could not check within %v whether the API accepts the key: %w", proofTime, err)
		case <-time.After(delay):
		}
	}
}
