package edentest

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// An encoder writes jobs as the service shows them.
type encoder struct {
	seed  uint64
	start time.Time // of the account's clock
}

// job appends the job as GET shows it.
func (e encoder) job(b []byte, j *job, at, skew time.Duration) []byte {
	status := j.status(at)
	ended := j.ended(at)
	s := j.script
	if ended && s != nil && s.Body != nil {
		return append(b, s.Body...)
	}
	if s == nil {
		s = &Script{}
	}
	rng := rand.New(rand.NewPCG(e.seed, uint64(j.seq)+1<<32))
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
	b = appendNames(b, j)
	b = append(b, `,"created_at":`...)
	b = e.appendCreated(b, j, skew)
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
func (e encoder) summary(b []byte, j *job, at, skew time.Duration) []byte {
	b = append(b, `{"public_id":"`...)
	b = appendID(b, j.id)
	b = append(b, `","status":`...)
	b = appendString(b, j.listedStatus(at))
	b = append(b, ',')
	b = appendNames(b, j)
	b = append(b, `,"created_at":`...)
	b = e.appendCreated(b, j, skew)
	return append(b, '}')
}

func appendNames(b []byte, j *job) []byte {
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
func (e encoder) appendCreated(b []byte, j *job, skew time.Duration) []byte {
	if j.script != nil && j.script.CreatedAt != "" {
		return appendString(b, j.script.CreatedAt)
	}
	layouts := [...]string{
		`"2006-01-02T15:04:05.000000Z"`,
		`"2006-01-02T15:04:05.000000+00:00"`,
		`"2006-01-02T15:04:05Z"`,
	}
	return e.start.Add(j.created+skew).UTC().AppendFormat(b, layouts[int(j.id[15])%len(layouts)])
}
