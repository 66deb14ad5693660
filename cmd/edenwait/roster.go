package main

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
)

// roster knows every id that was asked for, and every id that has its line from
// an earlier run. It is all that grows with the batch, so it is kept small:
// sixteen bytes of key and eight of value a job.
type roster struct {
	mu    sync.Mutex
	began time.Time
	jobs  map[uuid.UUID]entry
	bad   map[string]entry // malformed ids

	prices []price // of earlier results, each once
	index  map[price]uint32

	counts
}

// counts tells of the ids that were asked for, each once.
type counts struct {
	Asked int
	// Succeeded, Failed and Errored are those that have their line.
	Succeeded, Failed, Errored int
	// GaveUp are those that this run gave up, Unknown those that the API does not
	// know where it knows none.
	GaveUp, Unknown int
	// Unwritten are those that have ended, and whose line nobody has read.
	Unwritten int
	// Skipped are those that had their line before this run, SkippedBad those of
	// them without success, SkippedErrored those of these without a response.
	Skipped, SkippedBad, SkippedErrored int
	// Repeated is how often an id stood there again; Asked does not count it.
	Repeated int
}

// waiting is how many have not ended, as far as this run knows.
func (c counts) waiting() int {
	return c.Asked - c.Succeeded - c.Failed - c.Errored - c.GaveUp - c.Unknown - c.Unwritten
}

// price is what an earlier result cost, and whose it was.
type price struct {
	provider string
	cost     edenwait.Cost
}

type entry struct {
	price   uint32 // of an earlier result: its index
	running uint32 // when last seen running, in milliseconds after the beginning; 0: never
	outcome byte   // of the line, the first letter's; 0: none
	asked   bool
}

func newRoster() *roster {
	return &roster{began: time.Now(), jobs: map[uuid.UUID]entry{}, bad: map[string]entry{}, index: map[price]uint32{}}
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

// has notes a line from an earlier run. A malformed id has none to be heeded: it
// is reported each time.
func (r *roster) has(e resultlog.Entry) {
	if _, ok := parseID(e.ID); !ok {
		return
	}
	p := price{e.Provider, e.Cost}
	at, known := r.index[p]
	if !known {
		at = uint32(len(r.prices))
		r.prices, r.index[p] = append(r.prices, p), at
	}
	r.set(e.ID, entry{outcome: e.Outcome[0], price: at})
}

// failed reports whether an id has a line that is not a success.
func (r *roster) failed(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.get(id)
	return e.outcome != 0 && e.outcome != resultlog.OutcomeSuccess[0]
}

// sample returns some of the ids that are waited for, at random.
func (r *roster) sample(n int) (ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, e := range r.jobs {
		if len(ids) == n {
			break
		}
		if e.asked && e.outcome == 0 {
			ids = append(ids, id.String())
		}
	}
	return ids
}

// asks reports whether one of the ids is waited for.
func (r *roster) asks(ids ...uuid.UUID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(ids, func(id uuid.UUID) bool { return r.jobs[id].asked })
}

// ask notes that an id is asked for. The result is whether it is to be waited
// for: it is not if that is being done already, or if it has its line. Of such a
// line, earlier is the price.
func (r *roster) ask(id string) (wait bool, earlier *price) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.get(id)
	if e.asked {
		r.Repeated++
		return false, nil
	}
	e.asked = true
	r.set(id, e)
	r.Asked++
	if e.outcome == 0 {
		return true, nil
	}
	r.Skipped++
	if e.outcome != resultlog.OutcomeSuccess[0] {
		r.SkippedBad++
	}
	if e.outcome == resultlog.OutcomeError[0] {
		r.SkippedErrored++
	}
	r.count(e.outcome)
	return false, &r.prices[e.price]
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

// unwritten notes that the line of an id was not read.
func (r *roster) unwritten() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Unwritten++
}

// unknown notes that ids are not known, and none is.
func (r *roster) unknown(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Unknown += n
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
