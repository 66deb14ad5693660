package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/edenwait/edenwait"
)

// apiCheck distinguishes an unknown job from a wrong URL and from a wrong account, where
// every job is unknown. Without it, every id would get a line with "not_found", and no
// later run would poll it again.
//
// One known job proves that the URL and the account are right. The job list proves less:
// it may be forbidden or missing for a key that can GET jobs.
type apiCheck struct {
	known atomic.Bool

	mu     sync.Mutex
	listed bool               // the list has been requested
	absent *edenwait.APIError // the response that says that there is no list
}

// setKnown records that a job of this batch is known.
func (c *apiCheck) setKnown() { c.known.Store(true) }

// noteList records how a request for the job list ended.
func (c *apiCheck) noteList(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var answer *edenwait.APIError
	switch {
	case err == nil:
		c.listed, c.absent = true, nil
	case errors.As(err, &answer) && isAbsence(answer.StatusCode):
		if !c.listed {
			c.absent = answer
		}
		c.listed = true
	}
}

// hasNoList returns the response of a server without a job list, nil if there is one or
// may be one. It requests the list if nobody has.
func (c *apiCheck) hasNoList(ctx context.Context, api edenwait.Lister) *edenwait.APIError {
	c.mu.Lock()
	listed := c.listed
	c.mu.Unlock()
	if !listed {
		_, err := api.List(ctx, edenwait.ListQuery{Limit: 1})
		c.noteList(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.absent
}

// isAbsence reports whether a status says that there is no job list at the URL. A list
// that is forbidden, or a server error, does not say so.
func isAbsence(status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return true
	default:
		return status >= 300 && status < 400
	}
}

// unknownError says that the API knows no job of a batch.
type unknownError struct {
	jobs   string
	absent *edenwait.APIError // nil if the server has a job list, or may have one
	url    string
}

func (e *unknownError) Error() string {
	if e.absent != nil {
		return fmt.Sprintf("%s not waited for: the server is not the Eden AI API. It knows no job and has no job list (%v). Check --base-url or %s",
			e.jobs, e.absent, urlVariable)
	}
	return fmt.Sprintf("%s unknown to the API at %s, and no job known. No line was written for them. "+
		"Check that the key belongs to the account that submitted them, and the host (--eu, --base-url). Results are kept for 7 days",
		e.jobs, e.url)
}

// shownURL is a URL without its path, which may be a gateway's key.
func shownURL(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return "--base-url"
	}
	if u.Path == "" || u.Path == "/" {
		return u.Scheme + "://" + u.Host
	}
	return u.Scheme + "://" + u.Host + "/…"
}
