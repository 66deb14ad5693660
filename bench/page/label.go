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
// or the edge of the picture goes further away, with a line to its point.
type labels struct {
	names  []string
	points plotter.XYs
	colors []color.Color
}

func newLabels(texts []string, points plotter.XYs, colors []color.Color) plot.Plotter {
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
	labelSize  = 8 // points
	pointSize  = 4
	labelSpace = 5 // from a point to its name
)

// Plot implements plot.Plotter.
func (l labels) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var points []vg.Point
	var taken []vg.Rectangle
	for _, at := range l.points {
		point := vg.Point{X: x(at.X), Y: y(at.Y)}
		points = append(points, point)
		taken = append(taken, around(point, pointSize))
	}
	for i, name := range l.names {
		style := text.Style{
			Color:   l.colors[i],
			Font:    font.From(plot.DefaultFont, labelSize),
			YAlign:  draw.YCenter,
			Handler: plot.DefaultTextHandler,
		}
		at, far := place(c, style, name, points[i], taken)
		box := style.Rectangle(name).Add(at)
		taken = append(taken, box)
		if far {
			end := vg.Point{X: min(max(points[i].X, box.Min.X), box.Max.X), Y: min(max(points[i].Y, box.Min.Y), box.Max.Y)}
			c.StrokeLine2(draw.LineStyle{Color: l.colors[i], Width: vg.Points(0.4)}, points[i].X, points[i].Y, end.X, end.Y)
		}
		c.FillText(style, at, name)
	}
}

// place finds the nearest free place for a name: to the right, to the left, or
// further up or down on either side. far means that it needs a line to its point.
func place(c draw.Canvas, style text.Style, name string, point vg.Point, taken []vg.Rectangle) (at vg.Point, far bool) {
	width := style.Rectangle(name).Size().X
	right := vg.Point{X: point.X + labelSpace, Y: point.Y}
	for step := range 60 {
		rise := vg.Length(step) * labelSize / 2
		out := min(rise, 3*labelSize) // away from the column of points
		for _, up := range []vg.Length{rise, -rise} {
			for _, left := range []vg.Length{labelSpace + out, -labelSpace - out - width} {
				at := vg.Point{X: point.X + left, Y: point.Y + up}
				if box := style.Rectangle(name).Add(at); inside(c.Rectangle, box) && !overlapping(taken, box) {
					return at, step > 1
				}
			}
		}
	}
	return right, false // there is no room, which the eye will see
}

func around(p vg.Point, radius vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: p.X - radius, Y: p.Y - radius}, Max: vg.Point{X: p.X + radius, Y: p.Y + radius}}
}

func inside(outer, box vg.Rectangle) bool {
	return box.Min.X >= outer.Min.X && box.Max.X <= outer.Max.X && box.Min.Y >= outer.Min.Y && box.Max.Y <= outer.Max.Y
}

func overlapping(taken []vg.Rectangle, box vg.Rectangle) bool {
	return slices.ContainsFunc(taken, func(t vg.Rectangle) bool {
		return box.Min.X < t.Max.X && t.Min.X < box.Max.X && box.Min.Y < t.Max.Y && t.Min.Y < box.Max.Y
	})
}
