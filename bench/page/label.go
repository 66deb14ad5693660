package page

import (
	"cmp"
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// labels writes names beside points. A name that would cover another name, a point
// or the edge of the picture goes further away, with a line to its point that
// crosses no other name.
type labels struct {
	names  []string
	points plotter.XYs
	colors []color.Color
}

// newLabels orders them from the lowest point to the highest.
func newLabels(texts []string, points plotter.XYs, colors []color.Color) labels {
	var l labels
	order := make([]int, len(texts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(points[a].Y, points[b].Y) })
	for _, i := range order {
		l.names = append(l.names, texts[i])
		l.points = append(l.points, points[i])
		l.colors = append(l.colors, colors[i])
	}
	return l
}

const (
	labelSize  = 8  // points
	lineHeight = 10 // of names one above the other
	pointSize  = 4
	labelSpace = 5 // from a point to its name
)

func (l labels) style(i int) text.Style {
	return text.Style{
		Color:   l.colors[i],
		Font:    font.From(plot.DefaultFont, labelSize),
		YAlign:  draw.YCenter,
		Handler: plot.DefaultTextHandler,
	}
}

// Plot implements plot.Plotter.
func (l labels) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var taken taken
	for _, at := range l.points {
		taken.points = append(taken.points, vg.Point{X: x(at.X), Y: y(at.Y)})
	}
	for i, name := range l.names {
		style, point := l.style(i), taken.points[i]
		at, far := taken.place(c, style, name, point)
		box := style.Rectangle(name).Add(at)
		taken.names = append(taken.names, box)
		if far {
			end := nearest(box, point)
			taken.lines = append(taken.lines, [2]vg.Point{point, end})
			leader(c, style.Color, point, end)
		}
		c.FillText(style, at, name)
	}
}

// taken is where no name may go.
type taken struct {
	points []vg.Point
	names  []vg.Rectangle
	lines  [][2]vg.Point
}

// place finds the nearest free place for a name: to the right, to the left, or
// further up or down on either side. far means that it needs a line to its point.
func (t taken) place(c draw.Canvas, style text.Style, name string, point vg.Point) (at vg.Point, far bool) {
	width := style.Rectangle(name).Size().X
	// A name that a line crosses can still be read. One that covers a point hides it.
	without := taken{points: t.points, names: t.names}
	for _, crossed := range []bool{false, true} {
		for further := vg.Length(0); further <= 240; further += 20 {
			for step := range 50 {
				rise := vg.Length(step) * labelSize / 2
				out := min(rise, 3*labelSize) + further // away from the column of points
				for _, up := range []vg.Length{rise, -rise} {
					for _, side := range []vg.Length{labelSpace + out, -labelSpace - out - width} {
						at, far = vg.Point{X: point.X + side, Y: point.Y + up}, step > 1 || further > 0
						box := style.Rectangle(name).Add(at)
						if !crossed && t.free(c.Rectangle, box, point, far) || crossed && without.free(c.Rectangle, box, point, false) {
							return at, far
						}
					}
				}
			}
		}
	}
	return vg.Point{X: point.X + labelSpace, Y: point.Y}, false // there is no room, which the eye will see
}

// free reports whether a name in this box, with a line to its point if it is far,
// covers nothing and is crossed by nothing.
func (t taken) free(canvas, box vg.Rectangle, point vg.Point, far bool) bool {
	if box.Min.X < canvas.Min.X || box.Max.X > canvas.Max.X || box.Min.Y < canvas.Min.Y || box.Max.Y > canvas.Max.Y {
		return false
	}
	for _, p := range t.points {
		if nearest(box, p).Sub(p).Dot(nearest(box, p).Sub(p)) < pointSize*pointSize {
			return false
		}
	}
	for _, line := range t.lines {
		if crosses(line[0], line[1], box) {
			return false
		}
	}
	for _, name := range t.names {
		overlap := box.Min.X < name.Max.X && name.Min.X < box.Max.X && box.Min.Y < name.Max.Y && name.Min.Y < box.Max.Y
		if overlap || far && crosses(point, nearest(box, point), name) {
			return false
		}
	}
	return true
}

// nearest is the point of the box that is nearest to another.
func nearest(box vg.Rectangle, p vg.Point) vg.Point {
	return vg.Point{X: min(max(p.X, box.Min.X), box.Max.X), Y: min(max(p.Y, box.Min.Y), box.Max.Y)}
}

// crosses looks at points along the line, half a letter apart or nearer.
func crosses(from, to vg.Point, box vg.Rectangle) bool {
	const steps = 100
	for i := range steps + 1 {
		p := from.Add(to.Sub(from).Scale(vg.Length(i) / steps))
		if nearest(box, p) == p {
			return true
		}
	}
	return false
}

func leader(c draw.Canvas, color color.Color, from, to vg.Point) {
	c.StrokeLine2(draw.LineStyle{Color: color, Width: vg.Points(0.4)}, from.X, from.Y, to.X, to.Y)
}
