package main

import (
	"testing"

	"github.com/edenwait/edenwait"
)

// TestEU: the flag wins over the environment, so that nothing goes to where it
// should not.
func TestEU(t *testing.T) {
	t.Setenv(keyVariable, "sk-x")
	t.Setenv(urlVariable, "http://127.0.0.1:1")
	for _, test := range []struct {
		account
		want string
	}{
		{account{}, "http://127.0.0.1:1"}, {account{eu: true}, edenwait.EUBaseURL},
	} {
		var c edenwait.Config
		if err := test.config(t.Context(), &c); err != nil || c.BaseURL != test.want {
			t.Errorf("%+v uses %q, %v, want %q", test.account, c.BaseURL, err, test.want)
		}
	}
}
