package edentest

import (
	"math"
	"time"

	"github.com/google/uuid"
)

// Never is the duration of a job that does not end: Script{After: Never}, or
// Workload{Durations: Fixed(Never)}.
const Never time.Duration = math.MaxInt64

// A job is small, since there can be a million. Long texts are in a Script, or are drawn
// from the seed again for each answer.
type job struct {
	id      uuid.UUID
	created time.Duration // since New, as all times here
	ends    time.Duration // Never if it does not
	shown   time.Duration // 1 + when a GET first showed its end; 0: not yet
	script  *Script       // nil: drawn from a Workload
	seq     int32         // its place among the jobs of the account
	bytes   int32         // approximate size of a drawn output
	asked   uint32        // requests that named it
	service uint8         // index into services
	marks   mark
}

// A mark is something that is so or not so of a job. Marks share a byte.
type mark uint8

const (
	failed  mark = 1 << iota
	foreign      // another user's
	deleted
	stuck // the list shows it as running forever
	seen  // a GET has shown it
)

// is tells whether the job bears the mark.
func (j *job) is(m mark) bool { return j.marks&m != 0 }

// set puts the mark on the job if on is true, or else takes it away.
func (j *job) set(m mark, on bool) {
	if on {
		j.marks |= m
	} else {
		j.marks &^= m
	}
}

// ended tells whether the job has ended as seen at the moment at.
func (j *job) ended(at time.Duration) bool {
	if at < j.ends || j.ends == Never {
		return false
	}
	if j.script == nil || j.script.RevertAfter <= 0 {
		return true
	}
	back := after(j.ends, j.script.RevertAfter)
	return at < back || j.script.RerunFor > 0 && at >= after(back, j.script.RerunFor)
}

// after adds two durations without passing Never.
func after(t, d time.Duration) time.Duration {
	if d > Never-t {
		return Never
	}
	return t + d
}

func (j *job) status(at time.Duration) string {
	switch {
	case !j.ended(at):
		return "processing"
	case j.script != nil && j.script.Status != "":
		return j.script.Status
	case j.is(failed):
		return "fail"
	}
	return "success"
}

// listedStatus returns the status that the list of the moment at shows.
func (j *job) listedStatus(at time.Duration) string {
	if j.is(stuck) {
		return "processing"
	}
	return j.status(at)
}

// names returns the service with the feature, subfeature, provider and model
// that the job shows.
func (j *job) names() *service {
	if j.script == nil {
		return &services[j.service]
	}
	return &service{
		feature:    j.script.Feature,
		subfeature: j.script.Subfeature,
		provider:   j.script.Provider,
		model:      j.script.Model,
	}
}
