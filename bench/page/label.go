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

// names writes names beside points, moved up where one would be written over
// another.
type names struct {
	names  []string
	points plotter.XYs
	colors []color.Color
}

func newNames(texts []string, points plotter.XYs, colors []color.Color) plot.Plotter {
	var n names
	order := make([]int, len(texts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(points[a].Y, points[b].Y) })
	for _, i := range order {
		n.names = append(n.names, texts[i])
		n.points = append(n.points, points[i])
		n.colors = append(n.colors, colors[i])
	}
	return n
}

// Plot implements plot.Plotter.
func (n names) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	size := font.Points(8)
	var taken []vg.Rectangle
	for i, name := range n.names {
		style := text.Style{
			Color:   n.colors[i],
			Font:    font.From(plot.DefaultFont, size),
			XAlign:  draw.XLeft,
			YAlign:  draw.YCenter,
			Handler: plot.DefaultTextHandler,
		}
		at := vg.Point{X: x(n.points[i].X) + 5, Y: y(n.points[i].Y)}
		box := style.Rectangle(name).Add(at)
		for overlapping(taken, box) {
			at.Y++
			box = style.Rectangle(name).Add(at)
		}
		taken = append(taken, box)
		c.FillText(style, at, name)
	}
}

func overlapping(taken []vg.Rectangle, box vg.Rectangle) bool {
	return slices.ContainsFunc(taken, func(t vg.Rectangle) bool {
		return box.Min.X < t.Max.X && t.Min.X < box.Max.X && box.Min.Y < t.Max.Y && t.Min.Y < box.Max.Y
	})
}
