package timeline

import (
	"fmt"
	"image/color"
	"slices"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// rows draws one job a row: when it ran, when it was asked about, when it was
// known to have ended.
func (v *view) rows() *panel {
	p := newPanel()
	p.Title.Text = v.title()
	p.Y.Min, p.Y.Max = -1, float64(len(v.jobs))+1
	p.HideY()
	p.Add(rowsOf{v})
	p.explain("ran", swatch{running})
	p.explain("asked about", mark{draw.PyramidGlyph{}, asked})
	p.explain("the list was read", swatch{listed})
	p.explain("known to have succeeded", mark{draw.CircleGlyph{}, succeeded})
	p.explain("known to have failed", mark{draw.CircleGlyph{}, failed})
	return p
}

// rowsOf is the data of rows, as plot draws it.
type rowsOf struct{ *view }

// Plot implements plot.Plotter.
func (v rowsOf) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	at := func(t time.Duration) vg.Length { return x(max(t, v.from).Seconds()) }
	for _, a := range v.asks {
		if a.row == list {
			c.StrokeLine2(draw.LineStyle{Color: listed, Width: vg.Points(.5)}, at(a.at), c.Min.Y, at(a.at), c.Max.Y)
		}
	}
	dot := draw.GlyphStyle{Radius: vg.Points(2.4), Shape: draw.CircleGlyph{}}
	tip := draw.GlyphStyle{Radius: vg.Points(2), Shape: draw.PyramidGlyph{}, Color: asked}
	for i, j := range v.jobs {
		height := y(float64(len(v.jobs) - 1 - i))
		c.StrokeLine2(draw.LineStyle{Color: running, Width: vg.Points(2.5)}, at(j.from), height, at(j.known), height)
		for _, t := range v.gets[int32(i)] {
			c.DrawGlyph(tip, vg.Point{X: at(t), Y: height})
		}
		if !j.ended {
			continue
		}
		dot.Color = succeeded
		if j.failed {
			dot.Color = failed
		}
		c.DrawGlyph(dot, vg.Point{X: at(j.known), Y: height})
	}
}

// flow draws many jobs as areas: how many were submitted, and how many of them
// were known to have ended, at each moment. The height between the two is what
// was waited for, the length between them how long.
func (v *view) flow() *panel {
	p := newPanel()
	p.Title.Text = v.title()
	p.Y.Label.Text = "jobs"
	p.Y.Tick.Marker = count{}
	p.Y.Min, p.Y.Max = 0, float64(len(v.jobs))
	var submitted, known, bad []time.Duration
	for _, j := range v.jobs {
		submitted = append(submitted, max(j.from, v.from))
		if j.ended {
			known = append(known, j.known)
		}
		if j.failed {
			bad = append(bad, j.known)
		}
	}
	for _, area := range []struct {
		times []time.Duration
		color color.Color
		name  string
	}{
		{submitted, running, "submitted, not known to have ended"},
		{known, succeeded, "known to have succeeded"},
		{bad, failed, "known to have failed"},
	} {
		if polygon, err := plotter.NewPolygon(v.growing(area.times)); err == nil {
			polygon.Color = area.color
			polygon.LineStyle.Width = 0
			p.Add(polygon)
		}
		p.explain(area.name, swatch{area.color})
	}
	return p
}

// points is how many moments an area is drawn at: about one a point of its
// width.
const points = 600

// growing is the outline of the number of times that have passed.
func (v *view) growing(times []time.Duration) plotter.XYs {
	slices.Sort(times)
	outline := plotter.XYs{{X: v.from.Seconds(), Y: 0}}
	passed := 0
	for i := range points + 1 {
		t := v.from + (v.until-v.from)*time.Duration(i)/points
		for passed < len(times) && times[passed] <= t {
			passed++
		}
		outline = append(outline, plotter.XY{X: t.Seconds(), Y: float64(passed)})
	}
	return append(outline, plotter.XY{X: v.until.Seconds(), Y: 0})
}

// requests draws what was asked, a second.
func (v *view) requests() *panel {
	p := newPanel()
	p.Y.Label.Text = "requests/s"
	p.Y.Tick.Marker = count{}
	bin := max(time.Second, nice((v.until-v.from)/120))
	first := (v.from - bin + 1).Truncate(bin) // so that a bar ends where the wait begins
	counts := make([][2]float64, int((v.until-first)/bin)+1)
	for _, a := range v.asks {
		which := 0
		if a.row == list {
			which = 1
		}
		counts[min(int((a.at-first)/bin), len(counts)-1)][which] += 1 / bin.Seconds()
	}
	b := bars{from: first.Seconds(), bin: bin.Seconds(), counts: counts}
	p.Y.Min, p.Y.Max = 0, 1
	for _, n := range counts {
		p.Y.Max = max(p.Y.Max, n[0]+n[1])
	}
	p.Add(b)
	p.Title.Text = " " // leaves room for the legend
	p.explain("GET of a job", swatch{asked})
	p.explain("page of the list", swatch{listed})
	return p
}

// bars are counts of two kinds on top of each other.
type bars struct {
	from, bin float64
	counts    [][2]float64
}

// Plot implements plot.Plotter.
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, n := range b.counts {
		left := max(x(b.from+float64(i)*b.bin), c.Min.X)
		right := min(x(b.from+float64(i+1)*b.bin)-vg.Points(.5), c.Max.X)
		for _, part := range []struct {
			color     color.Color
			low, high float64
		}{{asked, 0, n[0]}, {listed, n[0], n[0] + n[1]}} {
			if part.high > part.low && right > left {
				c.FillPolygon(part.color, []vg.Point{
					{X: left, Y: y(part.low)}, {X: right, Y: y(part.low)}, {X: right, Y: y(part.high)}, {X: left, Y: y(part.high)},
				})
			}
		}
	}
}

// title counts what the picture shows.
func (v *view) title() string {
	lists := 0
	for _, a := range v.asks {
		if a.row == list {
			lists++
		}
	}
	return fmt.Sprintf("%d of %d jobs known to have ended, %d without success: %d GETs, %d list pages",
		v.ended, len(v.jobs), v.bad, len(v.asks)-lists, lists)
}
