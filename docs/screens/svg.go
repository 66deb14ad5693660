//go:build !windows

package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/hinshun/vt10x"
)

const (
	cellWidth  = 8.4
	cellHeight = 18
	border     = 14
)

// colors has the command's colors among the first eight, for a dark ground.
var colors = map[vt10x.Color]string{
	vt10x.Red: "#f07178", vt10x.Green: "#a5d38b", vt10x.DefaultFG: "#d8dee9",
}

// picture draws the screen as SVG, down to its last line with something on it.
func (s *session) picture() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := 0
	for y := range rows {
		if s.text(y, 0, columns) != "" {
			last = y
		}
	}
	var b bytes.Buffer
	width, height := columns*cellWidth+2*border, float64((last+1)*cellHeight+2*border)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f">`+"\n", width, height, width, height)
	b.WriteString(`<rect width="100%" height="100%" rx="6" fill="#22272e"/>` + "\n")
	b.WriteString(`<g font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="14" xml:space="preserve">` + "\n")
	for y := range last + 1 {
		for from := 0; from < columns; {
			to := from + 1
			for to < columns && s.view.Cell(to, y).FG == s.view.Cell(from, y).FG {
				to++
			}
			s.span(&b, from, to, y)
			from = to
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.Bytes()
}

// span draws neighbours of one color. Its length is given, so that the columns
// stand even where the font is another.
func (s *session) span(b *bytes.Buffer, from, to, y int) {
	text := s.text(y, from, to)
	if text == "" {
		return
	}
	lead := len(text) - len(strings.TrimLeft(text, " "))
	text = text[lead:]
	color, ok := colors[s.view.Cell(from, y).FG]
	if !ok {
		color = colors[vt10x.DefaultFG]
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%d" fill="%s" textLength="%.1f">`,
		border+float64(from+lead)*cellWidth, border+y*cellHeight+13, color, float64(len([]rune(text)))*cellWidth)
	_ = xml.EscapeText(b, []byte(text)) // a buffer takes everything
	b.WriteString("</text>\n")
}

// text returns some columns of a row.
func (s *session) text(y, from, to int) string {
	var b strings.Builder
	for x := from; x < to; x++ {
		if c := s.view.Cell(x, y).Char; c != 0 {
			b.WriteRune(c)
		} else {
			b.WriteRune(' ')
		}
	}
	return strings.TrimRight(b.String(), " ")
}
