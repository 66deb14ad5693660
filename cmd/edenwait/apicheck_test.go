package main

import (
	"context"
	"errors"
	"testing"

	"github.com/edenwait/edenwait"
)

// lister answers every question for the list with the same error, and counts.
type lister struct {
	err   error
	asked int
}

func (l *lister) List(context.Context, edenwait.ListQuery) (*edenwait.JobPage, error) {
	l.asked++
	return &edenwait.JobPage{}, l.err
}

func TestProof(t *testing.T) {
	t.Parallel()
	status := func(status int) error { return &edenwait.APIError{StatusCode: status, Asked: "GET /v2/x"} }
	for _, test := range []struct {
		name         string
		err          error
		ends, proven bool
		asked        int // in five demands
	}{
		{"the API", nil, false, true, 1},
		{"another server", status(404), true, false, 1},
		{"a server that wants no GET", status(405), true, false, 1},
		{"a server that sends elsewhere", status(301), true, false, 1},
		{"a server that wants another key", status(403), true, false, 1},
		{"the API, which refuses the key", status(401), true, false, 1},
		{"a server that is slow", status(408), false, false, mostTries},
		{"a server that is early", status(425), false, false, mostTries},
		{"the rate limit", status(429), false, false, mostTries},
		{"a server in trouble", status(503), false, false, mostTries},
		{"no network", errors.New("no route to host"), false, false, mostTries},
		{"no page", errors.New("the answer is not a page"), false, false, mostTries},
	} {
		l := &lister{err: test.err}
		var p proof
		for range 5 {
			if err := p.demand(t.Context(), l); (err != nil) != test.ends || test.ends && !errors.Is(err, edenwait.ErrUnauthorized) {
				t.Errorf("%s: got %v", test.name, err)
			}
		}
		if l.asked != test.asked || p.given.Load() != test.proven {
			t.Errorf("%s: asked %d times, want %d, proof is %v", test.name, l.asked, test.asked, p.given.Load())
		}
	}
	// What was seen anyway needs no question, and ends the doubt.
	l := &lister{err: status(503)}
	var p proof
	_ = p.demand(t.Context(), l)
	p.give()
	if err := p.demand(t.Context(), l); err != nil || l.asked != 1 {
		t.Errorf("asked %d times, got %v", l.asked, err)
	}
}

// TestProofRefused: where the API refuses the key, or has no credit to spend, it
// says so, and nobody is sent to look for a wrong URL.
func TestProofRefused(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{401: edenwait.ErrUnauthorized, 402: edenwait.ErrPaymentRequired} {
		var p proof
		err := p.demand(t.Context(), &lister{err: &edenwait.APIError{StatusCode: status}})
		var wrong *wrongAPI
		if !errors.Is(err, want) || errors.As(err, &wrong) {
			t.Errorf("HTTP %d: got %v, want %v", status, err, want)
		}
	}
}

func TestShellWord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"out.jsonl": "out.jsonl", "a b": "'a b'", "it's": `'it'\''s'`, "-o": "./-o", "$x": "'$x'", "": "''", "ü": "'ü'",
	} {
		if got := shellWord(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}
