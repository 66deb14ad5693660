package timeline

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// panel is a plot with its legend in a line above, where it hides nothing.
type panel struct {
	*plot.Plot
	legend []explained
}

type explained struct {
	name  string
	thumb plot.Thumbnailer
}

func newPanel() *panel {
	p := plot.New()
	for _, f := range []*font.Font{
		&p.Title.TextStyle.Font, &p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font,
		&p.X.Tick.Label.Font, &p.Y.Tick.Label.Font, &p.Legend.TextStyle.Font,
	} {
		f.Typeface, f.Variant, f.Size = "Liberation", "Sans", vg.Points(9)
	}
	p.Title.TextStyle.Font.Size = vg.Points(12)
	p.Title.Padding = vg.Points(20) // for the legend
	return &panel{Plot: p}
}

// explain adds to the legend.
func (p *panel) explain(name string, thumb plot.Thumbnailer) {
	p.legend = append(p.legend, explained{name, thumb})
}

// left is how much the panel needs left of its data.
func (p *panel) left(c draw.Canvas) vg.Length {
	return p.DataCanvas(c).Min.X - c.Min.X
}

// draw draws the panel with its data beginning left of the canvas's edge by so
// much.
func (p *panel) draw(c draw.Canvas, left vg.Length) {
	c = draw.Crop(c, left-p.left(c), 0, 0, 0)
	p.Draw(c)
	data := p.DataCanvas(c)
	const height, thumb = 12, 16
	x, y := data.Min.X, data.Max.Y+vg.Points(4)
	style := p.Legend.TextStyle
	for _, e := range p.legend {
		box := c
		box.Rectangle = vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + thumb, Y: y + height}}
		e.thumb.Thumbnail(&box)
		x += thumb + vg.Points(4)
		c.FillText(style, vg.Point{X: x, Y: y + vg.Points(3)}, e.name)
		x += style.Width(e.name) + vg.Points(14)
	}
}

// swatch and mark stand in the legend.
type swatch struct{ color.Color }

// Thumbnail implements plot.Thumbnailer.
func (s swatch) Thumbnail(c *draw.Canvas) {
	middle := (c.Min.Y + c.Max.Y) / 2
	c.StrokeLine2(draw.LineStyle{Color: s.Color, Width: vg.Points(4)}, c.Min.X, middle, c.Max.X, middle)
}

type mark struct {
	shape draw.GlyphDrawer
	color color.Color
}

// Thumbnail implements plot.Thumbnailer.
func (m mark) Thumbnail(c *draw.Canvas) {
	c.DrawGlyph(draw.GlyphStyle{Color: m.color, Radius: vg.Points(2.4), Shape: m.shape}, c.Center())
}
