package picture

import (
	"image/color"
	"path/filepath"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/edenwait/edenwait/bench/svg"
)

var (
	red   = color.RGBA{R: 0xc0, G: 0x20, B: 0x20, A: 0xff}
	blue  = color.RGBA{R: 0x30, G: 0x60, B: 0xa0, A: 0xff}
	green = color.RGBA{R: 0x20, G: 0x80, B: 0x40, A: 0xff}
	amber = color.RGBA{R: 0xd0, G: 0x80, B: 0x10, A: 0xff}
	black = color.Gray{Y: 0x30}
	faint = color.Gray{Y: 0xe4}
)

func (k kind) color() color.Color {
	return [...]color.Color{green, amber, blue, red}[k]
}

// newPanel has a grid behind what is drawn on it. Its legend stands in the upper
// right, which the lines here leave free, but begins where it is told to: fonts
// differ from one viewer to the next, and text that is wider than was reckoned
// may run to the right only.
func newPanel(x, y string, every float64, legend vg.Length) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.White
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.X.Min, p.Y.Min = 0, 0
	p.X.Tick.Marker = plot.TickerFunc(func(low, high float64) (ticks []plot.Tick) {
		for at := low; at <= high; at += every {
			ticks = append(ticks, plot.Tick{Value: at, Label: strconv.FormatFloat(at, 'f', -1, 64)})
		}
		return ticks
	})
	p.Legend.Top, p.Legend.Left, p.Legend.XOffs = true, true, legend
	p.Legend.Padding = vg.Points(2)
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = faint, faint
	p.Add(grid)
	return p
}

// marks are the ticks of a logarithmic axis.
type marks []float64

// Ticks implements plot.Ticker.
func (m marks) Ticks(_, _ float64) (ticks []plot.Tick) {
	for _, at := range m {
		ticks = append(ticks, plot.Tick{Value: at, Label: strconv.FormatFloat(at, 'f', -1, 64)})
	}
	return ticks
}

// addLine draws a line; a dashed one is what was so, or should be, as opposed to
// what was seen.
func addLine(p *plot.Plot, name string, at plotter.XYs, c color.Color, dashed bool) {
	line, err := plotter.NewLine(at)
	if err != nil {
		panic("picture: " + err.Error()) // only NaN and Inf, which would be a mistake here
	}
	line.Color, line.Width = c, vg.Points(1.2)
	if dashed {
		line.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
	}
	p.Add(line)
	if name != "" {
		p.Legend.Add(name, line)
	}
}

func addDots(p *plot.Plot, name string, at plotter.XYs, c color.Color) {
	d := dots{at, c}
	p.Add(d)
	p.Legend.Add(name, d)
}

// dots is a plotter.Scatter that draws all of its dots as one path: hundreds of
// them would otherwise make most of the file.
type dots struct {
	plotter.XYs
	color color.Color
}

const radius = 2 // points

// Plot implements plot.Plotter.
func (d dots) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var all vg.Path
	for _, at := range d.XYs {
		all = append(all, diamond(vg.Point{X: x(at.X), Y: y(at.Y)})...)
	}
	c.SetColor(d.color)
	c.Fill(all)
}

// DataRange implements plot.DataRanger.
func (d dots) DataRange() (left, right, low, high float64) { return plotter.XYRange(d.XYs) }

// Thumbnail implements plot.Thumbnailer.
func (d dots) Thumbnail(c *draw.Canvas) {
	c.SetColor(d.color)
	c.Fill(diamond(c.Center()))
}

// addLane draws requests along a line of their own, under its name.
func addLane(p *plot.Plot, name string, at []float64, lane float64, c color.Color) {
	marks := make(plotter.XYs, 0, len(at))
	for _, x := range at {
		marks = append(marks, plotter.XY{X: x, Y: lane})
	}
	p.Add(dots{marks, c})
	label, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: 0, Y: lane + 0.25}}, Labels: []string{name}})
	if err != nil {
		panic("picture: " + err.Error()) // as many names as places
	}
	label.TextStyle[0].Color = c
	p.Add(label)
}

func diamond(at vg.Point) (p vg.Path) {
	p.Move(at.Add(vg.Point{X: -radius}))
	p.Line(at.Add(vg.Point{Y: radius}))
	p.Line(at.Add(vg.Point{X: radius}))
	p.Line(at.Add(vg.Point{Y: -radius}))
	p.Close()
	return p
}

// save draws the panels one above the other, on one time axis, under the first
// one's title.
func save(dir, name string, panels ...*plot.Plot) error {
	canvas := vgsvg.New(20*vg.Centimeter, 13*vg.Centimeter)
	rows := make([][]*plot.Plot, len(panels))
	for i, p := range panels {
		rows[i] = []*plot.Plot{p}
	}
	tiles := draw.Tiles{
		Rows: len(panels), Cols: 1, PadY: vg.Points(6),
		PadTop: vg.Points(4), PadBottom: vg.Points(4), PadLeft: vg.Points(4), PadRight: vg.Points(12),
	}
	for i, row := range plot.Align(rows, tiles, draw.New(canvas)) {
		panels[i].Draw(row[0])
	}
	return svg.Write(canvas, filepath.Join(dir, name))
}
