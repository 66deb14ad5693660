package edentest

import (
	"fmt"
	"net/http"
	"time"
)

// Unavailable answers 503 with a Retry-After header, in whole seconds rounded up.
// If retryAfter is 0, there is no such header. Unlike with Status(503), the request
// has no effect, as if a gateway had answered it while the servers behind it are
// being replaced.
func Unavailable(retryAfter time.Duration) Effect {
	var header http.Header
	if retryAfter > 0 {
		header = http.Header{"Retry-After": {seconds(retryAfter)}}
	}
	e := Status(http.StatusServiceUnavailable, "", header)
	e.name, e.denies = "unavailable", true
	return e
}

// Unauthorized answers 401, as if the key were wrong.
func Unauthorized() Effect {
	e := Status(http.StatusUnauthorized, `{"detail":"Invalid token"}`, nil)
	e.name = "unauthorized"
	return e
}

// Forbidden answers 403, as if the request had no key.
func Forbidden() Effect {
	e := Status(http.StatusForbidden, `{"detail":"Not authenticated"}`, nil)
	e.name = "forbidden"
	return e
}

// ForbiddenPage answers 403 with a page for humans, as firewalls in front of a
// service do.
func ForbiddenPage() Effect {
	e := Status(http.StatusForbidden,
		"<!DOCTYPE html><html><head><title>Access denied</title></head><body><h1>Your request was blocked</h1></body></html>",
		http.Header{"Content-Type": {"text/html; charset=utf-8"}})
	e.name = "forbidden page"
	return e
}

// StrayNotFound answers the GET of a job with 404, though a GET has shown that job
// before, like a replica that is behind. It applies to no other request. For a 404 or
// two per job, set Fault.PerJob and Fault.Times.
func StrayNotFound() Effect {
	e := Status(http.StatusNotFound, `{"detail":"Job not found"}`, nil)
	e.name, e.kinds, e.known = "stray 404", Get, true
	return e
}

// Processing changes how a job that is still running is shown: the answer to its
// GET or POST has this status, 200 or 202, and exactly this Retry-After header, or
// none if retryAfter is empty. Other answers do not change.
// Processing panics for any other status.
func Processing(status int, retryAfter string) Effect {
	if status != http.StatusOK && status != http.StatusAccepted {
		panic(fmt.Sprintf("edentest: Processing(%d): want 200 or 202", status))
	}
	return Effect{name: fmt.Sprintf("processing %d", status), kinds: Get | Submit, after: func(x *exchange) {
		if !x.running {
			return
		}
		x.ans.Status = status
		if retryAfter != "" {
			x.ans.Header.Set("Retry-After", retryAfter)
		}
	}}
}
