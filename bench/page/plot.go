package page

import (
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/edenwait/edenwait/bench/world"
)

// The plots, as files beside the page.
const (
	paretoPlot  = "lag-requests-%d.svg"
	lagPlot     = "lag-jobs.svg"
	requestPlot = "requests-jobs.svg"
	memoryPlot  = "memory-jobs.svg"
)

var (
	ourColor   = color.RGBA{R: 0xc0, G: 0x20, B: 0x20, A: 0xff}
	theirColor = color.RGBA{R: 0x30, G: 0x60, B: 0xa0, A: 0xff}
	listColor  = color.RGBA{R: 0x20, G: 0x80, B: 0x40, A: 0xff}
	gridColor  = color.Gray{Y: 0xe0}
)

// least is where logarithmic axes begin: a contestant that is ahead of the
// clairvoyant's even spacing, thanks to the burst, is drawn at it.
const least = 0.1

func colorOf(name string) color.Color {
	switch name {
	case world.Us, world.Us + ", no list":
		return ourColor
	case "list every 2 s", "list every 5 s", "hcloud-go batch":
		return listColor
	default:
		return theirColor
	}
}

// plots draws everything that the figures suffice for, into a directory.
func (r *Report) plots(dir string) error {
	for _, n := range []int{100, 1000, 10000} {
		if result := r.result(fmt.Sprintf("lognormal-%d", n)); result != nil {
			if err := save(pareto(*result), dir, fmt.Sprintf(paretoPlot, n)); err != nil {
				return err
			}
		}
	}
	if err := save(r.byJobs("lag, s", world.Lag), dir, lagPlot); err != nil {
		return err
	}
	if err := save(r.byJobs("requests a job", world.Requests), dir, requestPlot); err != nil {
		return err
	}
	if r.Costs == nil {
		return nil
	}
	return save(r.memory(), dir, memoryPlot)
}

func save(p *plot.Plot, dir, name string) error {
	return p.Save(20*vg.Centimeter, 13*vg.Centimeter, filepath.Join(dir, name))
}

// newPlot has logarithmic axes: what is compared differs by powers of ten.
func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.BackgroundColor = color.White
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Scale, axis.Tick.Marker = plot.LogScale{}, decades{}
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = gridColor, gridColor
	p.Add(grid)
	return p
}

// decades has a labelled tick at every 1, 2 and 5.
type decades struct{}

// Ticks implements plot.Ticker.
func (decades) Ticks(low, high float64) (ticks []plot.Tick) {
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		for _, m := range []float64{1, 2, 5} {
			if v := m * math.Pow(10, e); v >= low && v <= high {
				ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 6, 64)})
			}
		}
	}
	return ticks
}

// pareto draws lag against requests a job. Nearer to the lower left is better; a
// contestant with another to its left and below is dominated.
func pareto(result world.Result) *plot.Plot {
	p := newPlot(result.Title, "requests a job", "lag, s")
	var points plotter.XYs
	var names []string
	var colors []color.Color
	for _, row := range result.Rows {
		at := plotter.XY{X: row.Mean(world.Requests), Y: max(least, row.Mean(world.Lag))}
		points, names, colors = append(points, at), append(names, row.Rival), append(colors, colorOf(row.Rival))
		p.Add(dot(at, colorOf(row.Rival)))
	}
	p.Add(newNames(names, points, colors))
	p.X.Min, p.Y.Min = 0.8, math.Min(least*2, p.Y.Min)
	p.X.Max, p.Y.Max = p.X.Max*4, p.Y.Max*2
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

// byJobs draws one measure against the number of jobs, a line a contestant.
func (r *Report) byJobs(title string, measure func(world.Score) float64) *plot.Plot {
	p := newPlot(title+": lognormal jobs, 10 requests a second", "jobs", title)
	lines := map[string]plotter.XYs{}
	var names []string
	for _, result := range r.Worlds {
		if result.Group != world.BySize {
			continue
		}
		for _, row := range result.Rows {
			if lines[row.Rival] == nil {
				names = append(names, row.Rival)
			}
			at := plotter.XY{X: float64(result.Jobs), Y: max(least, row.Mean(measure))}
			lines[row.Rival] = append(lines[row.Rival], at)
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
		if name == world.Us {
			line.Width = vg.Points(2.5)
		}
		p.Add(line, points)
		ends = append(ends, lines[name][len(lines[name])-1])
		colors = append(colors, line.Color)
	}
	p.Add(newNames(names, ends, colors))
	p.X.Min, p.X.Max = p.X.Min*0.9, p.X.Max*20 // room for the names
}

// shade tells the lines apart; edenwait keeps its own.
func shade(name string, i int) color.Color {
	if colorOf(name) == ourColor && name == world.Us {
		return ourColor
	}
	hue := float64(i*137%360) / 60
	x := 1 - math.Abs(math.Mod(hue, 2)-1)
	rgb := [6][3]float64{{1, x, 0}, {x, 1, 0}, {0, 1, x}, {0, x, 1}, {x, 0, 1}, {1, 0, x}}[int(hue)]
	level := func(v float64) uint8 { return uint8(30 + 150*v) }
	return color.RGBA{R: level(rgb[0]), G: level(rgb[1]), B: level(rgb[2]), A: 0xff}
}
