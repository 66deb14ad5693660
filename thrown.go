package edenwait

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
)

// maxThrown bounds the text of a panic, in bytes.
const maxThrown = 1024

// thrownError is what was thrown, as an error that can be looked at anywhere. It
// matches what was thrown if that is an error.
func thrownError(what string, thrown any, redact func(string) string) error {
	text := printable(thrownText(thrown, redact), maxThrown)
	err, is := thrown.(error)
	if !is {
		return fmt.Errorf("%s: %s", what, text)
	}
	contained := contain(err)
	if foreign, ok := contained.(*foreignError); ok { //nolint:errorlint // the very value
		foreign.text = text
	}
	return fmt.Errorf("%s: %w", what, contained)
}

// thrownText is what was thrown, for an error or a log. A mock may throw the request
// or its headers, the key among them, in whatever form, and a hook its job with the
// output: so texts are shown, without what may be a key, and of anything else only
// the type is told.
func thrownText(thrown any, redact func(string) string) string {
	if text, safe := safeThrown(thrown, redact); safe {
		return text
	}
	return fmt.Sprintf("a %T", thrown)
}

func safeThrown(thrown any, redact func(string) string) (text string, safe bool) {
	switch thrown := thrown.(type) {
	case runtime.Error:
		return redact(safeText(thrown)), true
	case error:
		text = safeText(thrown)
	case string:
		text = thrown
	case bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64:
		return fmt.Sprint(thrown), true
	}
	text = shorten(text)
	mentions := lower(text)
	if text == "" || strings.Contains(mentions, "authorization") || strings.Contains(mentions, "bearer") ||
		holdsOutput(text) || redact(text) != text {
		return "", false
	}
	return withoutKeys(text), true
}

// longRun is what a key may be where it is not known: letters and digits without a
// space between them.
var longRun = regexp.MustCompile(`[0-9A-Za-z_+=%-]{16,}`)

// withoutKeys leaves out what may be a key.
func withoutKeys(text string) string {
	return longRun.ReplaceAllStringFunc(text, func(run string) string {
		if _, err := parseID(run); err == nil || !strings.ContainsAny(run, "0123456789") {
			return run
		}
		return "…"
	})
}

// safeText is the text of an error whose Error may panic in turn.
func safeText(err error) (text string) {
	defer func() { _ = recover() }()
	return err.Error()
}
