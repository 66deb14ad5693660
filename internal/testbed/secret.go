package testbed

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edenwait/edenwait"
)

// Token is the key that no output may hold.
const Token = "soak-key-0123456789"

// PercentAll escapes every byte, as in a URL.
func PercentAll(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02x", s[i])
	}
	return b.String()
}

// Chain is the error and all that it wraps.
func Chain(err error) (all []error) {
	if err == nil {
		return nil
	}
	all = append(all, err)
	switch e := err.(type) { //nolint:errorlint // each part of a chain
	case interface{ Unwrap() error }:
		all = append(all, Chain(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, e := range e.Unwrap() {
			all = append(all, Chain(e)...)
		}
	}
	return all
}

// Leaks finds a long part of the key, in any form.
func Leaks(text string) string {
	forms := map[string]string{"plain": Token, "percent": PercentAll(Token), "decimal bytes": strings.Trim(fmt.Sprintf("%v", []byte(Token)), "[]")}
	for pad := range 3 {
		e := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", pad) + Token))
		forms[fmt.Sprint("b64 ", pad)] = e[4 : len(e)-3]
	}
	for name, form := range forms {
		n := 12
		if name == "percent" || name == "decimal bytes" {
			n = 36
		}
		for at := 0; at+n <= len(form); at++ {
			if i := strings.Index(text, form[at:at+n]); i >= 0 {
				return name + " at " + fmt.Sprint(at) + ": …" + text[max(0, i-80):min(len(text), i+40)]
			}
		}
	}
	// Nor with something between its letters.
	strip := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				return r
			}
			return -1
		}, s)
	}
	plain, st := strip(text), strip(Token)
	for at := 0; at+14 <= len(st); at++ {
		if i := strings.Index(plain, st[at:at+14]); i >= 0 {
			return "stripped: …" + plain[max(0, i-80):min(len(plain), i+40)]
		}
	}
	return ""
}

// Told collects all that a Poller and a Waiter say, in errors and in the log.
func Told(t *testing.T, config edenwait.Config) string {
	t.Helper()
	log := &Log{}
	config.Logger = log.Logger()
	config.MaxErrors, config.MaxWait = 3, 20*time.Second
	if config.Token == "" {
		config.Token = Token
	}
	waiter, err := edenwait.New(config)
	if err != nil {
		t.Fatal(err)
	}
	poller, err := edenwait.NewPoller(config)
	if err != nil {
		t.Fatal(err)
	}
	_, getErr := poller.Get(t.Context(), SomeID)
	_, listErr := poller.List(t.Context(), edenwait.ListQuery{})
	_, waitErr := waiter.Wait(t.Context(), SomeID)
	text := log.String()
	for _, v := range []any{getErr, listErr, waitErr, config, waiter, poller} {
		text += fmt.Sprintf("\n%v\n%+v\n%#v", v, v, v)
		if err, ok := v.(error); ok {
			for err = errors.Unwrap(err); err != nil; err = errors.Unwrap(err) {
				text += fmt.Sprintf("\n%v\n%+v\n%#v", err, err, err)
			}
		}
	}
	return text
}

// KeyStart is as much of the key as is too much.
const KeyStart = "soak-key-012"

// HoldsKey reports whether the text has the start of the key.
func HoldsKey(text string) bool { return strings.Contains(text, KeyStart) }

// HideKey keeps the key out of the tests' own output, which CI searches.
func HideKey(text string) string { return strings.ReplaceAll(text, KeyStart, "<the key>") }
