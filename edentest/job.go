package edentest

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// A job is small, since there can be a million: what is long is either in a
// Script or drawn from the seed again each time somebody asks for it.
type job struct {
	id      uuid.UUID
	created time.Duration // since New, as all times here
	ends    time.Duration // Never if it does not
	shown   time.Duration // 1 + when a GET first showed its end; 0: not yet
	script  *Script       // nil: drawn from a World
	seq     int32         // its place in API.jobs
	bytes   int32         // approximate size of a drawn output
	asked   uint32        // requests that named it
	service uint8         // index into services
	failed  bool
	foreign bool
	deleted bool
}

// ended tells whether the job has ended as seen at the moment at.
func (j *job) ended(at time.Duration) bool {
	if at < j.ends || j.ends == Never {
		return false
	}
	if j.script == nil || j.script.Reverts <= 0 {
		return true
	}
	back := after(j.ends, j.script.Reverts)
	return at < back || j.script.Rerun > 0 && at >= after(back, j.script.Rerun)
}

// gone tells whether the results of the job are no longer kept.
func (a *API) gone(j *job, at time.Duration) bool {
	return a.opts.Retention > 0 && j.ends != Never && at >= after(j.ends, a.opts.Retention)
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
	case j.failed:
		return "fail"
	}
	return "success"
}

// add lists the job, gives it an id unless it has one, and returns its index.
func (a *API) add(j job) int {
	j.seq = int32(len(a.jobs))
	if j.id == (uuid.UUID{}) {
		j.id = a.newID()
	}
	a.jobs = append(a.jobs, j)
	a.index[j.id] = j.seq
	if int(j.seq)/blockSize == len(a.blocks) {
		a.blocks = append(a.blocks, block{})
	}
	a.disturb(j.seq)
	return int(j.seq)
}

func (a *API) newID() uuid.UUID {
	var id uuid.UUID
	for i, n := 0, a.ids.Uint64(); i < 8; i, n = i+1, n>>8 {
		id[i] = byte(n)
	}
	for i, n := 8, a.ids.Uint64(); i < 16; i, n = i+1, n>>8 {
		id[i] = byte(n)
	}
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return id
}

// render appends the job as GET shows it.
func (a *API) render(b []byte, j *job, at, skew time.Duration) []byte {
	status := j.status(at)
	ended := j.ended(at)
	s := j.script
	if ended && s != nil && s.Body != nil {
		return append(b, s.Body...)
	}
	if s == nil {
		s = &Script{}
	}
	rng := rand.New(rand.NewPCG(a.opts.Seed, uint64(j.seq)+1<<32))
	b = append(b, `{"public_id":"`...)
	b = appendID(b, j.id)
	b = append(b, `","status":`...)
	b = appendString(b, status)
	b = append(b, `,"cost":`...)
	switch {
	case !ended:
		b = append(b, `"0"`...)
	case s.Cost != nil:
		b = append(b, s.Cost...)
	case status == "success":
		b = append(b, `"0.`...)
		b = strconv.AppendInt(b, 100000+rng.Int64N(900000), 10)
		b = append(b, '"')
	default:
		b = append(b, `"0"`...)
	}
	b = append(b, ',')
	b = a.appendNames(b, j)
	b = append(b, `,"created_at":`...)
	b = a.appendCreated(b, j, skew)
	b = append(b, `,"output":`...)
	switch {
	case !ended:
		b = append(b, "null"...)
	case s.Output != nil:
		b = append(b, s.Output...)
	case status == "success":
		b = services[j.service].appendOutput(b, rng, int(j.bytes))
	default:
		b = append(b, "null"...)
	}
	switch {
	case !ended:
	case s.Error != nil:
		b = append(b, `,"error":`...)
		b = append(b, s.Error...)
	case status == "fail":
		b = append(b, `,"error":`...)
		b = append(b, failures[rng.IntN(len(failures))]...)
	}
	b = append(b, `,"original_response":`...)
	if ended && s.OriginalResponse != nil {
		b = append(b, s.OriginalResponse...)
	} else {
		b = append(b, "null"...)
	}
	return append(b, '}')
}

// summary appends the job as the list shows it.
func (a *API) summary(b []byte, j *job, at, skew time.Duration) []byte {
	b = append(b, `{"public_id":"`...)
	b = appendID(b, j.id)
	b = append(b, `","status":`...)
	b = appendString(b, j.status(at))
	b = append(b, ',')
	b = a.appendNames(b, j)
	b = append(b, `,"created_at":`...)
	b = a.appendCreated(b, j, skew)
	return append(b, '}')
}

func (a *API) appendNames(b []byte, j *job) []byte {
	v := j.names()
	b = append(b, `"feature":`...)
	b = appendString(b, v.feature)
	b = append(b, `,"subfeature":`...)
	b = appendString(b, v.subfeature)
	b = append(b, `,"provider":`...)
	b = appendString(b, v.provider)
	b = append(b, `,"model":`...)
	if v.model == "" {
		return append(b, "null"...)
	}
	return appendString(b, v.model)
}

// appendCreated writes created_at in one of the forms that are seen, always the
// same for one job.
func (a *API) appendCreated(b []byte, j *job, skew time.Duration) []byte {
	if j.script != nil && j.script.CreatedAt != "" {
		return appendString(b, j.script.CreatedAt)
	}
	layouts := [...]string{
		`"2006-01-02T15:04:05.000000Z"`,
		`"2006-01-02T15:04:05.000000+00:00"`,
		`"2006-01-02T15:04:05Z"`,
	}
	return a.start.Add(j.created+skew).UTC().AppendFormat(b, layouts[int(j.id[15])%len(layouts)])
}

func appendID(b []byte, id uuid.UUID) []byte {
	var text [36]byte
	const digits = "0123456789abcdef"
	k := 0
	for i, v := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text[k] = '-'
			k++
		}
		text[k], text[k+1] = digits[v>>4], digits[v&15]
		k += 2
	}
	return append(b, text[:]...)
}

func appendString(b []byte, s string) []byte {
	for _, c := range []byte(s) {
		if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always marshals
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// get answers GET of one job.
func (a *API) get(x *exchange) {
	j := a.named(x)
	if j == nil {
		return
	}
	if x.other {
		j = a.another(j)
	} else {
		x.ended = j.ended(x.now)
	}
	x.json(http.StatusOK, a.render(nil, j, x.now, x.skew))
}

// named returns the job that the request names, or answers that there is none.
func (a *API) named(x *exchange) *job {
	if _, err := uuid.Parse(x.req.JobID); err != nil {
		x.invalidID()
		return nil
	}
	if x.job < 0 || !a.visible(&a.jobs[x.job], x.now) {
		x.detail(http.StatusNotFound, "Job not found")
		return nil
	}
	return &a.jobs[x.job]
}

// visible tells whether GET knows the job.
func (a *API) visible(j *job, at time.Duration) bool {
	return !j.deleted && at >= after(j.created, a.opts.NotFoundFor) && !a.gone(j, at)
}

// remove answers DELETE of one job. (unsure) whether the live service says 204
// or 200 on success.
func (a *API) remove(x *exchange) {
	j := a.named(x)
	if j == nil {
		return
	}
	if !j.ended(x.now) {
		x.detail(http.StatusConflict, "Job is still processing")
		return
	}
	a.drop(j, x.now)
	x.ans.Status = http.StatusNoContent
}

func (a *API) drop(j *job, now time.Duration) {
	if !j.deleted {
		j.deleted = true
		a.deleted[j.seq] = now
		a.disturb(j.seq)
	}
}

// Delete removes the job, running or not, as if another client of the account
// had deleted it. GET knows it no longer; the list forgets it after
// Options.ListLag. An unknown id is ignored.
func (a *API) Delete(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i, ok := a.find(id); ok {
		a.drop(&a.jobs[i], a.now())
	}
}

// Finish has the job end now, the way it would have ended later: for a test that
// decides for itself when, such as after it has seen the job run. A job that has
// ended, or an id that is unknown, is left as it is.
func (a *API) Finish(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i, ok := a.find(id); ok && a.jobs[i].ends > a.now() {
		a.jobs[i].ends = a.now()
		a.disturb(i)
	}
}

// EndedAt returns when the job ends or has ended: the truth, whatever a client
// has been told. It returns false if the job never ends or is unknown.
func (a *API) EndedAt(id string) (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, ok := a.find(id)
	if !ok || a.jobs[i].ends == Never {
		return time.Time{}, false
	}
	return a.start.Add(a.jobs[i].ends), true
}

// another returns a job with an id that is not j's.
func (a *API) another(j *job) *job {
	if len(a.jobs) > 1 {
		return &a.jobs[(int(j.seq)+1)%len(a.jobs)]
	}
	twin := *j
	twin.id[0] ^= 1
	return &twin
}
