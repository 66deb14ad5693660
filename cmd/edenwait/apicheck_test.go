package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/edenwait/edenwait"
)

// lister answers every request for the list with the same error, and counts.
type lister struct {
	err      error
	requests int
}

func (l *lister) List(context.Context, edenwait.ListQuery) (*edenwait.JobPage, error) {
	l.requests++
	return &edenwait.JobPage{}, l.err
}

// TestHasNoList: only certain statuses show that there is no list. After any other error
// the list is requested again.
func TestHasNoList(t *testing.T) {
	t.Parallel()
	status := func(status int) error { return &edenwait.APIError{StatusCode: status} }
	for _, test := range []struct {
		name     string
		err      error
		absent   bool
		requests int // in three calls
	}{
		{"the API", nil, false, 1},
		{"another server", status(404), true, 1},
		{"a server without GET", status(405), true, 1},
		{"a server that redirects", status(301), true, 1},
		{"a key that may not list", status(403), false, 3},
		{"a key that is refused", status(401), false, 3},
		{"no credit", status(402), false, 3},
		{"the rate limit", status(429), false, 3},
		{"a server error", status(503), false, 3},
		{"no network", errors.New("no route to host"), false, 3},
	} {
		l := &lister{err: test.err}
		var c apiCheck
		for range 3 {
			if got := c.hasNoList(t.Context(), l); (got != nil) != test.absent {
				t.Errorf("%s: got %v", test.name, got)
			}
		}
		if l.requests != test.requests {
			t.Errorf("%s: %d requests, want %d", test.name, l.requests, test.requests)
		}
	}
	// One page proves that there is a list.
	var c apiCheck
	c.noteList(nil)
	c.noteList(status(404))
	if got := c.hasNoList(t.Context(), &lister{}); got != nil {
		t.Errorf("got %v after a page", got)
	}
}

// TestShownURL: the path of a gateway may be its key.
func TestShownURL(t *testing.T) {
	for base, want := range map[string]string{
		"https://api.example": "https://api.example", "https://api.example/": "https://api.example",
		"https://api.example/gw-Key-5f2c81d09a/": "https://api.example/…", "https://api.example:8443/%67w": "https://api.example:8443/…", "://": "--base-url",
	} {
		e := &unknownError{jobs: "2 jobs", url: shownURL(base)}
		if e.url != want || strings.Contains(e.Error(), "5f2c81d09a") {
			t.Errorf("%s: %v", base, e)
		}
	}
}
