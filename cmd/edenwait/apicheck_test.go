package main

import (
	"context"
	"errors"
	"testing"

	"github.com/edenwait/edenwait"
)

// lister answers every request for the list with the same error, and counts.
type lister struct {
	err    error
	wanted int
}

func (l *lister) List(context.Context, edenwait.ListQuery) (*edenwait.JobPage, error) {
	l.wanted++
	return &edenwait.JobPage{}, l.err
}

// TestHasNoList: only an answer that says so shows that there is no list; it is
// asked for again while the answer tells nothing.
func TestHasNoList(t *testing.T) {
	t.Parallel()
	status := func(status int) error { return &edenwait.APIError{StatusCode: status} }
	for _, test := range []struct {
		name   string
		err    error
		absent bool
		wanted int // in three calls
	}{
		{"the API", nil, false, 1},
		{"another server", status(404), true, 1},
		{"a server that wants no GET", status(405), true, 1},
		{"a server that sends elsewhere", status(301), true, 1},
		{"a key that may not list", status(403), false, 3},
		{"a key that is refused", status(401), false, 3},
		{"no credit", status(402), false, 3},
		{"the rate limit", status(429), false, 3},
		{"a server in trouble", status(503), false, 3},
		{"no network", errors.New("no route to host"), false, 3},
	} {
		l := &lister{err: test.err}
		var c apiCheck
		for range 3 {
			if got := c.hasNoList(t.Context(), l); (got != nil) != test.absent {
				t.Errorf("%s: got %v", test.name, got)
			}
		}
		if l.wanted != test.wanted {
			t.Errorf("%s: asked %d times, want %d", test.name, l.wanted, test.wanted)
		}
	}
	// A page that was seen once is proof.
	var c apiCheck
	c.noteList(nil)
	c.noteList(status(404))
	if got := c.hasNoList(t.Context(), &lister{}); got != nil {
		t.Errorf("got %v after a page", got)
	}
}
