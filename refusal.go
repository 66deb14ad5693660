package edenwait

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// maxErrorBody bounds what is read of an answer that explains a refusal.
	maxErrorBody = 64 << 10
	// maxDetail bounds a Detail, in bytes: a waiting job whose GETs fail holds one.
	maxDetail = 128
	// shownReasons is how many of the reasons for a 422 are told.
	shownReasons = 3
)

// newAPIError reads an answer that is not 2xx.
func newAPIError(resp *http.Response, from io.Reader, asked string, redact func(string) string) *APIError {
	e := &APIError{StatusCode: resp.StatusCode, RetryAfter: parseRetryAfter(resp.Header, time.Now()), Op: asked}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return e // the body is the bare connection, whose reads do not end with the request
	}
	// What could be read of the body explains the status; why the rest could not
	// be read does not matter beside it. Reading it also frees the connection.
	if plain, _, err := decoded(resp.Header, from); err == nil {
		body, _ := io.ReadAll(io.LimitReader(plain, maxErrorBody))
		e.Detail, e.foreign = parseDetail(body, redact)
	}
	return e
}

// parseDetail finds the server's words: detail is a string, or a list of what is
// wrong with which part of the request. Nothing else of a body is shown, since it
// may be a job with its output, or hold one. A body that does not begin as a
// JSON object is foreign: the answer of something that is not the API.
//
// Words are redacted before they are cut short: of half a token, nothing could be
// told.
func parseDetail(body []byte, redact func(string) string) (detail string, foreign bool) {
	var value span
	output := false
	if err := scanObject(body, func(s *scanner, name string) (err error) {
		output = output || isOutput(name)
		member, err := s.value()
		if name == "detail" {
			value = member
		} else {
			output = output || namesOutput(member)
		}
		return err
	}); err != nil {
		// One that was cut short, here or on its way, is the API's all the same.
		body := strings.TrimSpace(string(body))
		return "", body != "" && !strings.HasPrefix(body, "{")
	}
	if output {
		return "", false
	}
	if text := value.text(); text != "" {
		if holdsOutput(text) {
			return "", false
		}
		return quote(redact(withoutValues(text)), maxDetail), false
	}
	return quoteReasons(value, redact), false
}

// isOutput reports whether a field of this name holds an output, however it is
// written.
func isOutput(name string) bool {
	name = lower(name)
	return strings.HasPrefix(name, "output") || strings.HasPrefix(name, "original_response")
}

// namesOutput reports whether there is such a field at any depth.
func namesOutput(value span) (found bool) {
	s := &scanner{data: value}
	var look func(s *scanner) error
	member := func(s *scanner, name string) error {
		if found = found || isOutput(name); found {
			return errFound
		}
		return look(s)
	}
	look = func(s *scanner) error {
		switch s.peek() {
		case '{':
			return s.object(member)
		case '[':
			return s.array(look)
		}
		_, err := s.value()
		return err
	}
	_ = look(s) // it was checked when it was read first
	return found
}

var errFound = errors.New("found")

// withoutValues cuts words before a value that they quote, which may be an output or
// a part of one.
func withoutValues(words string) string {
	for at := range len(words) {
		switch rest := words[at:]; rest[0] {
		case '{':
		case '[':
			if len(rest) < 2 || !strings.ContainsRune("{[\"'", rune(rest[1])) {
				continue // [Errno 111]
			}
		case '<':
			if len(rest) < 2 || lower(rest[1:2]) < "a" || lower(rest[1:2]) > "z" {
				continue // a < b
			}
		default:
			continue
		}
		return strings.TrimRight(words[:at], " \t") + " …"
	}
	return words
}

// holdsOutput reports whether words quote a job: as JSON, or as Python prints one.
func holdsOutput(words string) bool {
	text := lower(words)
	for _, name := range []string{`"output`, `'output`, "<output", "output=", `output":`, "original_response"} {
		if strings.Contains(text, name) {
			return true
		}
	}
	return strings.Contains(text, "output") && strings.Contains(text, "public_id")
}

// quoteReasons reads a list of {"loc":[…],"msg":"…"}.
func quoteReasons(value span, redact func(string) string) string {
	if len(value) == 0 || value[0] != '[' {
		return ""
	}
	var reasons []string
	s := &scanner{data: value}
	_ = s.array(func(s *scanner) error { // checked when it was read first
		if s.peek() != '{' || len(reasons) == shownReasons {
			_, err := s.value()
			return err
		}
		var where []string
		var message string
		err := s.object(func(s *scanner, name string) error {
			switch {
			case name == "msg":
				value, err := s.value()
				message = value.text()
				return err
			case name == "loc" && s.peek() == '[':
				return s.array(func(s *scanner) error {
					value, err := s.value()
					if text := value.text(); text != "" {
						where = append(where, text)
					} else if len(value) > 0 && value[0] != '{' && value[0] != '[' {
						where = append(where, string(value)) // an index
					}
					return err
				})
			}
			return nil
		})
		if reason := strings.Join(where, " ") + ": " + message; !holdsOutput(reason) {
			reasons = append(reasons, quote(redact(withoutValues(reason)), maxDetail/shownReasons-2))
		}
		return err
	})
	return strings.Join(reasons, ", ")
}

// describe says of an answer that is not shown how long it is, and of what kind.
func describe(header http.Header, size int, redact func(string) string) string {
	kind := redact(header.Get("Content-Type"))
	if kind == "" {
		return fmt.Sprintf(" (%d bytes)", size)
	}
	return fmt.Sprintf(" (%d bytes of %s)", size, plainOrQuoted(kind, 48))
}
