package edentest

import (
	"cmp"
	"net/http"
	"strings"
)

// serve handles one request at the current time and returns the answer to send.
func (a *API) serve(r *http.Request, body []byte) Answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.take(r, body)
	struck := a.strike(x)
	var do Effect
	if struck >= 0 {
		do = a.faults.list[struck].Do
	}
	switch {
	case a.down:
		struck, x.req.Fault = -1, "down"
		x.ans.wire = refused
	case do.lost:
		x.ans.wire = refused
	default:
		if do.before != nil {
			do.before(x)
		}
		x.denied = do.denies
		a.respond(x)
		if x.over {
			struck = -1 // what the limit turned away meets no fault behind it
		}
	}
	if struck >= 0 {
		x.req.Fault = do.String()
		a.faults.hit(struck, a.named(x))
		if do.after != nil {
			do.after(x)
			x.ans.finish(x.req.Fault)
		}
	}
	if x.ans.wire != refused && x.ans.wire != dropped {
		x.req.Status = x.ans.Status
	}
	a.log.note(x, a.job(x))
	return x.ans
}

// take reads what a request asks for.
func (a *API) take(r *http.Request, body []byte) *exchange {
	now := a.now()
	x := &exchange{
		req: Request{
			Time:   a.start.Add(now),
			Kind:   kindOf(r.Method, r.URL.Path),
			Method: r.Method,
			Host:   cmp.Or(r.Host, r.URL.Host),
			Path:   r.URL.Path,
			HasKey: r.Header.Get("Authorization") != "",
		},
		auth:  strings.Trim(r.Header.Get("Authorization"), " \t"), // as on the wire
		query: r.URL.RawQuery,
		body:  body,
		now:   now,
		job:   -1,
		lag:   max(a.opts.ListLag, a.opts.GetLag),
		ans:   Answer{Header: make(http.Header, 4)},
	}
	if isJobPath(r.URL.Path) {
		id := r.URL.Path[len(jobPath):]
		x.req.JobID = canonical(id)
		if i, ok := a.jobs.find(id); ok {
			x.job = int(i)
		}
	}
	if !a.log.discard || len(a.faults.list) > 0 { // whose Match may look
		x.req.Query = r.URL.Query()
		x.req.Header = r.Header.Clone()
		x.req.Header.Del("Authorization")
		if x.req.Kind == Submit {
			x.req.Body = body
		}
	}
	return x
}

// respond writes the answer that a service without faults would give.
func (a *API) respond(x *exchange) {
	switch {
	case x.req.Kind != Other:
	case x.req.Path == root:
		x.ans.Header.Set("Allow", "GET, POST")
		x.ans.detail(http.StatusMethodNotAllowed, "Method Not Allowed")
		return
	case isJobPath(x.req.Path):
		x.ans.Header.Set("Allow", "GET, DELETE")
		x.ans.detail(http.StatusMethodNotAllowed, "Method Not Allowed")
		return
	default:
		x.ans.detail(http.StatusNotFound, "Not Found")
		return
	}
	// A call without a valid key does not belong to the account, so the limit does
	// not count it.
	switch scheme, key, _ := strings.Cut(x.auth, " "); {
	case !strings.EqualFold(scheme, "Bearer") || key == "":
		x.ans.detail(http.StatusForbidden, "Not authenticated")
		return
	case key != a.opts.Token:
		x.ans.detail(http.StatusUnauthorized, "Invalid token")
		return
	}
	if !a.limit.admit(x.now) {
		if d := a.opts.RetryAfter; d > 0 {
			x.ans.Header.Set("Retry-After", seconds(d))
		}
		x.over = true
		x.ans.detail(http.StatusTooManyRequests, "Too Many Requests")
		return
	}
	if x.denied {
		return
	}
	switch x.req.Kind {
	case Submit:
		a.post(x)
	case Get:
		a.get(x)
	case List:
		a.list(x)
	case Delete:
		a.remove(x)
	}
}

// strike returns which of the faults strikes the exchange, or -1.
func (a *API) strike(x *exchange) int {
	if j := a.named(x); j != nil {
		return a.faults.strike(x, j, uint64(j.asked))
	}
	return a.faults.strike(x, nil, a.log.unnamed[x.req.Kind.index()])
}

// named returns the job of the account that the request names, or nil.
func (a *API) named(x *exchange) *job {
	if !x.named() {
		return nil
	}
	return a.job(x)
}

// job returns the job that the exchange concerns, or nil.
func (a *API) job(x *exchange) *job {
	if x.job < 0 {
		return nil
	}
	return &a.jobs.jobs[x.job]
}
