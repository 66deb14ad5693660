package resultlog

import "bytes"

// maxField bounds the cost and the provider of a job.
const maxField = 256

// fieldScanner finds the cost and the provider of the job in a line that it reads in
// pieces. It does not parse the rest: outputs may be large, and were valid when they were
// written.
type fieldScanner struct {
	depth   int
	object  [3]bool   // whether an object is open at this depth
	path    [3]string // the last key at this depth
	key     bool      // the next string is a key
	inside  bool      // a string is open
	escaped bool      // its next byte is
	text    []byte    // the scalar that is being read
	long    bool      // the scalar is longer than maxField

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

// readString continues a string and returns the text after it.
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

// keep keeps a part of a string that may be needed.
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
