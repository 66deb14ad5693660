package edenwait

import (
	"encoding/json"
	"errors"
	"fmt"
)

// scanner reads one JSON text in a single pass.
//
// It stands where json.Unmarshal would, for three reasons. Names match exactly,
// where encoding/json takes "Output" for "output" and so lets one overwrite the
// other. Values are handed out as parts of the input, checked and not decoded,
// so a field of an unexpected shape does not affect others. And nesting beyond
// what encoding/json can read is an error of its own kind, which no retry fixes.
// What it accepts is what json.Valid accepts; FuzzScanner compares the two.
type scanner struct {
	data  []byte
	at    int
	depth int
}

// maxDepth is how deep a response may nest. encoding/json reads 10,000 levels:
// the difference is what callers may wrap around a Job and still read back.
const maxDepth = 9900

// errTooDeep matches ErrResponseTooLarge, since it is as final.
var errTooDeep error = depthError{}

type depthError struct{}

func (depthError) Error() string {
	return fmt.Sprintf("the response nests more than %d levels deep, which encoding/json cannot read", maxDepth)
}

func (depthError) Is(target error) bool { return target == ErrResponseTooLarge }

// scanObject calls member for each member of the object that data is. A member
// whose value is left unread is skipped.
func scanObject(data []byte, member func(s *scanner, name string) error) error {
	s := &scanner{data: data}
	s.space()
	if s.at == len(data) {
		return errors.New("empty")
	}
	if s.peek() != '{' {
		return errors.New("not a JSON object")
	}
	if err := s.object(member); err != nil {
		return err
	}
	if s.space(); s.at < len(data) {
		return s.unexpected()
	}
	return nil
}

// unexpected says where the text stops being JSON, and not what stands there,
// which may be a part of an output.
func (s *scanner) unexpected() error {
	if s.at >= len(s.data) {
		return fmt.Errorf("the JSON ends too early, after %d bytes", len(s.data))
	}
	return fmt.Errorf("invalid JSON at byte %d of %d", s.at, len(s.data))
}

// peek is the next byte, 0 at the end of the text: no token begins with a 0.
func (s *scanner) peek() byte {
	if s.at < len(s.data) {
		return s.data[s.at]
	}
	return 0
}

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\n', '\r', '\t':
			s.at++
		default:
			return
		}
	}
}

// accept reads the byte c, perhaps after whitespace.
func (s *scanner) accept(c byte) bool {
	s.space()
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

// object reads the object that begins here.
func (s *scanner) object(member func(s *scanner, name string) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	if s.accept('}') {
		s.depth--
		return nil
	}
	for {
		name, err := s.name()
		if err != nil {
			return err
		}
		from := s.at
		if err := member(s, name); err != nil {
			return err
		}
		if s.at == from {
			if _, err := s.value(); err != nil {
				return err
			}
		}
		switch {
		case s.accept(','):
		case s.accept('}'):
			s.depth--
			return nil
		default:
			return s.unexpected()
		}
	}
}

// array reads the array that begins here; element reads each of its values.
func (s *scanner) array(element func(s *scanner) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	if s.accept(']') {
		s.depth--
		return nil
	}
	for {
		s.space()
		if err := element(s); err != nil {
			return err
		}
		switch {
		case s.accept(','):
		case s.accept(']'):
			s.depth--
			return nil
		default:
			return s.unexpected()
		}
	}
}

// enter reads the bracket that opens an object or an array.
func (s *scanner) enter() error {
	if s.depth++; s.depth > maxDepth {
		return errTooDeep
	}
	s.at++
	return nil
}

// name reads the name of a member up to its value.
func (s *scanner) name() (string, error) {
	s.space()
	raw, escaped, err := s.str()
	if err != nil {
		return "", err
	}
	if !s.accept(':') {
		return "", s.unexpected()
	}
	s.space()
	if escaped {
		var name string
		if err := json.Unmarshal(raw, &name); err != nil {
			return "", s.unexpected()
		}
		return name, nil
	}
	return known(raw[1 : len(raw)-1]), nil
}

// value reads any value and returns the part of the text that holds it.
func (s *scanner) value() (span, error) {
	from := s.at
	var err error
	switch s.peek() {
	case '{', '[':
		err = s.nested()
	default:
		err = s.scalar()
	}
	return span(s.data[from:s.at:s.at]), err
}

// nested reads an object or an array without recursion, whose depth a hostile
// text could choose: one bit per level says which of the two it is in.
func (s *scanner) nested() error {
	var objects [maxDepth/64 + 1]uint64
	base := s.depth
	for {
		// A value begins here.
		switch c := s.peek(); c {
		case '{', '[':
			if err := s.enter(); err != nil {
				return err
			}
			word, bit := s.depth/64, uint64(1)<<(s.depth%64)
			if c == '[' {
				objects[word] &^= bit
				if s.space(); s.peek() != ']' {
					continue
				}
			} else {
				objects[word] |= bit
				if s.space(); s.peek() != '}' {
					if err := s.skipName(); err != nil {
						return err
					}
					continue
				}
			}
		default:
			if err := s.scalar(); err != nil {
				return err
			}
		}
		// A value, or an opening bracket with nothing after it, ends here.
		for more := false; !more; {
			inObject := objects[s.depth/64]&(1<<(s.depth%64)) != 0
			s.space()
			switch c := s.peek(); {
			case c == ',':
				s.at++
				s.space()
				if inObject {
					if err := s.skipName(); err != nil {
						return err
					}
				}
				more = true
			case c == '}' && inObject, c == ']' && !inObject:
				s.at++
				if s.depth--; s.depth == base {
					return nil
				}
			default:
				return s.unexpected()
			}
		}
	}
}

func (s *scanner) skipName() error {
	if _, _, err := s.str(); err != nil {
		return err
	}
	if !s.accept(':') {
		return s.unexpected()
	}
	s.space()
	return nil
}

// scalar reads a string, a number, true, false or null.
func (s *scanner) scalar() error {
	switch c := s.peek(); {
	case c == '"':
		_, _, err := s.str()
		return err
	case c == 't':
		return s.word("true")
	case c == 'f':
		return s.word("false")
	case c == 'n':
		return s.word("null")
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	default:
		return s.unexpected()
	}
}

func (s *scanner) word(word string) error {
	for i := range len(word) {
		if s.peek() != word[i] {
			return s.unexpected()
		}
		s.at++
	}
	return nil
}

func (s *scanner) number() error {
	if s.peek() == '-' {
		s.at++
	}
	if s.peek() == '0' {
		s.at++
	} else if !s.digits() {
		return s.unexpected()
	}
	if s.peek() == '.' {
		s.at++
		if !s.digits() {
			return s.unexpected()
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		if !s.digits() {
			return s.unexpected()
		}
	}
	return nil
}

func (s *scanner) digits() bool {
	from := s.at
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.at++
	}
	return s.at > from
}

// plain are the bytes that stand for themselves in a string.
var plain = func() (plain [256]bool) {
	for c := range plain {
		plain[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return plain
}()

// str reads a string and returns it as it stands there, with its quotes. Bytes
// that are not UTF-8 pass, as they do in encoding/json.
func (s *scanner) str() (raw []byte, escaped bool, err error) {
	from := s.at
	if s.peek() != '"' {
		return nil, false, s.unexpected()
	}
	s.at++
	for s.at < len(s.data) {
		switch c := s.data[s.at]; {
		case plain[c]:
			s.at++
		case c == '"':
			s.at++
			return s.data[from:s.at], escaped, nil
		case c == '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return nil, true, err
			}
		default:
			return nil, escaped, s.unexpected()
		}
	}
	return nil, escaped, s.unexpected()
}

func (s *scanner) escape() error {
	s.at++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
		return nil
	case 'u':
		s.at++
		for range len("ffff") {
			c := s.peek()
			if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
				return s.unexpected()
			}
			s.at++
		}
		return nil
	}
	return s.unexpected()
}
