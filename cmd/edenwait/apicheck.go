package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/edenwait/edenwait"
)

// proof is what shows that it is the API that is asked. Behind a wrong URL there
// is often a server too, and it knows no job: if that were believed, every id
// would get a line that says so, and no later run would ask again.
//
// A job, or a page of the list, is proof. Where nothing but 404 has come yet, a
// page of one job is asked for. That is one request beside the budget.
type proof struct {
	given atomic.Bool

	mu    sync.Mutex
	tries int
	wrong error // what the server is instead
}

// mostTries bounds how often proof is asked for while the network or the server
// is in trouble. Without any, a 404 stays what may change.
const mostTries = 3

// give notes an answer that only the API gives.
func (p *proof) give() { p.given.Store(true) }

// demand asks for proof, if there is none yet. The error is one that ends the
// batch: it was not the API that answered.
func (p *proof) demand(ctx context.Context, api edenwait.Lister) error {
	if p.given.Load() {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.given.Load() || p.wrong != nil || p.tries == mostTries {
		return p.wrong
	}
	p.tries++
	_, err := api.List(ctx, edenwait.ListQuery{Limit: 1})
	var answer *edenwait.APIError
	switch {
	case err == nil:
		p.give()
	case !errors.As(err, &answer) || isTransient(answer.StatusCode):
	case answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusPaymentRequired:
		p.wrong = err // says it better
	default:
		p.wrong = &wrongAPI{answer}
	}
	return p.wrong
}

// isTransient reports whether a status may be another the next time.
func isTransient(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	default:
		return status >= 500
	}
}

// wrongAPI is a server that is not the API. It matches ErrUnauthorized, by which
// a Source says that there is no use in asking on.
type wrongAPI struct{ answer *edenwait.APIError }

func (e *wrongAPI) Error() string {
	return fmt.Sprintf("what answers is not the API, it knows no job and has no job list (%v): check --base-url or %s", e.answer, urlVariable)
}

// Is reports what ends the batch.
func (*wrongAPI) Is(target error) bool { return target == edenwait.ErrUnauthorized }
