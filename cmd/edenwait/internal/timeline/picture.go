package timeline

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The picture's measures, in pixels.
const (
	width       = 900.0
	left        = 76.0 // of the data
	right       = width - 16
	aboveData   = 56.0 // title and legend
	belowData   = 64.0 // an axis, and the next panel's legend
	flowHeight  = 270.0
	ratesHeight = 90.0
	rowHeight   = 10.5
)

// style has every color of the picture. The page has a ground of its own, so that
// it is readable wherever it is put. The kinds differ in lightness and shape too,
// for those who see few colors.
const style = `<style>
svg{font:12px "Liberation Sans",Arial,Helvetica,sans-serif}
text{fill:#24292f} .page{fill:#fff} .axis{stroke:#57606a} .running{fill:#9dbcd8;stroke:#9dbcd8}
.succeeded{fill:#2f7d4f} .failed{fill:#c8453a} .get{fill:#2b4a6f} .list{fill:#d99a2b;stroke:#d99a2b}
.line{stroke-width:.7} .bar{stroke:none} tspan{stroke:none}
@media (prefers-color-scheme:dark){
text{fill:#d8dee9} .page{fill:#22272e} .axis{stroke:#8b949e} .running{fill:#4f6f8f;stroke:#4f6f8f}
.succeeded{fill:#6fcf97} .failed{fill:#f0716a} .get{fill:#a9cdf2} .list{fill:#e0a83f;stroke:#e0a83f}}
</style>
`

// picture is SVG that is being written. No text in it comes from outside this package, so
// nothing is escaped.
type picture struct {
	bytes.Buffer
	*view
}

func (p *picture) add(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func newPicture(v *view, height float64) *picture {
	p := &picture{view: v}
	p.add(`<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %[1]g %[2]g" role="img">`, width, height)
	p.WriteString(style)
	p.add(`<rect class="page" width="100%%" height="100%%"/>`)
	return p
}

// x is the position of a time.
func (p *picture) x(t time.Duration) float64 {
	share := float64(max(t, p.from)-p.from) / float64(p.until-p.from)
	return left + share*(right-left)
}

// sign is an entry of the legend.
type sign struct{ class, shape, text string }

// legend is one line above the data, where it covers nothing. It is one text element, so
// that nothing overlaps in any font.
func (p *picture) legend(y float64, signs ...sign) {
	var b strings.Builder
	for i, s := range signs {
		gap := ""
		if i > 0 {
			gap = ` dx="18"`
		}
		fmt.Fprintf(&b, `<tspan class="%s"%s>%s</tspan> %s`, s.class, gap, s.shape, s.text)
	}
	p.add(`<text x="%g" y="%g">%s</text>`, left, y, b.String())
}

// timeAxis is the axis below the data.
func (p *picture) timeAxis(y float64) {
	p.add(`<path class="axis" d="M%g,%gH%g"/>`, left, y, right)
	step := nice((p.until - p.from) / 10)
	for t := p.from.Truncate(step); t <= p.until; t += step {
		p.add(`<path class="axis" d="M%.1f,%gv5"/><text x="%.1[1]f" y="%[3]g" text-anchor="middle">%s</text>`, p.x(t), y, y+18, label(t))
	}
}

// scale is the axis left of the data, from 0 to high.
func (p *picture) scale(top, bottom, high float64, name string) {
	p.add(`<path class="axis" d="M%g,%gV%g"/>`, left, bottom, top)
	step := 1.0
	for i := 0; high/step > 5; i++ {
		step *= []float64{2, 2.5, 2}[i%3] // 1, 2, 5, 10
	}
	for n := 0.0; n <= high; n += step {
		y := bottom - n/high*(bottom-top)
		p.add(`<path class="axis" d="M%g,%.1fh-5"/><text x="%g" y="%.1f" text-anchor="end">%s</text>`, left, y, left-8, y+4, strconv.FormatFloat(n, 'f', -1, 64))
	}
	middle := (top + bottom) / 2
	p.add(`<text transform="translate(14,%g) rotate(-90)" text-anchor="middle">%s</text>`, middle, name)
}

// label formats a time without the units that are zero.
func label(t time.Duration) string {
	text := t.String()
	for _, zero := range []struct{ long, short string }{{"m0s", "m"}, {"h0m", "h"}} {
		if strings.HasSuffix(text, zero.long) {
			text = strings.TrimSuffix(text, zero.long) + zero.short
		}
	}
	return text
}

// nice rounds a duration up to a usual step of a time axis.
func nice(d time.Duration) time.Duration {
	for _, step := range []time.Duration{
		time.Millisecond, 10 * time.Millisecond,
		100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 6 * time.Hour,
	} {
		if d <= step {
			return step
		}
	}
	return d.Round(24*time.Hour) + 24*time.Hour
}
