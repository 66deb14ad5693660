package timeline

import (
	"io"
	"slices"
	"time"
)

// Draw writes the picture as SVG: above, the jobs over time, one per row or as
// areas where they are many; below, the requests that it took.
func (r *Recorder) Draw(w io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.view()
	height := flowHeight
	if v.inRows() {
		height = rowHeight * float64(len(v.jobs)+1)
	}
	bottom := aboveData + height
	top := bottom + belowData
	p := newPicture(v, top+ratesHeight+46)
	p.add(`<text x="%g" y="22" font-size="15">%s</text>`, left, v.title())
	if v.inRows() {
		p.rows(bottom)
	} else {
		p.areas(bottom)
	}
	p.timeAxis(bottom)
	p.rates(top)
	p.timeAxis(top + ratesHeight)
	p.add(`<text x="%g" y="%g" text-anchor="middle">time since the wait began</text>`, (left+right)/2, top+ratesHeight+36)
	p.add("</svg>")
	_, err := w.Write(p.Bytes())
	return err
}

// rows draws one job per row: when it ran, when it was polled, and when its result
// came.
func (p *picture) rows(bottom float64) {
	p.legend(aboveData-10,
		sign{"running", "▬", "ran"}, sign{"get", "▲", "poll"}, sign{"list", "│", "list page"},
		sign{"succeeded", "●", "succeeded"}, sign{"failed", "■", "failed"})
	for _, q := range p.requests {
		if q.row == list {
			p.add(`<path class="list line" d="M%.1f,%gV%g"/>`, p.x(q.at), aboveData, bottom)
		}
	}
	for i, j := range p.jobs {
		y := aboveData + float64(i+1)*rowHeight
		p.add(`<path class="running" stroke-width="3" d="M%.1f,%gH%.1f"/>`, p.x(j.from), y, p.x(j.known))
		for _, t := range p.polls[int32(i)] {
			p.add(`<path class="get" d="M%.1f,%gl3,5h-6z"/>`, p.x(t), y-3)
		}
		switch x := p.x(j.known); {
		case j.failed:
			p.add(`<rect class="failed" x="%.1f" y="%g" width="6" height="6"/>`, x-3, y-3)
		case j.ended:
			p.add(`<circle class="succeeded" cx="%.1f" cy="%g" r="3.3"/>`, x, y)
		}
	}
}

// areas draws many jobs: how many were submitted, and how many of them had ended,
// at each moment. The height between the two is what was waited for, the length
// between them how long.
func (p *picture) areas(bottom float64) {
	p.legend(aboveData-10, sign{"running", "■", "running"}, sign{"succeeded", "■", "succeeded"}, sign{"failed", "■", "failed"})
	var submitted, ended, bad []time.Duration
	for _, j := range p.jobs {
		submitted = append(submitted, j.from)
		if j.ended {
			ended = append(ended, j.known)
		}
		if j.failed {
			bad = append(bad, j.known)
		}
	}
	p.area("running bar", submitted, bottom)
	p.area("succeeded", ended, bottom)
	p.area("failed", bad, bottom)
	p.scale(aboveData, bottom, float64(len(p.jobs)), "jobs")
}

// area is as high at each pixel of its width as the number of times that have
// passed.
func (p *picture) area(class string, times []time.Duration, bottom float64) {
	slices.Sort(times)
	p.WriteString(`<path class="` + class + `" d="`)
	p.add("M%g,%g", left, bottom)
	passed, drawn := 0, -1
	for x := left; x <= right; x++ {
		t := p.from + time.Duration(float64(p.until-p.from)*(x-left)/(right-left))
		for passed < len(times) && times[passed] <= t {
			passed++
		}
		if passed != drawn {
			drawn = passed
			p.add("H%gV%.1f", x, bottom-float64(passed)/float64(len(p.jobs))*(bottom-aboveData))
		}
	}
	p.add(`H%gV%gZ"/>`, right, bottom)
}

// rates draws the requests per second, those for the list on top of the others.
func (p *picture) rates(top float64) {
	bottom := top + ratesHeight
	p.legend(top-10, sign{"get", "■", "GET of a job"}, sign{"list", "■", "list page"})
	first, bin, counts := p.perSecond()
	high := 1.0
	for _, n := range counts {
		high = max(high, n.gets+n.lists)
	}
	y := func(n float64) float64 { return bottom - n/high*ratesHeight }
	for i, n := range counts {
		from := p.x(first + time.Duration(i)*bin)
		wide := min(p.x(first+time.Duration(i+1)*bin)-.7, right) - from
		if wide <= 0 {
			continue // the last moment
		}
		if n.gets > 0 {
			p.add(`<rect class="get" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, from, y(n.gets), wide, bottom-y(n.gets))
		}
		if n.lists > 0 {
			p.add(`<rect class="list bar" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, from, y(n.gets+n.lists), wide, y(n.gets)-y(n.gets+n.lists))
		}
	}
	p.scale(top, bottom, high, "requests/s")
}

// perSecond are requests per second, of both kinds.
type perSecond struct{ gets, lists float64 }

// perSecond counts the requests in bins, so that one ends where the wait begins.
func (v *view) perSecond() (first, bin time.Duration, counts []perSecond) {
	bin = max(time.Second, nice((v.until-v.from)/120))
	first = (v.from - bin + 1).Truncate(bin)
	counts = make([]perSecond, int((v.until-first)/bin)+1)
	for _, q := range v.requests {
		n := &counts[min(int((q.at-first)/bin), len(counts)-1)]
		if q.row == list {
			n.lists += 1 / bin.Seconds()
		} else {
			n.gets += 1 / bin.Seconds()
		}
	}
	return first, bin, counts
}
