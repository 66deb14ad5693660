package main

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/ids"
	"github.com/edenwait/edenwait/cmd/edenwait/internal/resultlog"
)

// jobTable has every id of this run, and every id that has a line from an earlier run.
// Nothing else grows with the batch, so an entry is small: sixteen bytes of key and
// eight of value per job.
type jobTable struct {
	mu    sync.Mutex
	began time.Time
	jobs  map[uuid.UUID]entry
	bad   map[string]entry // malformed ids

	prices []price // of earlier results, each once
	index  map[price]uint32

	counts
}

// counts counts the ids of this run, each once.
type counts struct {
	Total int
	// Succeeded, Failed and Errored have their line.
	Succeeded, Failed, Errored int
	// GaveUp were given up by this run. Unknown got a 404 while no job was known.
	GaveUp, Unknown int
	// Unwritten have ended, but nobody has read their line.
	Unwritten int
	// Skipped had their line before this run. SkippedBad are those of them without
	// success, and SkippedErrored those without a response.
	Skipped, SkippedBad, SkippedErrored int
	// Repeated counts the duplicates, which Total does not.
	Repeated int
}

// waiting is how many have not ended yet.
func (c counts) waiting() int {
	return c.Total - c.Succeeded - c.Failed - c.Errored - c.GaveUp - c.Unknown - c.Unwritten
}

// price is the cost of an earlier result, and its provider.
type price struct {
	provider string
	cost     edenwait.Cost
}

type entry struct {
	price   uint32 // index of an earlier result's price
	running uint32 // when the job was last seen running, in milliseconds since the start plus 1; 0: never
	outcome byte   // first letter of the line's outcome; 0: no line
	wanted  bool
}

func newJobTable() *jobTable {
	return &jobTable{began: time.Now(), jobs: map[uuid.UUID]entry{}, bad: map[string]entry{}, index: map[price]uint32{}}
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
	if _, ok := ids.Parse(e.ID); !ok {
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
func (r *jobTable) failed(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.get(id)
	return e.outcome != 0 && e.outcome != resultlog.OutcomeSuccess[0]
}

// sample returns up to n of the ids that have no line, at random.
func (r *jobTable) sample(n int) (ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, e := range r.jobs {
		if len(ids) == n {
			break
		}
		if e.wanted && e.outcome == 0 {
			ids = append(ids, id.String())
		}
	}
	return ids
}

// contains reports whether one of the ids is in this run.
func (r *jobTable) contains(ids ...uuid.UUID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(ids, func(id uuid.UUID) bool { return r.jobs[id].wanted })
}

// add adds an id to this run. It returns whether to wait for it: not if it is a
// duplicate, nor if it has a line from an earlier run. Then earlier is the price in that
// line.
func (r *jobTable) add(id string) (wait bool, earlier *price) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.get(id)
	if e.wanted {
		r.Repeated++
		return false, nil
	}
	e.wanted = true
	r.set(id, e)
	r.Total++
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

func (r *jobTable) count(outcome byte) {
	switch outcome {
	case resultlog.OutcomeSuccess[0]:
		r.Succeeded++
	case resultlog.OutcomeFail[0]:
		r.Failed++
	default:
		r.Errored++
	}
}

// ended counts an id that has its line now.
func (r *jobTable) ended(outcome resultlog.Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(outcome[0])
}

// gaveUp counts an id that this run gave up.
func (r *jobTable) gaveUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.GaveUp++
}

// unwritten counts an id whose line nobody has read.
func (r *jobTable) unwritten() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Unwritten++
}

// unknown counts ids that got a 404 while no job was known.
func (r *jobTable) unknown(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Unknown += n
}

// snapshot returns the counts as they are now.
func (r *jobTable) snapshot() counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts
}

// sawRunning records that jobs were running at a time.
func (r *jobTable) sawRunning(at time.Time, ids ...uuid.UUID) {
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

// lastSeen returns how long ago a job was last seen running, and whether it ever was.
func (r *jobTable) lastSeen(id uuid.UUID) (time.Duration, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.jobs[id]
	if e.running == 0 {
		return 0, false
	}
	return max(0, time.Since(r.began)-time.Duration(e.running-1)*time.Millisecond), true
}
