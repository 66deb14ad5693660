package edentest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// A Submission is the body of a POST, as Options.OnSubmit sees it.
type Submission struct {
	Model                 string          `json:"model"` // feature/subfeature/provider[/model]
	Input                 json.RawMessage `json:"input"`
	Fallbacks             []string        `json:"fallbacks"`
	ProviderParams        json.RawMessage `json:"provider_params"`
	ShowOriginalResponse  bool            `json:"show_original_response"`
	WebhookReceiver       string          `json:"webhook_receiver"`
	UserWebhookParameters json.RawMessage `json:"user_webhook_parameters"`
}

// post answers POST of a new job. No webhook is called.
func (a *API) post(x *exchange) {
	var s Submission
	if err := json.Unmarshal(x.body, &s); err != nil {
		x.unprocessable(problem{[]string{"body"}, "JSON decode error: " + err.Error(), "json_invalid"})
		return
	}
	var problems []problem
	parts := strings.SplitN(s.Model, "/", 4)
	switch {
	case s.Model == "":
		problems = append(problems, problem{[]string{"body", "model"}, "Field required", "missing"})
	case !wellFormed(s.Model):
		problems = append(problems, problem{[]string{"body", "model"}, "Value error, model must be feature/subfeature/provider[/model] of an async feature", "value_error"})
	}
	if s.Input == nil {
		problems = append(problems, problem{[]string{"body", "input"}, "Field required", "missing"})
	}
	if len(s.Fallbacks) > 3 {
		problems = append(problems, problem{[]string{"body", "fallbacks"}, "List should have at most 3 items after validation", "too_long"})
	}
	for _, f := range s.Fallbacks {
		if !wellFormed(f) {
			problems = append(problems, problem{[]string{"body", "fallbacks"}, "Value error, a fallback must be feature/subfeature/provider[/model] of an async feature", "value_error"})
			break
		}
	}
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
	defaultTo(&script.Feature, parts[0])
	defaultTo(&script.Subfeature, parts[1])
	defaultTo(&script.Provider, parts[2])
	if len(parts) == 4 {
		defaultTo(&script.Model, parts[3])
	}
	if s.ShowOriginalResponse && script.OriginalResponse == nil {
		script.OriginalResponse = json.RawMessage(`{"provider_says":"done"}`)
	}
	x.job = a.submit(script)
	j := &a.jobs[x.job]
	x.req.JobID = j.id.String()
	x.json(http.StatusAccepted, a.render(nil, j, x.now, x.skew))
}

func wellFormed(model string) bool {
	parts := strings.SplitN(model, "/", 4)
	if len(parts) < 3 || serviceFor(parts[0], parts[1]) < 0 {
		return false
	}
	for _, p := range parts[2:] {
		if p == "" {
			return false
		}
	}
	return true
}
