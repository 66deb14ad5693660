package edenwait

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"strings"
)

const redacted = "REDACTED"

const (
	// shortestSecret: a key of a few letters is no secret, and taking it out would
	// riddle every message.
	shortestSecret = 4
	// secretPart is how much of a key in a row is too much. Servers mask keys, and
	// cut their messages, so a part may stand where the whole key does not.
	secretPart = 10
)

// redactor takes secrets out of text that came from elsewhere: a server, or a
// proxy, that shows what it was sent, perhaps escaped or cut on the way.
type redactor struct {
	forms []string            // whole, in lower case
	parts map[string]struct{} // of secretPart letters, in lower case
	first [256]bool           // what either begins with
}

// newRedactor hides the token, and the path of BaseURL: that of a gateway may
// hold a key of its own.
func newRedactor(token, basePath string) *redactor {
	r := &redactor{parts: map[string]struct{}{}}
	r.add(token)
	if len(basePath) > 1 {
		r.addForm(basePath)
		for segment := range strings.SplitSeq(basePath, "/") {
			if len(segment) >= 8 { // shorter ones are words, in practice
				r.add(segment)
			}
		}
	}
	return r
}

func (r *redactor) add(secret string) {
	if len(secret) < shortestSecret {
		return
	}
	quoted, _ := json.Marshal(secret) // a string always marshals
	inner := string(quoted[1 : len(quoted)-1])
	for _, form := range []string{
		secret, inner, strings.ReplaceAll(inner, "/", `\/`), strings.ReplaceAll(secret, "/", `\/`),
		url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret), hex.EncodeToString([]byte(secret)),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
	} {
		r.addForm(form)
	}
	for at := range len(secret) - secretPart + 1 {
		if len(secret) > secretPart {
			part := lower(secret[at : at+secretPart])
			r.parts[part], r.first[part[0]] = struct{}{}, true
		}
	}
}

func (r *redactor) addForm(form string) {
	if len(form) >= shortestSecret {
		form = lower(form)
		r.forms, r.first[form[0]] = append(r.forms, form), true
	}
}

// redact returns the text without the secrets.
func (r *redactor) redact(text string) string {
	var out strings.Builder
	folded, kept := lower(text), 0
	for at := 0; at < len(text); {
		if !r.first[folded[at]] {
			at++
			continue
		}
		n := r.match(folded[at:])
		if n == 0 {
			at++
			continue
		}
		out.WriteString(text[kept:at])
		out.WriteString(redacted)
		at += n
		kept = at
	}
	if kept == 0 {
		return text
	}
	out.WriteString(text[kept:])
	return out.String()
}

// match is how long the secret is that the text begins with, 0 if with none.
func (r *redactor) match(folded string) (n int) {
	for _, form := range r.forms {
		if len(form) > n && form[0] == folded[0] && strings.HasPrefix(folded, form) {
			n = len(form)
		}
	}
	for at := 0; at+secretPart <= len(folded); at++ {
		if _, ok := r.parts[folded[at:at+secretPart]]; !ok {
			break
		}
		n = max(n, at+secretPart)
	}
	return n
}

// lower is the text with the letters of ASCII in lower case: unlike that of
// strings.ToLower, it is as long as the text.
func lower(text string) string {
	folded := []byte(text)
	for i, c := range folded {
		if 'A' <= c && c <= 'Z' {
			folded[i] = c + 'a' - 'A'
		}
	}
	return string(folded)
}
