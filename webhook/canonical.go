package webhook

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// A signature is over the canonical text of the body: names sorted, an indent of
// two spaces, only quotes, backslashes and control characters escaped. Both
// json.dumps(body, sort_keys=True, indent=2, ensure_ascii=False) and
// orjson.dumps(body, option=OPT_SORT_KEYS|OPT_INDENT_2) write it, and differ in
// numbers only.

// These bound what a canonical text may cost. It is made before anything proves
// who sent the body, and one byte in 1,000 nested arrays becomes a line of 2,000
// spaces.
const (
	maxCanonicalDepth  = 1024    // orjson's own; Python's is 1,000
	maxCanonicalValues = 8 << 20 // of twelve bytes; the densest outputs have one in four bytes
	maxCanonicalGrowth = 16      // times the size of the body, and
	maxCanonicalExtra  = 4 << 20 // more, for short bodies that are deep
)

var errGrows = errors.New("the canonical text is too large")

// errTwice is that an object has a name twice. Python keeps the last value of the two
// and signs that, but encoding/json merges them where it decodes into structs and
// slices. So anyone who has seen a signed body could add to what it says. No tool
// that signs writes such a body.
var errTwice = errors.New("an object has a name twice")

// canonical is a document that can be written in each form.
type canonical struct {
	document
}

func readCanonical(text []byte) (*canonical, error) {
	d, err := readDocument(text, maxDepth, maxCanonicalValues)
	if err != nil {
		return nil, err
	}
	if d.depth > maxCanonicalDepth {
		return nil, fmt.Errorf("more than %d nested arrays and objects", maxCanonicalDepth)
	}
	return &canonical{*d}, nil
}

// forms returns the forms whose texts differ. Most bodies have no number that
// tells all of them apart, and each form costs a pass over the body.
func (c *canonical) forms() []form {
	var same [numberOfForms][numberOfForms]bool
	for f := range same {
		same[f] = [numberOfForms]bool{true, true, true, true}
	}
	var texts [numberOfForms][]byte
	for _, v := range c.values {
		if !isNumber(c.text[v.start:v.end]) {
			continue
		}
		for f := range texts {
			texts[f] = appendNumber(texts[f][:0], c.text[v.start:v.end], form(f))
			for earlier := range f {
				same[earlier][f] = same[earlier][f] && bytes.Equal(texts[earlier], texts[f])
			}
		}
	}
	var distinct []form
	for f := range numberOfForms {
		if !slices.ContainsFunc(distinct, func(earlier form) bool { return same[earlier][f] }) {
			distinct = append(distinct, f)
		}
	}
	return distinct
}

func isNumber(token []byte) bool {
	switch token[0] {
	case '"', '{', '[', 't', 'f', 'n':
		return false
	}
	return true
}

// writeTo writes the text in the form to w, piece by piece, since it can be many
// times as large as the body. It returns the errors of w, errGrows if the text becomes
// too large, and errTwice.
func (c *canonical) writeTo(w io.Writer, f form) error {
	p := printer{canonical: c, form: f, w: w, left: maxCanonicalGrowth*len(c.text) + maxCanonicalExtra}
	p.value(0, 0)
	p.flush()
	return p.err
}

type printer struct {
	*canonical
	form form
	w    io.Writer
	buf  []byte
	left int // bytes that may still be written
	err  error
}

// value writes the value at the index and returns the index behind it.
func (p *printer) value(index, depth int) (next int) {
	v := p.values[index]
	next = int(v.next)
	if p.err != nil {
		return next
	}
	token := p.text[v.start:v.end]
	switch {
	case token[0] == '{':
		p.object(index+1, next, depth+1)
	case token[0] == '[':
		p.array(index+1, next, depth+1)
	case token[0] == '"':
		p.string(unquote(token))
	case isNumber(token):
		p.buf = appendNumber(p.buf, token, p.form)
	default:
		p.buf = append(p.buf, token...)
	}
	if len(p.buf) >= 8<<10 {
		p.flush()
	}
	return next
}

func (p *printer) array(index, end, depth int) {
	p.buf = append(p.buf, '[')
	for first := true; index < end && p.err == nil; first = false {
		p.line(first, depth)
		index = p.value(index, depth)
	}
	p.last(']', depth)
}

// member is a member of an object that is written.
type member struct {
	name  []byte
	value int
}

func (p *printer) object(index, end, depth int) {
	members, twice := p.members(index, end)
	if twice && p.err == nil {
		p.err = errTwice
	}
	p.buf = append(p.buf, '{')
	for i, m := range members {
		if p.err != nil {
			return
		}
		p.line(i == 0, depth)
		p.string(m.name)
		p.buf = append(p.buf, ": "...)
		p.value(m.value, depth)
	}
	p.last('}', depth)
}

// members returns the members of the object whose first name is at the index, in order.
// Each name comes once, with its last value; twice reports whether one came more often.
// UTF-8, and surrogates encoded like it, sort in the order of code points.
func (d *document) members(index, end int) (members []member, twice bool) {
	for index < end {
		name, value := d.values[index], index+1
		members = append(members, member{unquote(d.text[name.start:name.end]), value})
		index = int(d.values[value].next)
	}
	slices.SortStableFunc(members, func(a, b member) int { return bytes.Compare(a.name, b.name) })
	kept := members[:0]
	for i, m := range members {
		if i+1 == len(members) || !bytes.Equal(m.name, members[i+1].name) {
			kept = append(kept, m)
		}
	}
	return kept, len(kept) < len(members)
}

// line begins the line of a member or an element.
func (p *printer) line(first bool, depth int) {
	if !first {
		p.buf = append(p.buf, ',')
	}
	p.indent(depth)
}

// last ends a container, on a line of its own unless it is empty.
func (p *printer) last(closing byte, depth int) {
	if n := len(p.buf); n == 0 || p.buf[n-1] != closing-2 {
		p.indent(depth - 1)
	}
	p.buf = append(p.buf, closing)
}

func (p *printer) indent(depth int) {
	p.buf = append(p.buf, '\n')
	for range depth {
		p.buf = append(p.buf, "  "...)
	}
}

func (p *printer) string(s []byte) {
	p.buf = append(p.buf, '"')
	written := 0
	for i, c := range s {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		p.buf = append(p.buf, s[written:i]...)
		written = i + 1
		switch c {
		case '"', '\\':
			p.buf = append(p.buf, '\\', c)
		case '\b':
			p.buf = append(p.buf, `\b`...)
		case '\f':
			p.buf = append(p.buf, `\f`...)
		case '\n':
			p.buf = append(p.buf, `\n`...)
		case '\r':
			p.buf = append(p.buf, `\r`...)
		case '\t':
			p.buf = append(p.buf, `\t`...)
		default:
			p.buf = fmt.Appendf(p.buf, `\u%04x`, c)
		}
	}
	p.buf = append(append(p.buf, s[written:]...), '"')
}

func (p *printer) flush() {
	if p.left -= len(p.buf); p.left < 0 && p.err == nil {
		p.err = errGrows
	}
	if p.err == nil {
		_, p.err = p.w.Write(p.buf)
	}
	p.buf = p.buf[:0]
}
