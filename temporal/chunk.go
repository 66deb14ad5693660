package edentemporal

import (
	"fmt"
	"slices"
	"strings"
)

// idLength is the length of a job's id. An id of another length never becomes a
// part of a payload, which it could make too large.
const idLength = 36

// plan says which jobs the ids of one call stand for. They are in the order of the ids, so
// the same ids give the same chunks.
type plan struct {
	ids    []string
	chunks [][]string
	found  map[string]Outcome // by job
}

func newPlan(ids []string) *plan {
	p := &plan{ids: ids, found: map[string]Outcome{}}
	seen := make(map[string]bool, len(ids))
	var jobs []string
	for _, id := range ids {
		job := strings.ToLower(id)
		if seen[job] {
			continue
		}
		seen[job] = true
		if len(id) != idLength {
			p.found[job] = Outcome{Code: CodeInvalidID, Error: fmt.Sprintf("invalid job id: want a UUID of %d characters", idLength)}
			continue
		}
		jobs = append(jobs, job)
	}
	p.chunks = slices.Collect(slices.Chunk(jobs, chunkIDs))
	return p
}

// take keeps outcomes, and returns the jobs that have no outcome yet.
func (p *plan) take(outcomes []Outcome, jobs []string) (left []string) {
	for _, o := range outcomes {
		job := strings.ToLower(o.ID)
		if _, known := p.found[job]; !known {
			p.found[job] = o
		}
	}
	for _, job := range jobs {
		if _, known := p.found[job]; !known {
			left = append(left, job)
		}
	}
	return left
}

// outcomes are one per id, in order.
func (p *plan) outcomes() []Outcome {
	all := make([]Outcome, len(p.ids))
	for i, id := range p.ids {
		o, known := p.found[strings.ToLower(id)]
		if !known {
			o = Outcome{Code: CodeWaiting, Error: "the waiting ended before the job did"}
		}
		o.ID = id
		all[i] = o
	}
	return all
}
