package main

import (
	"fmt"
	"testing"

	"github.com/edenwait/edenwait"
)

// TestRootRefusal: the server's message, safe for a terminal, without the job whose GET got
// it.
func TestRootRefusal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		answer edenwait.APIError
		want   string
	}{
		{edenwait.APIError{StatusCode: 401, Detail: "Invalid token"}, "the API refuses the key (HTTP 401: Invalid token)"},
		{edenwait.APIError{StatusCode: 403}, "the API refuses the key (HTTP 403)"},
		{edenwait.APIError{StatusCode: 402, Detail: "no\n\x1b[2Jcredit"}, "the account has no credit (HTTP 402: no \uFFFD[2Jcredit)"},
	} {
		if got := rootRefusal(fmt.Errorf("edenwait: job %s: %w", jobID, &test.answer)).Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
