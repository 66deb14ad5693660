package edentest

import (
	"bytes"
	"encoding/json"
	"net"
	"net/url"
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

// parseSubmission reads the body of a POST field by field: to unmarshal it whole
// would let other spellings of a name pass, and end with the first mistake. What
// it does not know it ignores. (unsure) A null is no value here, where the live
// service may take it for an absent field.
func parseSubmission(body []byte, insecure bool) (s Submission, problems []problem) {
	var fields map[string]json.RawMessage
	switch text := bytes.TrimSpace(body); {
	case len(text) == 0:
		return s, []problem{{[]string{"body"}, "Field required", "missing"}}
	case !json.Valid(text):
		return s, []problem{{[]string{"body"}, "JSON decode error", "json_invalid"}}
	case text[0] != '{' || json.Unmarshal(text, &fields) != nil:
		return s, []problem{{[]string{"body"}, "Input should be a valid dictionary or object to extract fields from", "model_attributes_type"}}
	}
	refuse := func(name, msg, kind string) {
		problems = append(problems, problem{[]string{"body", name}, msg, kind})
	}
	// read decodes a field whose JSON begins as its type does, and tells whether
	// there is one to be looked at further.
	read := func(name string, into any, first, what, kind string) bool {
		raw, ok := fields[name]
		if !ok {
			return false
		}
		if !strings.Contains(first, string(raw[:1])) || json.Unmarshal(raw, into) != nil {
			refuse(name, "Input should be a valid "+what, kind)
			return false
		}
		return true
	}
	for _, name := range []string{"model", "input"} {
		if _, ok := fields[name]; !ok {
			refuse(name, "Field required", "missing")
		}
	}
	if read("model", &s.Model, `"`, "string", "string_type") && !wellFormed(s.Model) {
		refuse("model", "Value error, model must be feature/subfeature/provider[/model] of an async feature", "value_error")
	}
	read("input", &s.Input, "{", "dictionary", "dict_type")
	var fallbacks []json.RawMessage
	if read("fallbacks", &fallbacks, "[", "list", "list_type") {
		var msg, kind string
		if s.Fallbacks, msg, kind = parseFallbacks(fallbacks); msg != "" {
			refuse("fallbacks", msg, kind)
		}
	}
	read("provider_params", &s.ProviderParams, "{", "dictionary", "dict_type")
	read("show_original_response", &s.ShowOriginalResponse, "tf", "boolean", "bool_type")
	if read("webhook_receiver", &s.WebhookReceiver, `"`, "URL", "url_type") {
		if u := webURL(s.WebhookReceiver); u == nil {
			refuse("webhook_receiver", "Input should be a valid URL with the scheme 'http' or 'https'", "url_parsing")
		} else if !insecure && (u.Scheme != "https" || isLoopback(u.Hostname())) {
			refuse("webhook_receiver", "Value error, webhook_receiver must be an https URL of a public host", "value_error")
		}
	}
	read("user_webhook_parameters", &s.UserWebhookParameters, "{", "dictionary", "dict_type")
	return s, problems
}

// parseFallbacks reads the list, and says what is wrong with it, or "".
func parseFallbacks(items []json.RawMessage) (models []string, msg, kind string) {
	if len(items) > 3 {
		return nil, "List should have at most 3 items after validation", "too_long"
	}
	for _, raw := range items {
		var model string
		if raw[0] != '"' || json.Unmarshal(raw, &model) != nil {
			return nil, "Input should be a valid string", "string_type"
		}
		if !wellFormed(model) {
			return nil, "Value error, a fallback must be feature/subfeature/provider[/model] of an async feature", "value_error"
		}
		models = append(models, model)
	}
	return models, "", ""
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

// webURL parses the URL of a receiver, and returns nil if it is invalid.
func webURL(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil
	}
	return u
}

// isLoopback tells whether the host is the machine itself.
func isLoopback(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}
