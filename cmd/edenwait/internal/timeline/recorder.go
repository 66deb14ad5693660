// Package timeline draws a batch: when its jobs ran, when they were polled, and when
// their results came.
package timeline

import (
	"sync"
	"time"

	"github.com/google/uuid"
)

// Recorder collects what there is to draw. It grows with every request, so there is
// none unless a picture is wanted. A nil Recorder records nothing.
type Recorder struct {
	mu    sync.Mutex
	began time.Time
	rows  map[uuid.UUID]int32
	jobs  []job

	requests []request
}

// job is a row of the picture. Times are since the beginning of the batch.
type job struct {
	from, known time.Duration
	ended       bool
	failed      bool
}

// request is a GET of a job or of a list page. Its row is the job's row, or list.
type request struct {
	at  time.Duration
	row int32
}

const list = -1

// NewRecorder returns a Recorder whose batch begins now.
func NewRecorder() *Recorder {
	return &Recorder{began: time.Now(), rows: map[uuid.UUID]int32{}}
}

// Taken notes a job that is waited for from now on.
func (r *Recorder) Taken(id uuid.UUID) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.row(id)
}

// Get notes that the GET of a job begins.
func (r *Recorder) Get(id uuid.UUID) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, request{time.Since(r.began), r.row(id)})
}

// List notes that the GET of a list page begins.
func (r *Recorder) List() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, request{time.Since(r.began), list})
}

// Ended notes that the result of a job has come, and when it was submitted if that
// is known.
func (r *Recorder) Ended(id uuid.UUID, created time.Time, failed bool) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	j := &r.jobs[r.row(id)]
	j.ended, j.failed = true, failed
	j.known = time.Since(r.began)
	if !created.IsZero() {
		j.from = min(created.Sub(r.began), j.known)
	}
}

func (r *Recorder) row(id uuid.UUID) int32 {
	row, ok := r.rows[id]
	if !ok {
		row = int32(len(r.jobs))
		r.rows[id] = row
		r.jobs = append(r.jobs, job{from: time.Since(r.began)})
	}
	return row
}
