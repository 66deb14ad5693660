package page

import (
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/edenwait/edenwait/bench/baseline"
	"github.com/edenwait/edenwait/bench/scenario"
	"github.com/edenwait/edenwait/bench/svg"
)

// The plots, as files beside the figures.
const (
	paretoPlot  = "lag-requests-%s.svg"
	lagPlot     = "lag-jobs.svg"
	requestPlot = "requests-jobs.svg"
	memoryPlot  = "memory-jobs.svg"
)

// The scenarios whose lag is drawn against their requests.
var paretos = []string{"arrivals-100", "arrivals-1000", "lognormal-10", "lognormal-100", "lognormal-1000", "lognormal-10000"}

var (
	ourColor   = color.RGBA{R: 0xc0, G: 0x20, B: 0x20, A: 0xff}
	theirColor = color.RGBA{R: 0x30, G: 0x60, B: 0xa0, A: 0xff}
	bareColor  = color.RGBA{R: 0x80, G: 0x70, B: 0x30, A: 0xff}
	listColor  = color.RGBA{R: 0x20, G: 0x80, B: 0x40, A: 0xff}
	gridColor  = color.Gray{Y: 0xe0}
)

// least is where logarithmic axes begin: a client that is ahead of even spacing,
// thanks to the burst, is drawn at it.
const least = 0.1

func (r *Report) colorOf(name string) color.Color {
	e := r.entry(name)
	switch {
	case strings.HasPrefix(name, baseline.Us):
		return ourColor
	case e.NeedsList:
		return listColor
	case e.Paced:
		return theirColor
	default:
		return bareColor
	}
}

// drawn are the rows that a plot of lag shows: of loops in two forms, the paced one.
// The tables have both.
func (r *Report) drawn(result scenario.Result) (rows []scenario.Row) {
	for _, row := range result.Rows {
		if e := r.entry(row.Baseline); e.Paced || e.Name == baseline.Us || e.Name == "every 5 s" {
			rows = append(rows, row)
		}
	}
	return rows
}

// plotted are the scenarios with a plot of lag against requests.
func (r *Report) plotted() (names []string) {
	for _, name := range paretos {
		if r.result(name) != nil {
			names = append(names, name)
		}
	}
	return names
}

// plots draws everything that there are figures for, into a directory.
func (r *Report) plots(dir string) error {
	for _, name := range r.plotted() {
		if err := save(r.pareto(*r.result(name)), dir, fmt.Sprintf(paretoPlot, name)); err != nil {
			return err
		}
	}
	if err := save(r.byJobs("lag, s", scenario.Lag), dir, lagPlot); err != nil {
		return err
	}
	if err := save(r.byJobs("requests per job", scenario.Requests), dir, requestPlot); err != nil {
		return err
	}
	if r.Costs == nil {
		return nil
	}
	return save(r.memory(), dir, memoryPlot)
}

func save(p *plot.Plot, dir, name string) error {
	canvas := vgsvg.New(22*vg.Centimeter, 14*vg.Centimeter)
	p.Draw(draw.New(canvas))
	return svg.Write(canvas, filepath.Join(dir, name))
}

// newPlot has logarithmic axes: what is compared differs by powers of ten. Its
// background is white, so that it can be read on a dark page too.
func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.Padding = vg.Points(6)
	p.BackgroundColor = color.White
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Scale, axis.Tick.Marker = plot.LogScale{}, decades{}
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = gridColor, gridColor
	p.Add(grid)
	return p
}

// decades has a labelled tick at every 1, 2 and 5, or where that would be too many,
// at every power of ten.
type decades struct{}

// Ticks implements plot.Ticker.
func (decades) Ticks(low, high float64) (ticks []plot.Tick) {
	steps := []float64{1, 2, 5}
	if high/low > 10_000 {
		steps = steps[:1]
	}
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		for _, m := range steps {
			v := m * math.Pow(10, e)
			if v < low || v > high {
				continue
			}
			label := strconv.FormatFloat(v, 'f', -1, 64)
			if v >= 1000 {
				label = grouped(int(math.Round(v)))
			}
			ticks = append(ticks, plot.Tick{Value: v, Label: label})
		}
	}
	return ticks
}

// pareto draws lag against requests per job. Nearer to the lower left is better: a
// client with another to its left and below is dominated.
func (r *Report) pareto(result scenario.Result) *plot.Plot {
	p := newPlot(result.Title, "requests per job", "lag, s")
	var points plotter.XYs
	var names []string
	var colors []color.Color
	for _, row := range r.drawn(result) {
		at := plotter.XY{X: row.Mean(scenario.Requests), Y: max(least, row.Mean(scenario.Lag))}
		points, names, colors = append(points, at), append(names, row.Baseline), append(colors, r.colorOf(row.Baseline))
		p.Add(dot(at, r.colorOf(row.Baseline)))
	}
	p.Add(newLabels(names, points, colors))
	p.X.Min, p.X.Max = 0.8, p.X.Max*2
	p.Y.Min, p.Y.Max = p.Y.Min/2, p.Y.Max*2
	return p
}

func dot(at plotter.XY, c color.Color) plot.Plotter {
	s := must(plotter.NewScatter(plotter.XYs{at}))
	s.GlyphStyle = draw.GlyphStyle{Color: c, Radius: vg.Points(3.5), Shape: draw.CircleGlyph{}}
	return s
}

// must is for plotters made of figures: they fail only on NaN and Inf, which
// would be a mistake here.
func must[T any](v T, err error) T {
	if err != nil {
		panic("page: " + err.Error())
	}
	return v
}

// byJobs draws one measure against the number of jobs, a line per client.
func (r *Report) byJobs(title string, measure func(scenario.Score) float64) *plot.Plot {
	p := newPlot(title+": all jobs at once, 10 requests per second", "jobs", title)
	lines := map[string]plotter.XYs{}
	var names []string
	for _, result := range r.group(scenario.BySize) {
		for _, row := range r.drawn(result) {
			if lines[row.Baseline] == nil {
				names = append(names, row.Baseline)
			}
			at := plotter.XY{X: float64(result.Jobs), Y: max(least, row.Mean(measure))}
			lines[row.Baseline] = append(lines[row.Baseline], at)
		}
	}
	addLines(p, names, lines)
	return p
}

// memory draws the bytes that jobs that wait take together.
func (r *Report) memory() *plot.Plot {
	p := newPlot("live heap and stacks of jobs that wait", "jobs", "MiB")
	lines := map[string]plotter.XYs{}
	var names []string
	for _, m := range r.Costs.Memory {
		if lines[m.Name] == nil {
			names = append(names, m.Name)
		}
		at := plotter.XY{X: float64(m.Jobs), Y: max(0.01, m.BytesAJob*float64(m.Jobs)/(1<<20))}
		lines[m.Name] = append(lines[m.Name], at)
	}
	addLines(p, names, lines)
	return p
}

// addLines writes each name beside its line's end.
func addLines(p *plot.Plot, names []string, lines map[string]plotter.XYs) {
	var ends plotter.XYs
	var colors []color.Color
	for i, name := range names {
		line, points, err := plotter.NewLinePoints(lines[name])
		must(line, err)
		line.Color, points.Color = shade(name, i), shade(name, i)
		points.Shape, points.Radius = draw.CircleGlyph{}, vg.Points(2)
		line.Width = vg.Points(1)
		if name == baseline.Us {
			line.Width = vg.Points(2.5)
		}
		p.Add(line, points)
		ends = append(ends, lines[name][len(lines[name])-1])
		colors = append(colors, line.Color)
	}
	p.Add(column{newLabels(names, ends, colors)})
	p.X.Min, p.X.Max = p.X.Min*0.9, p.X.Max*30 // room for the names
}

// shade tells the lines apart. edenwait keeps its own color.
func shade(name string, i int) color.Color {
	if name == baseline.Us {
		return ourColor
	}
	hue := float64(i*137%360) / 60
	x := 1 - math.Abs(math.Mod(hue, 2)-1)
	rgb := [6][3]float64{{1, x, 0}, {x, 1, 0}, {0, 1, x}, {0, x, 1}, {x, 0, 1}, {1, 0, x}}[int(hue)]
	level := func(v float64) uint8 { return uint8(30 + 150*v) }
	return color.RGBA{R: level(rgb[0]), G: level(rgb[1]), B: level(rgb[2]), A: 0xff}
}
