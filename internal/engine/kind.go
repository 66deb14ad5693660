package engine

import (
	"math"
	"time"

	"github.com/edenwait/edenwait/internal/durations"
)

// JobKind is what ran, as the API names it. Its zero value is unknown.
type JobKind struct{ Feature, Subfeature, Provider, Model string }

// history is what has been learned of jobs by their kind: how long they last, and
// how many of their ends hints tell. It lives as long as the Engine.
type history struct {
	durations *durations.Model
	kinds     []kindHistory // by durations.Kind

	right, wrong float64 // recent hints
}

type kindHistory struct {
	ends     float32       // seen
	oldest   time.Duration // age of an end that was seen
	told     float32       // ends that a hint told, of the last ones
	unhinted float32       // and that none did
	misses   uint8         // in a row
}

const (
	// learnedEnds is how many ends make the durations of a kind known: the delay
	// between two looks at its jobs may then grow beyond mostDelay.
	learnedEnds = 20
	// rememberedTold is how many recent ends the reliability of hints is computed from.
	rememberedTold = 120
	// missingFactor is how much more often than the ends say a hint is taken to be missing.
	missingFactor = 1.2
	// Where fewer ends than this share come without a hint, hints replace looking. The
	// gaps then grow faster than the share alone says, up to their bound.
	fewMissing  = 0.24
	leastUntold = 1e-4
	// mayBeWrong is how many false hints say nothing of the others yet.
	mayBeWrong = 3
	// priorWeight is how many ends it is worth what other kinds show; without any, that
	// no hint comes.
	priorWeight = 0.25
	// A first GET that finds the job ended says little about how long it lasted,
	// unless the job is young.
	youngEnd = 10 * time.Second
	// ageUnit is the unit of job.began.
	ageUnit = time.Second / 10
	// maxAge is how long ago a job can have been created: results are kept for a week.
	maxAge = 8 * 24 * time.Hour
)

func newHistory() history {
	return history{durations: durations.New(), kinds: make([]kindHistory, 1)}
}

func (h *history) at(k durations.Kind) *kindHistory {
	for int(k) >= len(h.kinds) {
		h.kinds = append(h.kinds, kindHistory{})
	}
	return &h.kinds[k]
}

// learned reports whether enough is known of how long jobs of the kind last.
func (h *history) learned(k durations.Kind) bool { return h.at(k).ends >= learnedEnds }

// learnedAt reports whether that goes for jobs that have lasted so long.
func (h *history) learnedAt(k durations.Kind, age time.Duration) bool {
	return h.learned(k) && age <= h.at(k).oldest
}

// untold is the share of the ends of a kind that no hint will tell, as far as is
// known. It is 1 where hints have told none, 1/2 at least after an end that none
// did, 1 while many hints are false, and leastUntold at least.
func (h *history) untold(k durations.Kind) float64 {
	if h.mostlyWrong() {
		return 1 // an end may have been hinted by chance
	}
	share := h.missing(k)
	if share < fewMissing {
		share *= share / fewMissing
	}
	return min(max(share, 1-math.Exp2(-float64(h.at(k).misses)), leastUntold), 1)
}

// mostlyWrong reports whether a third of the hints or more are false.
func (h *history) mostlyWrong() bool { return h.wrong > mayBeWrong+h.right/2 }

// missing estimates the share of ends without a hint.
func (h *history) missing(k durations.Kind) float64 { return missingFactor * h.missingBeside(k, 0, 0) }

// missingBeside estimates it from all ends of the kind but those counted already. The
// prior is what the parent shows beside this kind: an end must not count at each level.
func (h *history) missingBeside(k durations.Kind, unhinted, told float32) float64 {
	kind := *h.at(k)
	prior := 1.0
	if k != 0 {
		prior = h.missingBeside(h.durations.Parent(k), kind.unhinted, kind.told)
	}
	u, t := float64(max(kind.unhinted-unhinted, 0)), float64(max(kind.told-told, 0))
	return (u + priorWeight*prior) / (u + t + priorWeight)
}

// hinted records whether a hint was right, or takes back that it was wrong.
func (h *history) hinted(right, wrong float64) {
	if h.right+h.wrong >= rememberedTold {
		h.right, h.wrong = h.right*0.75, h.wrong*0.75
	}
	h.right, h.wrong = h.right+right, max(h.wrong+wrong, 0)
}

// record records whether a hint told the end of a job of the kind.
func (h *history) record(k durations.Kind, told bool) {
	for {
		kind := h.at(k)
		if kind.told+kind.unhinted >= rememberedTold {
			kind.told *= 0.75
			kind.unhinted *= 0.75
		}
		if told {
			kind.told, kind.misses = kind.told+1, 0
		} else {
			kind.unhinted, kind.misses = kind.unhinted+1, min(kind.misses+1, 100)
		}
		if k == 0 {
			return
		}
		k = h.durations.Parent(k)
	}
}

// credit records that the hint for an end that none had told has come after all.
func (h *history) credit(k durations.Kind) {
	for {
		kind := h.at(k)
		kind.unhinted = max(kind.unhinted-1, 0)
		kind.told, kind.misses = kind.told+1, 0
		if k == 0 {
			return
		}
		k = h.durations.Parent(k)
	}
}

// identify records a job's kind, and how old it was when an answer said so. An age
// that would have the job created after its first wait began comes from a clock
// that is wrong, and is ignored.
func (e *Engine) identify(job *job, kind *JobKind, age, now time.Duration) {
	if job.kind != 0 || *kind == (JobKind{}) {
		return
	}
	job.kind = e.history.durations.Kind(kind.Feature, kind.Subfeature, kind.Provider, kind.Model)
	if age > 0 && age < maxAge {
		job.began = min(job.began, int32((now-age)/ageUnit))
	}
}

// age is how old the job is at a time.
func (j *job) age(at time.Duration) time.Duration {
	return max(at-time.Duration(j.began)*ageUnit, 0)
}

// learnRunning records that the job was seen running by a request sent at sent. It
// is called before job.looked changes.
func (e *Engine) learnRunning(j int32, sent time.Duration) {
	job := e.table.jobs.at(j)
	job.toldAfter = 0
	if job.kind == 0 {
		return
	}
	from := e.counted(job)
	if to := durations.Floor(job.age(sent)); to > from {
		e.history.durations.Running(job.kind, from, to)
	}
}

// counted is the age up to which the job has been counted as running.
func (e *Engine) counted(job *job) time.Duration {
	if job.looked == Never {
		return job.age(e.firstSince(job))
	}
	return durations.Floor(job.age(job.looked))
}

// learnEnded records that the job was seen ended by a request sent at sent.
func (e *Engine) learnEnded(job *job, sent time.Duration) {
	if job.kind == 0 {
		return
	}
	from, to := time.Duration(0), job.age(sent)
	if job.looked != Never {
		from = job.age(job.looked)
		e.history.durations.Running(job.kind, e.counted(job), from)
		if job.toldAfter > 0 {
			to = min(to, from+time.Duration(job.toldAfter)*ageUnit)
		}
	} else if to > youngEnd {
		return
	}
	e.history.durations.Ended(job.kind, from, to)
	for k := job.kind; ; k = e.history.durations.Parent(k) {
		kind := e.history.at(k)
		kind.ends++
		kind.oldest = max(kind.oldest, to)
		if k == 0 {
			return
		}
	}
}

// endSighted records when the job is first said to have ended: its GET may come
// later.
func (e *Engine) endSighted(job *job, now time.Duration) {
	if job.looked != Never && job.toldAfter == 0 {
		job.toldAfter = uint16(min((now-job.looked)/ageUnit+1, math.MaxUint16))
	}
}

// firstSince is since when the job has been waited for.
func (e *Engine) firstSince(job *job) time.Duration {
	since := Never
	for w := job.first; w != none; w = e.table.waits.at(w).next {
		since = min(since, e.table.waits.at(w).since)
	}
	return since
}
