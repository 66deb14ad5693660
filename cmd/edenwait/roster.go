package main

import (
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
)

// roster knows every id that was asked for, and every id that has its line from
// an earlier run. It is all that grows with the batch, so it is kept small:
// sixteen bytes of key and eight of value a job.
type roster struct {
	mu    sync.Mutex
	began time.Time
	jobs  map[uuid.UUID]entry
	bad   map[string]entry // ids that are none

	counts
}

// counts tells of the ids that were asked for, each once.
type counts struct {
	Asked int
	// Succeeded, Failed and Errored are those that have their line.
	Succeeded, Failed, Errored int
	// GaveUp are those that this run gave up.
	GaveUp int
	// Skipped are those that had their line before this run, SkippedBad those of
	// them without success, SkippedErrored those of these without a response.
	Skipped, SkippedBad, SkippedErrored int
	// Repeated is how often an id stood there again; Asked does not count it.
	Repeated int
}

// waiting is how many have not ended, as far as this run knows.
func (c counts) waiting() int { return c.Asked - c.Succeeded - c.Failed - c.Errored - c.GaveUp }

type entry struct {
	running uint32 // when last seen running, in milliseconds after the beginning; 0: never
	outcome byte   // of the line, the first letter's; 0: none
	asked   bool
}

func newRoster() *roster {
	return &roster{began: time.Now(), jobs: map[uuid.UUID]entry{}, bad: map[string]entry{}}
}

const idLength = len("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")

// parseID takes ids as the library does, in any letter case.
func parseID(id string) (uuid.UUID, bool) {
	parsed, err := uuid.Parse(id)
	return parsed, err == nil && len(id) == idLength
}

func (r *roster) get(id string) entry {
	if parsed, ok := parseID(id); ok {
		return r.jobs[parsed]
	}
	return r.bad[id]
}

func (r *roster) set(id string, e entry) {
	if parsed, ok := parseID(id); ok {
		r.jobs[parsed] = e
	} else {
		r.bad[strings.Clone(id)] = e
	}
}

// has notes a line from an earlier run.
func (r *roster) has(id string, outcome resultlog.Outcome) {
	r.set(id, entry{outcome: outcome[0]})
}

// ask notes that an id is asked for. The result is whether it is to be waited
// for: it is not if that is being done already, or if it has its line.
func (r *roster) ask(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.get(id)
	if e.asked {
		r.Repeated++
		return false
	}
	e.asked = true
	r.set(id, e)
	r.Asked++
	if e.outcome == 0 {
		return true
	}
	r.Skipped++
	if e.outcome != resultlog.OutcomeSuccess[0] {
		r.SkippedBad++
	}
	if e.outcome == resultlog.OutcomeError[0] {
		r.SkippedErrored++
	}
	r.count(e.outcome)
	return false
}

func (r *roster) count(outcome byte) {
	switch outcome {
	case resultlog.OutcomeSuccess[0]:
		r.Succeeded++
	case resultlog.OutcomeFail[0]:
		r.Failed++
	default:
		r.Errored++
	}
}

// ended notes that an id has its line now.
func (r *roster) ended(outcome resultlog.Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(outcome[0])
}

// gaveUp notes that an id is not waited for any longer.
func (r *roster) gaveUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.GaveUp++
}

// standing is how it stands.
func (r *roster) standing() counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts
}

// saw notes that jobs were running at a time.
func (r *roster) saw(at time.Time, ids ...uuid.UUID) {
	running := uint32(max(0, at.Sub(r.began).Milliseconds())) + 1
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		if e, ok := r.jobs[id]; ok {
			e.running = max(e.running, running)
			r.jobs[id] = e
		}
	}
}

// lastSeen is how long ago a job was seen running, if it was.
func (r *roster) lastSeen(id uuid.UUID) (time.Duration, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.jobs[id]
	if e.running == 0 {
		return 0, false
	}
	return max(0, time.Since(r.began)-time.Duration(e.running-1)*time.Millisecond), true
}
