package edentest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// get answers GET of one job.
func (a *API) get(x *exchange) {
	j := a.lookUp(x)
	if j == nil {
		return
	}
	at := x.now - a.opts.GetLag
	if x.other {
		j = a.jobs.another(j)
	} else {
		x.ended = j.ended(at)
		x.running = !x.ended
	}
	x.ans.json(http.StatusOK, a.enc.job(nil, j, at, x.skew))
}

// lookUp returns the job that the request names, or answers that it does not exist.
func (a *API) lookUp(x *exchange) *job {
	if _, err := uuid.Parse(x.req.JobID); err != nil {
		x.ans.invalidID()
		return nil
	}
	if x.job < 0 || !a.jobs.visible(&a.jobs.jobs[x.job], x.now) {
		x.ans.detail(http.StatusNotFound, "Job not found")
		return nil
	}
	return &a.jobs.jobs[x.job]
}

// remove answers DELETE of one job. (unsure) whether the live service says 204
// or 200 on success.
func (a *API) remove(x *exchange) {
	j := a.lookUp(x)
	if j == nil {
		return
	}
	if !j.ended(x.now) {
		x.ans.detail(http.StatusConflict, "Job is still processing")
		return
	}
	a.jobs.drop(j, x.now)
	x.ans.Status = http.StatusNoContent
}

// list answers GET of the job list.
func (a *API) list(x *exchange) {
	if code := a.opts.ListStatus; code != 0 {
		x.ans.detail(code, http.StatusText(code))
		x.ans.finish("")
		return
	}
	f, problems := parseFilter(x.query)
	if problems != nil {
		x.ans.unprocessable(problems...)
		return
	}
	if most := a.opts.ListPageSize; most > 0 {
		f.limit = min(f.limit, most)
	}
	skip := min(f.page-1, len(a.jobs.jobs)) * f.limit // a page far away would overflow
	at := x.now - x.lag
	b := make([]byte, 0, 8<<10)
	b = append(b, `{"items":[`...)
	first := true
	total := a.jobs.page(&f, at, skip, func(j *job) {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = a.enc.summary(b, j, at, x.skew)
	})
	b = append(b, ']')
	if !a.opts.ListNoTotals {
		b = append(b, `,"total":`...)
		b = strconv.AppendInt(b, int64(total), 10)
	}
	b = append(b, `,"page":`...)
	b = strconv.AppendInt(b, int64(f.page), 10)
	b = append(b, `,"limit":`...)
	b = strconv.AppendInt(b, int64(f.limit), 10)
	if !a.opts.ListNoTotals {
		// (unsure) An empty list has no pages here; it might as well have one.
		b = append(b, `,"total_pages":`...)
		b = strconv.AppendInt(b, int64((total+f.limit-1)/f.limit), 10)
	}
	x.ans.json(http.StatusOK, append(b, '}'))
}

// post answers POST of a new job.
func (a *API) post(x *exchange) {
	s, problems := parseSubmission(x.body, a.opts.Webhooks != nil && a.opts.Webhooks.AllowInsecure)
	if problems != nil {
		x.ans.unprocessable(problems...)
		return
	}

	var script Script
	if a.opts.OnSubmit != nil {
		script = a.opts.OnSubmit(s)
	} else {
		script = a.opts.Workload.script(a.draws)
	}
	parts := strings.SplitN(s.Model, "/", 4)
	defaultTo(&script.Feature, parts[0])
	defaultTo(&script.Subfeature, parts[1])
	defaultTo(&script.Provider, parts[2])
	if len(parts) == 4 {
		defaultTo(&script.Model, parts[3])
	}
	if s.ShowOriginalResponse && script.OriginalResponse == nil {
		script.OriginalResponse = json.RawMessage(`{"provider_says":"done"}`)
	}
	defaultTo(&script.WebhookReceiver, s.WebhookReceiver)
	if script.UserWebhookParameters == nil {
		script.UserWebhookParameters = s.UserWebhookParameters
	}
	i, err := a.jobs.submit(script, x.now)
	if err != nil {
		// To panic would end a server's connection, and be seen by nobody who
		// reads the records.
		x.ans.detail(http.StatusInternalServerError, "edentest: OnSubmit returned a Script that cannot be used: "+err.Error())
		return
	}
	x.job = i
	a.announce(i)
	j := &a.jobs.jobs[i]
	x.req.JobID = j.id.String()
	at := x.now - a.opts.GetLag
	x.running = !j.ended(at)
	x.ans.json(http.StatusAccepted, a.enc.job(nil, j, at, x.skew))
}
