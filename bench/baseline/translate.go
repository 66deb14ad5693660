package baseline

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// translated is a client for an SDK that speaks another API. The SDK's request
// for one job is sent on as a GET of that job, and the answer is rewritten.
func (s Service) translated(id func(*http.Request) string, rewrite func(job) any) *http.Client {
	client := *s.Client
	client.Transport = translator{s, id, rewrite}
	return &client
}

type translator struct {
	service Service
	id      func(*http.Request) string
	rewrite func(job) any
}

// RoundTrip implements http.RoundTripper.
func (t translator) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.service.forward(req, "/"+t.id(req))
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var j job
	if err := json.Unmarshal(body, &j); err != nil || j.ID != t.id(req) {
		return answer(req, resp.StatusCode, body), nil // garbled stays garbled
	}
	return reply(req, http.StatusOK, t.rewrite(j))
}

// forward sends the request's question to the API, at this place below its
// endpoint.
func (s Service) forward(req *http.Request, place string) (*http.Response, error) {
	out, err := http.NewRequestWithContext(req.Context(), http.MethodGet, endpoint+place, nil)
	if err != nil {
		return nil, err
	}
	out.Header.Set("Authorization", "Bearer "+s.Token)
	return s.transport().RoundTrip(out)
}

func (s Service) transport() http.RoundTripper {
	if s.Client.Transport == nil {
		return http.DefaultTransport
	}
	return s.Client.Transport
}

// reply makes a response of a value.
func reply(req *http.Request, status int, value any) (*http.Response, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return answer(req, status, body), nil
}

func answer(req *http.Request, status int, body []byte) *http.Response {
	return &http.Response{
		Status:     strconv.Itoa(status) + " " + http.StatusText(status),
		StatusCode: status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       req,
	}
}
