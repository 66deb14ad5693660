package page

import (
	"maps"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// column writes the names of lines to the right of their ends: one above the other
// in the order of the ends, so that nothing crosses, each with a line to its end.
type column struct{ labels }

const columnSpace = 24 // from the ends to the names

// Plot implements plot.Plotter.
func (l column) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	ends := map[float64][]int{} // by where the lines end, from the lowest
	for i, at := range l.points {
		ends[at.X] = append(ends[at.X], i)
	}
	for _, right := range slices.Sorted(maps.Keys(ends)) {
		group := ends[right]
		wanted := make([]vg.Length, len(group))
		for i, n := range group {
			wanted[i] = y(l.points[n].Y)
		}
		for i, place := range spread(wanted, c.Min.Y, c.Max.Y) {
			n := group[i]
			at := vg.Point{X: x(right) + columnSpace, Y: place}
			leader(c, l.colors[n], vg.Point{X: x(right), Y: wanted[i]}, vg.Point{X: at.X - 2, Y: at.Y})
			c.FillText(l.style(n), at, l.names[n])
		}
	}
}

// spread moves ascending places apart to lineHeight, as little as it can: places that
// would overlap form a block around their own middle. Blocks at the edges move in.
func spread(wanted []vg.Length, low, high vg.Length) []vg.Length {
	type block struct {
		first, n int
		at       vg.Length // of its first place
	}
	var blocks []block
	for i, place := range wanted {
		blocks = append(blocks, block{i, 1, place})
		for len(blocks) > 1 {
			last, before := blocks[len(blocks)-1], blocks[len(blocks)-2]
			if before.at+vg.Length(before.n)*lineHeight <= last.at {
				break
			}
			merged := block{before.first, before.n + last.n, 0}
			for j := range merged.n {
				merged.at += (wanted[merged.first+j] - vg.Length(j)*lineHeight) / vg.Length(merged.n)
			}
			merged.at = max(min(merged.at, high-vg.Length(merged.n)*lineHeight), low)
			blocks = append(blocks[:len(blocks)-2], merged)
		}
	}
	var places []vg.Length
	for _, b := range blocks {
		for j := range b.n {
			places = append(places, b.at+vg.Length(j)*lineHeight)
		}
	}
	return places
}
