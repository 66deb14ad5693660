package edenwait

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// Poller sends one request per call. It does not retry, limit its rate or wait. It is
// safe for concurrent use.
//
// If a Waiter uses the Poller, also inside a Source that embeds it, idle connections are
// closed when the Waiter's last call ends. Without a Waiter, a Poller keeps idle
// connections open for 90 seconds, as http.DefaultClient does.
type Poller struct {
	client   *client
	endpoint *endpoint
	// header closes over the token, which thus is in no field that a %+v or a
	// reflecting logger could print.
	header  func() http.Header
	redact  func(string) string
	timeout time.Duration
	maxBody int64
	log     *zap.Logger
	last    *lastErrors
}

// lastErrors are the last of their kind. Jobs that fail alike share one, so that
// a million that wait through an outage do not hold a million copies of it.
type lastErrors struct {
	failure atomic.Pointer[failure]
	refusal atomic.Pointer[APIError]
}

// NewPoller returns a Poller for the API in the Config. It uses Token, BaseURL,
// AllowHTTP, HTTPClient, RequestTimeout, MaxResponseBytes and Logger, and keeps up to
// MaxInFlight idle connections. If a field is invalid, the error names the field and its
// bounds.
func NewPoller(config Config) (*Poller, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	return newPoller(config)
}

func newPoller(config Config) (*Poller, error) {
	base, err := config.base()
	if err != nil {
		return nil, err
	}
	client := newClient(config)
	return &Poller{
		client:   client,
		endpoint: newEndpoint(base),
		header:   newHeader(config.Token, client.sharesHeader()),
		redact:   newRedactor(config.Token, base.Path).redact,
		timeout:  requestTimeout(config),
		maxBody:  config.MaxResponseBytes,
		log:      config.Logger,
		last:     &lastErrors{},
	}, nil
}

// endpoint is where requests go.
type endpoint struct {
	url url.URL
	// base is the scheme and host, which may be shown.
	base string
}

// asyncPath is the endpoint's path below BaseURL, as errors and logs show it.
const asyncPath = "/v3/universal-ai/async"

func newEndpoint(base *url.URL) *endpoint {
	e := &endpoint{url: *base.JoinPath("v3", "universal-ai", "async"), base: base.Scheme + "://" + base.Host}
	if base.Path != "" && base.Path != "/" {
		e.base += "/…"
	}
	return e
}

// job does not use JoinPath, which would clean and parse the URL for every request. That
// was done when the Poller was made.
func (e *endpoint) job(id string) *url.URL {
	u := e.url
	u.Path += "/" + id
	if u.RawPath != "" {
		u.RawPath += "/" + id
	}
	return &u
}

// newHeader returns a function that returns the header for each request. Requests share
// one header if nothing can add to it. Otherwise each has its own.
func newHeader(token string, shared bool) func() http.Header {
	authorization, accept, agent := []string{"Bearer " + token}, []string{"application/json"}, []string{"edenwait-go/" + Version}
	fresh := func() http.Header {
		return http.Header{"Authorization": authorization, "Accept": accept, "User-Agent": agent}
	}
	if !shared {
		return fresh
	}
	header := fresh()
	return func() http.Header { return header }
}

// Format prints the API's scheme and host, for every verb. It never prints the token, nor
// BaseURL's path, which may contain a key too.
func (p *Poller) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "edenwait.Poller{%s}", p.redact(p.endpoint.base+asyncPath))
}

// closeIdle closes the connections of the Poller's own client as soon as no
// request is in flight. A Source that embeds a Poller has this method too, so a
// Waiter finds it in both.
func (p *Poller) closeIdle() { p.client.closeIdle() }

// closeUnused closes connections that no request uses: after a sleep they are dead.
func (p *Poller) closeUnused() { p.client.closeUnused() }

// Get sends one GET for one job. If the id is not a UUID, Get returns ErrInvalidID and
// sends nothing. For a status other than 2xx, it returns an APIError. A 2xx answer
// that is not the JSON of this job is an error too.
func (p *Poller) Get(ctx context.Context, id string) (*Job, error) {
	if _, err := parseID(id); err != nil {
		return nil, fmt.Errorf("edenwait: %w", err)
	}
	id = strings.ToLower(id) // the canonical form, which costs nothing if it is that already
	job, err := p.get(ctx, id)
	if err != nil {
		return nil, &requestError{id: id, err: err}
	}
	return job, nil
}

func (p *Poller) get(ctx context.Context, id string) (*Job, error) {
	body, header, err := p.ask(ctx, p.endpoint.job(id), id)
	if err != nil {
		return nil, err
	}
	job, err := parseJob(body)
	if err != nil {
		return nil, p.unreadable(err, header, len(body))
	}
	if job.ID != id {
		return nil, &failure{text: "the answer is another job's, " + job.ID}
	}
	if job.Status == StatusProcessing && len(header["Retry-After"]) > 0 {
		job.retryAfter = parseRetryAfter(header, time.Now())
	}
	return job, nil
}

// List sends one GET for one page of the account's jobs, newest first.
func (p *Poller) List(ctx context.Context, query ListQuery) (*JobPage, error) {
	u := p.endpoint.url
	u.RawQuery = query.values().Encode()
	body, header, err := p.ask(ctx, &u, "")
	if err != nil {
		return nil, &requestError{err: err}
	}
	page, err := parsePage(body)
	if err != nil {
		return nil, &requestError{err: p.unreadable(fmt.Errorf("not a page: %w", err), header, len(body))}
	}
	return page, nil
}

// unreadable is the error of an answer that could not be read. It quotes nothing, since
// even a truncated answer may contain an output.
func (p *Poller) unreadable(err error, header http.Header, size int) error {
	if errors.Is(err, errTooDeep) {
		return errTooDeep
	}
	return p.share(&failure{text: "the answer is " + err.Error() + describe(header, size, p.redact)})
}

// share returns the previous failure if it equals this one.
func (p *Poller) share(f *failure) error {
	if last := p.last.failure.Load(); last != nil && last.text == f.text {
		return last
	}
	p.last.failure.Store(f)
	return f
}

// ask sends one GET, for the job with the id or for a page of the list. It returns the
// body and header of a 2xx answer.
func (p *Poller) ask(ctx context.Context, u *url.URL, id string) (body []byte, header http.Header, err error) {
	began, status := time.Now(), 0
	request, cancel := context.WithCancel(ctx)
	defer cancel()
	own, last := p.client.begin(began)
	dog := &watchdog{timeout: p.timeout, head: p.timeout, ctx: request, cancel: cancel}
	if last {
		dog.head = min(dog.head, lastTimeout)
	}
	dog.start()
	defer dog.stop()
	defer func() {
		if thrown := recover(); thrown != nil {
			err = panicFailure(thrown, p.redact)
			p.log.Warn("the HTTP client panicked", zap.Error(err), zap.ByteString("stack", debug.Stack()))
		}
		var late *failure // from the watchdog, or from a Transport with a bound of its own
		timedOut := errors.As(err, &late) && late.Timeout()
		p.client.end(began, timedOut, status != 0 && !timedOut)
		// Checked first: fields for a line that nobody reads cost more than the rest.
		if line := p.log.Check(zap.DebugLevel, "request"); line != nil {
			path := asyncPath
			if id != "" {
				path += "/" + id
			}
			line.Write(zap.String("path", path), zap.String("query", u.RawQuery), zap.Int("status", status),
				zap.Int("bytes", len(body)), zap.Duration("took", time.Since(began)), zap.Error(err))
		}
	}()

	req := (&http.Request{
		Method: http.MethodGet, URL: u, Host: u.Host, Header: p.header(), Close: last,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(request)
	resp, err := p.client.do(own, req)
	if err != nil {
		return nil, nil, p.failed(ctx, dog, err)
	}
	defer resp.Body.Close()
	status = resp.StatusCode
	dog.answered(resp.Body)
	if status < 200 || status > 299 {
		return nil, nil, p.refused(newAPIError(resp, dog, asked(id), p.redact))
	}
	body, err = readBody(resp, dog, p.maxBody)
	// A server that notices the end of the request may still end its answer in
	// good order, cut short.
	if expired, _ := dog.expired(); expired || err != nil {
		return nil, nil, p.failed(ctx, dog, err)
	}
	return body, resp.Header, nil
}

func asked(id string) string {
	if id == "" {
		return "GET " + asyncPath
	}
	return "GET " + asyncPath + "/{job_id}"
}

// refused returns the previous error if it equals this one.
func (p *Poller) refused(e *APIError) *APIError {
	if last := p.last.refusal.Load(); last != nil && *last == *e {
		return last
	}
	p.last.refusal.Store(e)
	return e
}

// failed returns the error of a request without a complete answer, by its cause.
func (p *Poller) failed(ctx context.Context, dog *watchdog, err error) error {
	if ctx.Err() != nil {
		return contextCause(ctx)
	}
	if expired, header := dog.expired(); expired {
		if header {
			return p.share(timeoutFailure(dog.timeout, header))
		}
		return p.share(timeoutFailure(dog.head, header))
	}
	if isEndless(err) {
		err = errors.New(shorten(err.Error()))
	}
	var own *failure
	switch {
	case errors.Is(err, ErrResponseTooLarge):
		return err
	case errors.As(err, &own):
		return p.share(own)
	default:
		return p.share(newFailure(err, p.redact))
	}
}
