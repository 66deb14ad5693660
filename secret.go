package edenwait

import (
	"encoding/json"
	"html"
	"net/url"
	"strings"
)

const redacted = "REDACTED"

// redact takes the token out of text that came from elsewhere: a server, or a
// proxy, that shows what it was sent, perhaps escaped on the way. One of a few
// letters is no secret, and would riddle every message.
func redact(text, token string) string {
	const shortest = 4
	if len(token) < shortest {
		return text
	}
	quoted, _ := json.Marshal(token) // a string always marshals
	inner := string(quoted[1 : len(quoted)-1])
	for _, form := range []string{
		token, inner, strings.ReplaceAll(inner, "/", `\/`), strings.ReplaceAll(token, "/", `\/`),
		url.QueryEscape(token), url.PathEscape(token), html.EscapeString(token),
	} {
		text = strings.ReplaceAll(text, form, redacted)
	}
	return text
}
