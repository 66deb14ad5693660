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

// apiCheck tells an id that the API does not know from a wrong URL and from
// another account, where every id is unknown too. If that were believed, every id
// would get a line that says so, and no later run would poll it again.
//
// One job that is known is proof: the URL is right, and so is the account. It
// takes only what waiting takes, to GET a job. The job list may be forbidden or
// missing for a key that can wait very well, so it proves nothing against the
// API by itself.
type apiCheck struct {
	known atomic.Bool

	mu     sync.Mutex
	listed bool               // the list has answered, somehow
	absent *edenwait.APIError // there is no list
}

// knows notes that a job of this batch is known.
func (c *apiCheck) knows() { c.known.Store(true) }

// list notes how the job list has answered.
func (c *apiCheck) list(err error) {
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

// hasNoList reports the answer of a server without a job list, if it is one. It
// asks once if that is not known yet.
func (c *apiCheck) hasNoList(ctx context.Context, api edenwait.Lister) *edenwait.APIError {
	c.mu.Lock()
	listed := c.listed
	c.mu.Unlock()
	if !listed {
		_, err := api.List(ctx, edenwait.ListQuery{Limit: 1})
		c.list(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.absent
}

// isAbsence reports whether a status says that there is nothing at a URL, or
// something else. That a key may not read it, or that a server is in trouble, is
// not that.
func isAbsence(status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return true
	default:
		return status >= 300 && status < 400
	}
}

// unknownError is that no id of a batch is known.
type unknownError struct {
	jobs   string
	absent *edenwait.APIError // nil if the server has a job list, or may have one
	url    string
}

func (e *unknownError) Error() string {
	if e.absent != nil {
		return fmt.Sprintf("%s not waited for: what answers is not the API, it knows no job and has no job list (%v): check --base-url or %s",
			e.jobs, e.absent, urlVariable)
	}
	return fmt.Sprintf("%s unknown to the API at %s, and none known. Nothing was written about them. "+
		"Is this the key of the account that submitted them, and the right host (--eu, --base-url)? Results are kept for 7 days",
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
