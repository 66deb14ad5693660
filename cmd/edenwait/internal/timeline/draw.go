package timeline

import (
	"bytes"
	"cmp"
	"image/color"
	"io"
	"slices"
	"time"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

const (
	width       = 24 * vg.Centimeter
	flowHeight  = 9 * vg.Centimeter
	rateHeight  = 4.4 * vg.Centimeter
	rowHeight   = 0.28 * vg.Centimeter
	rowsAround  = 3 * vg.Centimeter // title, axis and legend around the rows
	mostRows    = 120               // more are drawn as areas
	outerMargin = 0.4 * vg.Centimeter
)

// The colors are told apart by those too who see few colors.
var (
	running   = color.RGBA{0x9d, 0xbc, 0xd8, 0xff}
	succeeded = color.RGBA{0x2f, 0x7d, 0x4f, 0xff}
	failed    = color.RGBA{0xc8, 0x45, 0x3a, 0xff}
	asked     = color.RGBA{0x2b, 0x4a, 0x6f, 0xff}
	listed    = color.RGBA{0xd9, 0x9a, 0x2b, 0xff}
)

// Draw writes the picture as SVG: above, the jobs over time, one a row or as
// areas where they are many; below, the requests it took.
func (r *Recorder) Draw(w io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.view()
	above, height := v.flow(), flowHeight
	if len(v.jobs) <= mostRows {
		above, height = v.rows(), rowsAround+rowHeight*vg.Length(len(v.jobs))
	}
	below := v.requests()
	for _, p := range []*panel{above, below} {
		p.X.Min, p.X.Max = v.from.Seconds(), v.until.Seconds()
		p.X.Tick.Marker = clock{}
		p.X.Padding, p.Y.Padding = 0, 0
	}
	below.X.Label.Text = "time since the wait began"

	canvas := vgsvg.New(width, height+rateHeight)
	page := draw.New(canvas)
	page.SetColor(color.White)
	page.Fill(page.Rectangle.Path())
	page = draw.Crop(page, outerMargin, -outerMargin, outerMargin, -outerMargin)
	// Both share their left and right edges, so that a moment stands above itself.
	upper := draw.Crop(page, 0, 0, rateHeight, 0)
	lower := draw.Crop(page, 0, 0, 0, -(page.Max.Y - page.Min.Y - rateHeight))
	left := max(above.left(upper), below.left(lower))
	above.draw(upper, left)
	below.draw(lower, left)

	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return err
	}
	_, err := w.Write(withCommonFonts(svg.Bytes()))
	return err
}

// withCommonFonts lets a browser take a font that it has: the one that the plot
// was measured with is rarely installed.
func withCommonFonts(svg []byte) []byte {
	return bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif"))
}

// view is what is drawn: the jobs in order, and the span of time.
type view struct {
	jobs        []job
	gets        map[int32][]time.Duration // by the place in jobs
	asks        []ask
	from, until time.Duration
	ended, bad  int
}

// view sorts the jobs by when they were known to have ended, which makes of the
// rows a curve that shows the pace. Before the wait began, only a part as long as
// a quarter of it is shown: a job of yesterday would squeeze everything else.
func (r *Recorder) view() *view {
	v := &view{asks: r.asks, until: time.Since(r.began), gets: map[int32][]time.Duration{}}
	order := make([]int32, len(r.jobs))
	for i := range order {
		order[i] = int32(i)
	}
	end := func(j *job) time.Duration {
		if j.ended {
			return j.known
		}
		return v.until
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(end(&r.jobs[a]), end(&r.jobs[b])), cmp.Compare(r.jobs[a].from, r.jobs[b].from))
	})
	place := make([]int32, len(order))
	for i, row := range order {
		place[row] = int32(i)
		j := r.jobs[row]
		j.known = end(&j)
		if j.ended {
			v.ended++
		}
		if j.failed {
			v.bad++
		}
		v.from = min(v.from, j.from)
		v.jobs = append(v.jobs, j)
	}
	v.from = max(v.from, -v.until/4)
	if len(v.jobs) <= mostRows {
		for _, a := range r.asks {
			if a.row != list {
				v.gets[place[a.row]] = append(v.gets[place[a.row]], a.at)
			}
		}
	}
	return v
}
