package durations

import "time"

const (
	// priorEnds is how many ends the prior is worth, in each bin.
	priorEnds = 1.0
	// A kind may be nothing like its parent, so the parent's hazard is its prior
	// only as far as it lies within this factor of the root's prior.
	parentFactor = 4.0
	// leastShare of the root's prior is the least hazard, also of ages that many
	// jobs have passed without an end: a law may change. So a delay that is short
	// beside the age is at most √8 times as long as without learning.
	leastShare = 1.0 / 8
	// silentShare is the same for ages older than any that a job of the kind was seen
	// to end at. Jobs that begin together may end together, so that all of them still
	// run says less than their number does.
	silentShare = 1.0 / 4
	// nearShare is how much the two bins beside one count for it. A bin by itself
	// sees few of the ends, and the hazard changes little from one bin to the next.
	nearShare = 0.5
)

// prior is the hazard at an age when nothing is known. With half of 1/age the
// delays are 2·√(price × age), the ones that come nearest to the best fixed
// interval for every duration at once. Half a second keeps it finite.
func prior(age float64) float64 { return 0.5 / (age + 0.5) }

// priors are those in the middle of each bin.
var priors = func() (p [bins]float64) {
	for i := range p {
		p[i] = prior((edges[i] + edges[i+1]) / 2)
	}
	return p
}()

// A line is the nodes from the root to a kind that have learned something.
type line struct {
	seen [5]*seen
	n    int
}

func (m *Model) line(k Kind) (l line) {
	if int(k) >= len(m.nodes) {
		k = 0
	}
	for {
		if s := m.nodes[k].seen; s != nil {
			l.seen[l.n] = s
			l.n++
		}
		if k == 0 {
			return l
		}
		k = m.nodes[k].parent
	}
}

// hazard is the hazard in a bin, in ends per second.
func (l *line) hazard(i int) float64 {
	p := priors[i]
	h := p
	for j := l.n - 1; j >= 0; j-- {
		before := min(max(h, p/parentFactor), p*parentFactor)
		near := l.seen[j].around(i)
		h = (float64(near.ends) + priorEnds) / (float64(near.exposure) + priorEnds/before)
		if i > l.seen[j].oldest {
			h = max(h, min(before, p*silentShare))
		}
	}
	return max(h, p*leastShare)
}

// around is what was seen in a bin and, for a share, beside it.
func (s *seen) around(i int) bin {
	low, at, high := &s.bins[max(i-1, 0)], &s.bins[i], &s.bins[min(i+1, bins-1)]
	return bin{
		ends:     at.ends + nearShare*(low.ends+high.ends),
		exposure: at.exposure + nearShare*(low.exposure+high.exposure),
	}
}

// Hazard is the rate at which jobs of a kind end at an age, in ends per second.
func (m *Model) Hazard(k Kind, age time.Duration) float64 {
	a := max(age.Seconds(), 0)
	i := index(a)
	if i == bins {
		return prior(a)
	}
	l := m.line(k)
	return l.hazard(i)
}
