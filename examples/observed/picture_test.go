package main

import (
	"bytes"
	"image/color"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

var (
	colors = []color.Color{
		color.RGBA{R: 0x30, G: 0x60, B: 0xa0, A: 0xff}, color.RGBA{R: 0xd0, G: 0x80, B: 0x10, A: 0xff},
		color.RGBA{R: 0x20, G: 0x80, B: 0x40, A: 0xff}, color.RGBA{R: 0xc0, G: 0x20, B: 0x20, A: 0xff},
	}
	shade = color.Gray{Y: 0xec}
	faint = color.Gray{Y: 0xe0}
	dark  = color.Gray{Y: 0x30}
)

// drawn are the panels of the picture, two in a row.
var drawn = []string{
	"Requests, rate and limit", "429s, by class",
	"Lag", "Job list",
	"Jobs ended, by provider", "Jobs",
	"Waited for a job, median by provider", "Requests, by kind",
}

// drawIncidents draws the panels over the two hours. Grey are the incidents, by number.
func drawIncidents(t *testing.T, lines map[string]map[string]line, file string) {
	t.Helper()
	canvas := vgsvg.New(24*vg.Centimeter, 24*vg.Centimeter)
	var rows [][]*plot.Plot
	for i, title := range drawn {
		if i%2 == 0 {
			rows = append(rows, nil)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], drawPanel(t, title, lines[title]))
	}
	tiles := draw.Tiles{
		Rows: len(rows), Cols: 2, PadX: vg.Points(14), PadY: vg.Points(8),
		PadTop: vg.Points(6), PadBottom: vg.Points(6), PadLeft: vg.Points(6), PadRight: vg.Points(12),
	}
	whole := draw.New(canvas)
	whole.SetColor(color.White) // a page may be dark
	whole.Fill(whole.Rectangle.Path())
	for i, row := range plot.Align(rows, tiles, whole) {
		for j, at := range row {
			rows[i][j].Draw(at)
		}
	}
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, svg.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func drawPanel(t *testing.T, title string, series map[string]line) *plot.Plot {
	t.Helper()
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, "minutes", units[title]
	p.X.Min, p.X.Max, p.Y.Min = 0, history.Minutes(), 0
	p.X.Tick.Marker = plot.TickerFunc(func(low, high float64) (ticks []plot.Tick) {
		for at := low; at <= high; at += 15 {
			ticks = append(ticks, plot.Tick{Value: at, Label: strconv.Itoa(int(at))})
		}
		return ticks
	})
	top := 0.0
	for _, l := range series {
		for _, at := range l {
			if !math.IsNaN(at.Y) {
				top = max(top, at.Y)
			}
		}
	}
	states := title == "Job list"
	names := slices.Sorted(maps.Keys(series))
	if states {
		names = slices.DeleteFunc(names, func(name string) bool {
			return !slices.ContainsFunc(series[name], func(at plotter.XY) bool { return at.Y > 0 })
		})
		top = float64(len(names))
		p.HideY()
	}
	p.Y.Max = top * 1.5 // room for the legend
	for i, incident := range incidents {
		from, until := incident.from.Minutes(), incident.until.Minutes()
		band, err := plotter.NewPolygon(plotter.XYs{{X: from}, {X: from, Y: p.Y.Max}, {X: until, Y: p.Y.Max}, {X: until}})
		must(t, err)
		band.Color, band.LineStyle.Width = shade, 0
		p.Add(band)
		number, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: until - 3.5, Y: top * 1.37}}, Labels: []string{strconv.Itoa(i + 1)}})
		must(t, err)
		number.TextStyle[0].Color = dark
		p.Add(number)
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = faint, faint
	p.Add(grid)
	p.Legend.Top, p.Legend.Left, p.Legend.Padding = true, true, vg.Points(1)
	p.Legend.TextStyle.Font.Size = vg.Points(9)
	for i, name := range names {
		c := colors[i%len(colors)]
		if states {
			drawState(t, p, name, series[name], float64(len(names)-i)-0.5, c)
			continue
		}
		for j, part := range series[name].parts() {
			drawn, err := plotter.NewLine(part)
			must(t, err)
			drawn.Color, drawn.Width = c, vg.Points(1.1)
			if name == "limit" {
				drawn.Color, drawn.Dashes = dark, []vg.Length{vg.Points(4), vg.Points(3)}
			}
			p.Add(drawn)
			if j == 0 {
				p.Legend.Add(name, drawn)
			}
		}
	}
	return p
}

// drawState draws a bar for as long as the list is in a state.
func drawState(t *testing.T, p *plot.Plot, name string, l line, lane float64, c color.Color) {
	t.Helper()
	for i, at := range l {
		if at.Y == 0 || i > 0 && l[i-1].Y > 0 {
			continue
		}
		end := i
		for end+1 < len(l) && l[end+1].Y > 0 {
			end++
		}
		bar, err := plotter.NewLine(plotter.XYs{{X: at.X, Y: lane}, {X: l[end].X, Y: lane}})
		must(t, err)
		bar.Color, bar.Width = c, vg.Points(12)
		p.Add(bar)
	}
	label, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: 1, Y: lane + 0.2}}, Labels: []string{name}})
	must(t, err)
	label.TextStyle[0].Color = c
	p.Add(label)
}

// line is a series over the minutes since the beginning. NaN is where it has no value.
type line plotter.XYs

// parts are the runs of values, without those in the middle of a level.
func (l line) parts() (parts []plotter.XYs) {
	var part plotter.XYs
	for i, at := range l {
		if math.IsNaN(at.Y) {
			if len(part) > 1 {
				parts = append(parts, part)
			}
			part = nil
			continue
		}
		if n := len(part); n > 1 && part[n-1].Y == at.Y && part[n-2].Y == at.Y {
			part = part[:n-1]
		}
		part = append(part, plotter.XY{X: at.X, Y: at.Y})
		if i == len(l)-1 && len(part) > 1 {
			parts = append(parts, part)
		}
	}
	return parts
}

// mean is that of the values between two times.
func (l line) mean(from, until time.Duration) float64 {
	sum, n := 0.0, 0
	for _, at := range l {
		if at.X >= from.Minutes() && at.X <= until.Minutes() && !math.IsNaN(at.Y) {
			sum += at.Y
			n++
		}
	}
	return sum / float64(n)
}

var units = map[string]string{
	"Requests, rate and limit": "per second", "429s, by class": "per second", "Lag": "s", "Jobs ended, by provider": "per second",
	"Jobs": "jobs", "Waited for a job, median by provider": "s", "Requests, by kind": "per second",
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
