package resultlog

import "bytes"

// maxField bounds a field that is read of a job: the cost or the provider.
const maxField = 256

// fieldScanner finds the cost and the provider of the job in a line that comes
// piece by piece. It does not parse the rest: outputs can be large, and were
// checked when they were written.
type fieldScanner struct {
	depth   int
	object  [3]bool   // whether it is an object that is open at this depth
	path    [3]string // the key that was read last at this depth
	key     bool      // a string would be a key
	inside  bool      // a string is open
	escaped bool      // its next byte is
	text    []byte    // the scalar that is being read, as it stands there
	long    bool      // it is longer than what is kept

	cost, provider string // JSON; empty if there is none
}

// jobDepth is the depth of the job's fields.
const jobDepth = 2

func (s *fieldScanner) read(piece []byte) {
	for len(piece) > 0 {
		if s.inside {
			piece = s.readString(piece)
			continue
		}
		c := piece[0]
		piece = piece[1:]
		switch c {
		case '"':
			s.inside, s.long, s.text = true, false, append(s.text[:0], c)
		case '{', '[':
			if s.depth++; s.depth <= jobDepth {
				s.object[s.depth], s.path[s.depth] = c == '{', ""
			}
			s.key = c == '{'
		case '}', ']':
			s.end()
			s.depth = max(0, s.depth-1)
			s.key = false
		case ',':
			s.end()
			s.key = s.depth <= jobDepth && s.object[s.depth]
		case ':':
			s.key = false
		case ' ', '\t', '\r':
			s.end()
		default:
			if s.depth == jobDepth && len(s.text) < maxField {
				s.text = append(s.text, c)
			}
		}
	}
}

// readString reads on in a string and returns what follows.
func (s *fieldScanner) readString(piece []byte) []byte {
	if s.escaped {
		s.escaped = false
		s.keep(piece[:1])
		return piece[1:]
	}
	n := bytes.IndexByte(piece, '"')
	if n < 0 {
		n = len(piece)
	}
	if back := bytes.IndexByte(piece[:n], '\\'); back >= 0 {
		s.escaped = true
		s.keep(piece[:back+1])
		return piece[back+1:]
	}
	if n == len(piece) {
		s.keep(piece)
		return nil
	}
	s.keep(piece[:n+1])
	s.inside = false
	if s.key && s.depth <= jobDepth {
		s.path[s.depth], s.text = string(s.text), s.text[:0]
	} else {
		s.end()
	}
	return piece[n+1:]
}

// keep remembers a part of a string that may matter.
func (s *fieldScanner) keep(part []byte) {
	if s.long = s.long || s.depth > jobDepth || len(s.text)+len(part) > maxField; !s.long {
		s.text = append(s.text, part...)
	}
}

// end ends a scalar.
func (s *fieldScanner) end() {
	if len(s.text) > 0 && !s.long && s.depth == jobDepth && s.path[1] == `"job"` {
		switch s.path[jobDepth] {
		case `"cost"`:
			s.cost = string(s.text)
		case `"provider"`:
			s.provider = string(s.text)
		}
	}
	s.text, s.long = s.text[:0], false
}
