package edentest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// post answers POST of a new job. No webhook is called.
func (a *API) post(x *exchange) {
	s, problems := parseSubmission(x.body)
	if problems != nil {
		x.unprocessable(problems...)
		return
	}

	var script Script
	if a.opts.OnSubmit != nil {
		script = a.opts.OnSubmit(s)
	} else {
		script = a.drawScript(a.opts.World)
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
	i, err := a.submit(script, x.now)
	if err != nil {
		// To panic would end a server's connection, and be seen by nobody who
		// reads the records.
		x.detail(http.StatusInternalServerError, "edentest: OnSubmit returned a Script that cannot be used: "+err.Error())
		return
	}
	x.job = i
	j := &a.jobs[i]
	x.req.JobID = j.id.String()
	x.json(http.StatusAccepted, a.render(nil, j, x.now, x.skew))
}
