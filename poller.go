package edenwait

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"
)

// Poller asks the API once a call: no retry, no pacing, no waiting. It is safe
// for concurrent use.
type Poller struct {
	client   *http.Client
	endpoint *url.URL
	// header closes over the token, which thus is in no field that a %+v or a
	// reflecting logger could print.
	header  func() http.Header
	redact  func(string) string
	timeout time.Duration
	maxBody int64
	log     *zap.Logger
}

// NewPoller returns a Poller for the API that the Config names. It uses Token,
// BaseURL, HTTPClient, RequestTimeout, MaxResponseBytes and Logger; the error
// names the field and the bound that a value misses.
func NewPoller(config Config) (*Poller, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	return newPoller(config)
}

func newPoller(config Config) (*Poller, error) {
	endpoint, err := config.endpoint()
	if err != nil {
		return nil, err
	}
	token := config.Token
	return &Poller{
		client:   newClient(config),
		endpoint: endpoint,
		header:   newHeader(token),
		redact:   func(text string) string { return redact(text, token) },
		timeout:  config.RequestTimeout,
		maxBody:  config.MaxResponseBytes,
		log:      config.Logger,
	}, nil
}

// newHeader returns what makes the header of each request. The values are
// shared; the map is not, since a client's cookies, or a RoundTripper of the
// caller's, may add to it.
func newHeader(token string) func() http.Header {
	authorization, accept, agent := []string{"Bearer " + token}, []string{"application/json"}, []string{"edenwait-go/" + Version}
	return func() http.Header {
		return http.Header{"Authorization": authorization, "Accept": accept, "User-Agent": agent}
	}
}

// newClient copies the caller's client, or makes one whose idle connections
// last from one wave of requests to the next.
func newClient(config Config) *http.Client {
	client := &http.Client{}
	if config.HTTPClient != nil {
		*client = *config.HTTPClient
	} else if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = transport.Clone()
		transport.MaxIdleConnsPerHost = config.MaxInFlight
		transport.MaxIdleConns = max(transport.MaxIdleConns, config.MaxInFlight)
		client.Transport = transport
	}
	// A redirect could carry the token to another host, and the API sends none.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// Format prints where the Poller asks, for every verb, and never the token.
func (p *Poller) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "edenwait.Poller{%s}", p.endpoint)
}

// Get asks for one job. An id that is not a UUID is ErrInvalidID and costs no
// request; an answer other than 2xx is an APIError; a 2xx that is not the JSON
// of this very job is an error too.
func (p *Poller) Get(ctx context.Context, id string) (*Job, error) {
	parsed, err := parseID(id)
	if err != nil {
		return nil, fmt.Errorf("edenwait: %w", err)
	}
	id = parsed.String()
	body, err := p.ask(ctx, p.jobURL(id))
	if err != nil {
		return nil, fmt.Errorf("edenwait: job %s: %w", id, err)
	}
	job, err := parseJob(body)
	if err != nil {
		return nil, fmt.Errorf("edenwait: job %s: the answer is %w%s", id, p.hide(err), p.show(body))
	}
	if job.ID != id {
		return nil, fmt.Errorf("edenwait: job %s: the answer is another job's, %s", id, job.ID)
	}
	return job, nil
}

// jobURL does not use JoinPath, which would clean and parse once more, for every
// request, what was clean and parsed when the Poller was made.
func (p *Poller) jobURL(id string) *url.URL {
	u := *p.endpoint
	u.Path += "/" + id
	if u.RawPath != "" {
		u.RawPath += "/" + id
	}
	return &u
}

// List asks for one page of the account's jobs, newest first.
func (p *Poller) List(ctx context.Context, query ListQuery) (*JobPage, error) {
	u := *p.endpoint
	u.RawQuery = query.values().Encode()
	body, err := p.ask(ctx, &u)
	if err != nil {
		return nil, fmt.Errorf("edenwait: job list: %w", err)
	}
	page := struct {
		*JobPage
		Items *[]JobSummary `json:"items"`
	}{JobPage: new(JobPage)}
	err = json.Unmarshal(body, &page)
	if err == nil && page.Items == nil {
		err = errors.New("items are missing")
	}
	if err != nil {
		return nil, fmt.Errorf("edenwait: job list: the answer is not a page: %w", p.hide(err))
	}
	page.JobPage.Items = *page.Items
	return page.JobPage, nil
}

// ask sends one GET and returns the body of a 2xx answer.
func (p *Poller) ask(ctx context.Context, u *url.URL) (body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	began, status := time.Now(), 0
	defer func() {
		// Checked first: fields for a line that nobody reads cost more than the rest.
		if line := p.log.Check(zap.DebugLevel, "request"); line != nil {
			line.Write(zap.String("path", u.Path), zap.String("query", u.RawQuery), zap.Int("status", status),
				zap.Int("bytes", len(body)), zap.Duration("took", time.Since(began)), zap.Error(err))
		}
	}()

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "", nil)
	if err != nil {
		return nil, err
	}
	req.URL, req.Host, req.Header = u, u.Host, p.header()
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, p.hide(err)
	}
	defer resp.Body.Close()
	status = resp.StatusCode
	if status < 200 || status > 299 {
		return nil, p.newAPIError(req, resp)
	}
	if body, err = readBody(resp, p.maxBody); err != nil {
		return nil, fmt.Errorf("GET %s: reading the answer: %w", u.Path, err)
	}
	return body, nil
}

const (
	// maxTrusted is how much memory a Content-Length is given before the bytes
	// have come.
	maxTrusted = 16 << 20
	// maxErrorBody bounds what is read of an answer that explains a refusal.
	maxErrorBody = 64 << 10
	// excerpt is how much of an unreadable answer an error shows.
	excerpt = 200
)

// readBody reads at most limit bytes, into memory of the right size where the
// server says it.
func readBody(resp *http.Response, limit int64) ([]byte, error) {
	if resp.ContentLength > limit {
		return nil, fmt.Errorf("%w: %d bytes, the bound is %d", ErrResponseTooLarge, resp.ContentLength, limit)
	}
	if size := resp.ContentLength; size >= 0 && size <= maxTrusted {
		body := make([]byte, size)
		_, err := io.ReadFull(resp.Body, body)
		return body, err
	}
	var body bytes.Buffer
	if size := resp.ContentLength; size > 0 {
		body.Grow(maxTrusted)
	}
	read, err := body.ReadFrom(io.LimitReader(resp.Body, limit+1))
	if err == nil && read > limit {
		err = fmt.Errorf("%w: the bound is %d bytes", ErrResponseTooLarge, limit)
	}
	return body.Bytes(), err
}

// show is the beginning of an answer that is no JSON: a login page, the words of
// a proxy. Of JSON it shows nothing but the length, since what is torn may hold an
// output, which belongs into no log.
func (p *Poller) show(body []byte) string {
	begins := bytes.TrimSpace(body[:min(len(body), maxErrorBody)])
	if len(begins) == 0 || bytes.ContainsRune([]byte(`{["`), rune(begins[0])) {
		return fmt.Sprintf(" (%d bytes)", len(body))
	}
	return ", it begins " + quote(p.redact(string(begins)), excerpt)
}

// hide drops the chain of an error whose text shows the token: some errors of
// net/http quote what a server sent.
func (p *Poller) hide(err error) error {
	if text := err.Error(); p.redact(text) != text {
		return errors.New(p.redact(text))
	}
	return err
}

func (p *Poller) newAPIError(req *http.Request, resp *http.Response) *APIError {
	// What could be read of the body explains the status; why the rest could not
	// be read does not matter beside it. Reading it also frees the connection.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	return &APIError{
		StatusCode: resp.StatusCode,
		Detail:     parseDetail(body, p.redact),
		RetryAfter: parseRetryAfter(resp.Header.Get("Retry-After"), time.Now()),
		Asked:      req.Method + " " + req.URL.Path,
	}
}

// parseDetail finds the server's words: detail is a string, or a list of what
// is wrong with which part of the request. It redacts them before it cuts them
// short: of half a token, nothing could be told.
func parseDetail(body []byte, redact func(string) string) string {
	var answer struct {
		Detail span `json:"detail"`
	}
	if json.Unmarshal(body, &answer) == nil {
		if text := answer.Detail.text(); text != "" {
			return quote(redact(text), 512)
		}
		var items []struct {
			Loc []any  `json:"loc"`
			Msg string `json:"msg"`
		}
		if json.Unmarshal(answer.Detail.value(), &items) == nil && len(items) > 0 {
			parts := make([]string, 0, len(items))
			for _, item := range items[:min(len(items), shownErrors)] {
				where := strings.TrimSuffix(fmt.Sprintln(item.Loc...), "\n")
				parts = append(parts, quote(redact(where+": "+item.Msg), 256))
			}
			return strings.Join(parts, ", ")
		}
	}
	if text := strings.TrimSpace(string(body)); text != "" {
		return quote(redact(text), excerpt)
	}
	return ""
}

// parseRetryAfter reads both forms of RFC 9110, section 10.2.3: seconds, or a
// date. What is neither, or in the past, is 0.
func parseRetryAfter(value string, now time.Time) time.Duration {
	const ceiling = 24 * time.Hour // beyond any use, and far from overflow
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), int64(ceiling/time.Second))) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(date.Sub(now), 0), ceiling)
	}
	return 0
}
