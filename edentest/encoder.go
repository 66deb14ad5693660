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
	rng := e.draws(j)
	b = append(b, `{"public_id":"`...)
	b = appendID(b, j.id)
	b = append(b, `","status":`...)
	b = appendString(b, status)
	b = append(b, `,"cost":`...)
	if ended {
		b = appendCost(b, s, status, rng)
	} else {
		b = append(b, `"0"`...)
	}
	b = append(b, ',')
	b = appendNames(b, j)
	b = append(b, `,"created_at":`...)
	b = e.appendCreated(b, j, skew)
	b = append(b, `,"output":`...)
	if ended {
		b = appendOutput(b, j, s, status, rng)
	} else {
		b = append(b, "null"...)
	}
	if ended && (s.Error != nil || status == "fail") {
		b = append(b, `,"error":`...)
		b = appendError(b, s, rng)
	}
	b = append(b, `,"original_response":`...)
	if ended && s.OriginalResponse != nil {
		b = append(b, s.OriginalResponse...)
	} else {
		b = append(b, "null"...)
	}
	return append(b, '}')
}

// event appends what a receiver is told of the job, which has ended.
func (e encoder) event(b []byte, j *job) []byte {
	s := j.script
	if s == nil {
		s = &Script{}
	}
	status := j.status(j.ends)
	rng := e.draws(j)
	b = append(b, `{"event":"async_job_completed","job_id":"`...)
	b = appendID(b, j.id)
	b = append(b, `","status":`...)
	b = appendString(b, status)
	b = append(b, ',')
	b = appendNames(b, j)
	b = append(b, `,"created_at":`...)
	b = e.appendCreated(b, j, 0)
	b = append(b, `,"finished_at":`...)
	b = e.appendTime(b, j, j.ends)
	b = appendCost(b, s, status, rng)[:len(b)] // only drawn, so that what follows is as in the GET
	if status == "fail" {
		b = append(b, `,"error":`...)
		b = appendError(b, s, rng)
	} else {
		b = append(b, `,"output":`...)
		b = appendOutput(b, j, s, status, rng)
	}
	if s.OriginalResponse != nil {
		b = append(b, `,"original_response":`...)
		b = append(b, s.OriginalResponse...)
	}
	if s.UserWebhookParameters != nil {
		b = append(b, `,"user_parameters":`...)
		b = append(b, s.UserWebhookParameters...)
	}
	return append(b, '}')
}

// draws is where the job's cost, output and error are drawn from, in this order,
// each time that somebody asks for them.
func (e encoder) draws(j *job) *rand.Rand {
	return rand.New(rand.NewPCG(e.seed, uint64(j.seq)+1<<32))
}

func appendCost(b []byte, s *Script, status string, rng *rand.Rand) []byte {
	switch {
	case s.Cost != nil:
		return append(b, s.Cost...)
	case status == "success":
		b = append(b, `"0.`...)
		b = strconv.AppendInt(b, 100000+rng.Int64N(900000), 10)
		return append(b, '"')
	}
	return append(b, `"0"`...)
}

func appendOutput(b []byte, j *job, s *Script, status string, rng *rand.Rand) []byte {
	switch {
	case s.Output != nil:
		return append(b, s.Output...)
	case status == "success":
		return services[j.service].appendOutput(b, rng, int(j.bytes))
	}
	return append(b, "null"...)
}

func appendError(b []byte, s *Script, rng *rand.Rand) []byte {
	if s.Error != nil {
		return append(b, s.Error...)
	}
	return append(b, failures[rng.IntN(len(failures))]...)
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

// appendCreated writes created_at.
func (e encoder) appendCreated(b []byte, j *job, skew time.Duration) []byte {
	if j.script != nil && j.script.CreatedAt != "" {
		return appendString(b, j.script.CreatedAt)
	}
	return e.appendTime(b, j, j.created+skew)
}

// appendTime writes a time in one of the forms that are seen, always the same for
// one job.
func (e encoder) appendTime(b []byte, j *job, at time.Duration) []byte {
	layouts := [...]string{
		`"2006-01-02T15:04:05.000000Z"`,
		`"2006-01-02T15:04:05.000000+00:00"`,
		`"2006-01-02T15:04:05Z"`,
	}
	return e.start.Add(at).UTC().AppendFormat(b, layouts[int(j.id[15])%len(layouts)])
}
