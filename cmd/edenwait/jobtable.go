package main

import (
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/ids"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/report"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
)

// jobTable has every id of this run, and every id that has a line from an earlier run.
// Nothing else grows with the batch, so an entry is small: sixteen bytes of key and
// eight of value per job.
type jobTable struct {
	mu   sync.Mutex
	jobs map[uuid.UUID]entry
	bad  map[string]entry // malformed ids

	lines []earlierLine // each once
	index map[earlierLine]uint32

	counts report.Counts
}

// earlierLine is what a line of an earlier run says about its job.
type earlierLine struct {
	outcome  edenwait.Outcome
	provider string
	cost     edenwait.Cost
}

type entry struct {
	line   uint32 // index of the line from an earlier run, plus 1; 0: none
	wanted bool
	early  bool // it had ended before the first poll
}

func newJobTable() *jobTable {
	return &jobTable{jobs: map[uuid.UUID]entry{}, bad: map[string]entry{}, index: map[earlierLine]uint32{}}
}

func (r *jobTable) get(id string) entry {
	if parsed, ok := ids.Parse(id); ok {
		return r.jobs[parsed]
	}
	return r.bad[id]
}

func (r *jobTable) set(id string, e entry) {
	if parsed, ok := ids.Parse(id); ok {
		r.jobs[parsed] = e
	} else {
		r.bad[strings.Clone(id)] = e
	}
}

// addEarlier adds a line from an earlier run. It ignores lines of malformed ids, which
// are reported in each run.
func (r *jobTable) addEarlier(e resultlog.Entry) {
	if !ids.IsValid(e.ID) {
		return
	}
	line := earlierLine{e.Outcome, e.Provider, e.Cost}
	at, known := r.index[line]
	if !known {
		r.lines = append(r.lines, line)
		at = uint32(len(r.lines))
		r.index[line] = at
	}
	r.set(e.ID, entry{line: at})
}

// failedEarlier returns the outcome of an id's line from an earlier run, if it is not a
// success.
func (r *jobTable) failedEarlier(id string) (outcome edenwait.Outcome, failed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.get(id)
	if e.line == 0 {
		return "", false
	}
	outcome = r.lines[e.line-1].outcome
	return outcome, outcome != edenwait.OutcomeSuccess
}

// setEarly notes that a job had ended before its first poll.
func (r *jobTable) setEarly(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.get(id)
	e.early = true
	r.set(id, e)
}

// early reports whether a job had ended before its first poll.
func (r *jobTable) early(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.get(id).early
}

// sample returns up to n of the ids that have no line, at random.
func (r *jobTable) sample(n int) (ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, e := range r.jobs {
		if len(ids) == n {
			break
		}
		if e.wanted && e.line == 0 {
			ids = append(ids, id.String())
		}
	}
	return ids
}

// add adds an id to this run. It returns whether to wait for it: not if it is a
// duplicate, nor if it has a line from an earlier run, which is then returned.
func (r *jobTable) add(id string) (wait bool, earlier *earlierLine) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.get(id)
	if e.wanted {
		r.counts.Repeated++
		return false, nil
	}
	e.wanted = true
	r.set(id, e)
	r.counts.Total++
	if e.line == 0 {
		return true, nil
	}
	earlier = &r.lines[e.line-1]
	r.counts.EndedEarlier(earlier.outcome)
	return false, earlier
}

// count changes the counts.
func (r *jobTable) count(change func(*report.Counts)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.counts)
}

// snapshot returns the counts as they are now.
func (r *jobTable) snapshot() report.Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts
}
