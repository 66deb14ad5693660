package edenwait

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

const redacted = "REDACTED"

const (
	// shortestSecret is the length from which a key is redacted. A key of a few letters is
	// not a secret, and its removal would make every message unreadable.
	shortestSecret = 4
	// secretPart is the length from which a part of the key is redacted. Servers mask keys,
	// and truncate their messages, so a message may contain only a part.
	secretPart = 10
	// scatteredPart is the same length if other characters are between the letters and
	// digits of the key.
	scatteredPart = 14
)

// redactor takes secrets out of text that came from elsewhere: a server, or a
// proxy, that shows what it was sent, perhaps escaped or cut on the way.
type redactor struct {
	forms     []string            // whole, in lower case
	parts     map[string]struct{} // of secretPart letters, in lower case
	first     [256]bool           // what either begins with
	scattered map[string]struct{} // parts of scatteredPart letters and digits
}

// newRedactor returns a redactor of the token and of BaseURL's path, since a gateway's
// path may contain a key too.
func newRedactor(token, basePath string) *redactor {
	r := &redactor{parts: map[string]struct{}{}, scattered: map[string]struct{}{}}
	r.add(token)
	if len(basePath) > 1 {
		r.addForm(basePath)
		for segment := range strings.SplitSeq(basePath, "/") {
			if len(segment) >= 8 || strings.ContainsAny(segment, "0123456789") { // others are words, in practice
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
	forms := []string{
		secret, inner, strings.ReplaceAll(inner, "/", `\/`), strings.ReplaceAll(secret, "/", `\/`),
		url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret), hex.EncodeToString([]byte(secret)),
		base64.StdEncoding.EncodeToString([]byte(secret)),
	}
	// In base64, a key looks different by how much stands before it.
	for before := range 3 {
		text := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), secret...))
		if text = text[(before*8+5)/6:]; (before+len(secret))%3 != 0 {
			text = text[:len(text)-1]
		}
		if len(text) >= secretPart {
			forms = append(forms, text, strings.NewReplacer("+", "-", "/", "_").Replace(text))
		}
	}
	for _, form := range forms {
		r.addForm(form)
		r.addParts(lower(form))
		r.addScattered(form)
	}
	decimals := strings.Trim(fmt.Sprintf("%v", []byte(secret)), "[]") // as %v prints a []byte
	r.addForm(decimals)
	r.addScattered(decimals)
}

func (r *redactor) addParts(form string) {
	if len(form) <= secretPart {
		return
	}
	for at := range len(form) - secretPart + 1 {
		part := form[at : at+secretPart]
		r.parts[part], r.first[part[0]] = struct{}{}, true
	}
}

func (r *redactor) addScattered(form string) {
	letters := alphanumerics(lower(form))
	for at := range len(letters) - scatteredPart + 1 {
		r.scattered[letters[at:at+scatteredPart]] = struct{}{}
	}
}

func (r *redactor) addForm(form string) {
	if len(form) >= shortestSecret {
		form = lower(form)
		r.forms, r.first[form[0]] = append(r.forms, form), true
	}
}

// redact returns the text without the secrets. Where it cannot tell where a secret
// ends, nothing is left of the text.
func (r *redactor) redact(text string) string {
	text = r.replace(text)
	plain := text
	for range mostEscapes {
		if r.isScattered(plain) {
			return redacted
		}
		next := unescape(plain)
		if next == plain {
			break
		}
		if plain = next; r.replace(plain) != plain { // a text is escaped as often as it was passed on
			return redacted
		}
	}
	return text
}

// mostEscapes is how many layers of escapes are looked through. A server could make
// tens of thousands.
const mostEscapes = 8

// isScattered reports whether a secret stands in the text with something between
// its letters: spaces, line ends, dashes.
func (r *redactor) isScattered(text string) bool {
	letters := alphanumerics(lower(text))
	for at := 0; at+scatteredPart <= len(letters); at++ {
		if _, ok := r.scattered[letters[at:at+scatteredPart]]; ok {
			return true
		}
	}
	return false
}

func alphanumerics(text string) string {
	out := make([]byte, 0, len(text))
	for i := range len(text) {
		if c := text[i]; 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
			out = append(out, c)
		}
	}
	return string(out)
}

// escapes of URLs, of JSON and Go, and of HTML.
var escapes = regexp.MustCompile(`%[0-9a-fA-F]{2}|\\+(?:u00|x)[0-9a-fA-F]{2}|&#?[0-9a-zA-Z]{2,8};`)

// unescape undoes one layer of escapes.
func unescape(text string) string {
	if !strings.ContainsAny(text, `%\&`) {
		return text
	}
	return escapes.ReplaceAllStringFunc(text, func(escape string) string {
		if escape[0] == '&' {
			return html.UnescapeString(escape)
		}
		c, _ := strconv.ParseUint(escape[len(escape)-2:], 16, 8) // two digits always parse
		return string([]byte{byte(c)})
	})
}

// replace returns the text without the secrets that stand there as they are, or in
// one of the usual forms.
func (r *redactor) replace(text string) string {
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

// lower is the text with the letters of ASCII in lower case: unlike the result of
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
