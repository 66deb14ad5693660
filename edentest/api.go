package edentest

import (
	"cmp"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// DefaultToken is the bearer key that an API accepts unless Options.Token says
// otherwise.
const DefaultToken = "edentest"

// Never is the duration of a job that does not end: Script{After: Never}, or
// World{Durations: Fixed(Never)}.
const Never time.Duration = math.MaxInt64

// Options configure an API. The zero value is an account as the documents
// describe it, without jobs: ten requests a second and no trouble.
type Options struct {
	// Token is the bearer key that is accepted. Defaults to DefaultToken.
	Token string

	// Rate is how many requests a second the account may send, over all its
	// clients and all calls. Negative means no limit. Defaults to 10.
	Rate float64

	// Burst is how many requests a TokenBucket admits at once after a pause.
	// The other limits do not use it. Defaults to 10.
	Burst int

	// Limit is how requests are counted. Defaults to TokenBucket.
	Limit LimitKind

	// RetryAfter is announced with every 429, in whole seconds rounded up.
	// Defaults to zero: the header is not sent, as on the live service.
	RetryAfter time.Duration

	// Latency is the round trip of one request: half of it passes before the
	// request is judged, half before the answer is delivered. Defaults to 0.
	Latency time.Duration

	// Seed is what everything random derives from: ids, jobs, outputs, faults.
	// Two APIs of one seed that are asked the same give the same answers. Zero
	// is a seed like any other.
	Seed uint64

	// World is what jobs that arrive by POST are drawn from. Defaults to the
	// zero World, see there.
	World World

	// OnSubmit, if set, decides what becomes of a job that arrives by POST,
	// instead of World. Feature, Subfeature, Provider and Model of the Script
	// that it returns default to those that were asked for. A Script that Submit
	// would panic about is answered with 500. It must not call the API.
	OnSubmit func(Submission) Script

	// ListLag is how far the job list is behind: it shows the state of that
	// long ago, without the jobs that are newer. Defaults to 0.
	ListLag time.Duration

	// ListOff, if not zero, is the status that every list request is answered
	// with: 404, 405, 403, 500. Defaults to 0.
	ListOff int

	// Others is how many requests a second the other clients of the account
	// send. They are evenly spaced, and counted against Rate when the next
	// request arrives, so they cost no goroutine. Defaults to 0.
	Others float64

	// Faults are what goes wrong. The first that matches a request applies to
	// it, alone. Defaults to none.
	Faults []Fault

	// NotFoundFor is how long the GET of a new job is answered with 404.
	// Defaults to 0.
	NotFoundFor time.Duration

	// Retention is how long an ended job is kept before it is gone from GET and
	// list alike. Negative means for ever. Defaults to 7 days.
	Retention time.Duration

	// DiscardRecords keeps counters only and no log of requests, which is for
	// runs of millions. Defaults to false.
	DiscardRecords bool
}

// An API is one account of the service: its jobs, its limit, its troubles. It
// is safe for concurrent use, runs no goroutine, and needs no Close.
//
// Nothing in it happens by itself. What a job is at some moment follows from
// when it was added and how long it takes, and is worked out when somebody
// asks. An API made inside a testing/synctest bubble therefore lives by the
// bubble's clock. One that was made outside panics when it is used inside, where
// its time would not have begun.
//
// An API is also an [http.Handler], to be mounted in a server of one's own;
// [Start] does that on a loopback address.
type API struct {
	opts  Options
	start time.Time

	mu    sync.Mutex
	ids   *rand.Rand // the ids of new jobs
	draws *rand.Rand // what becomes of them
	jobs  []job      // as they were added; never shrinks
	index map[uuid.UUID]int32
	limit limiter
	met   []met // what became of each of opts.Faults
	log   log
	down  bool

	blocks  []block // counts for the list, over jobs
	deleted map[int32]time.Duration
}

// met is how many requests a fault concerned, and how many it struck.
type met struct {
	seen, hits int
}

// New returns an API without jobs. Its time starts now.
func New(opts Options) *API {
	if opts.Token == "" {
		opts.Token = DefaultToken
	}
	if opts.Burst <= 0 {
		opts.Burst = 10
	}
	if opts.Retention == 0 {
		opts.Retention = 7 * 24 * time.Hour
	}
	a := &API{
		opts:  opts,
		start: time.Now(),
		ids:   rand.New(rand.NewPCG(opts.Seed, 1)),
		draws: rand.New(rand.NewPCG(opts.Seed, 2)),
		index: make(map[uuid.UUID]int32),
		log:   log{discard: opts.DiscardRecords},

		deleted: make(map[int32]time.Duration),
	}
	a.limit = newLimiter(opts)
	a.SetFaults(opts.Faults)
	return a
}

// now is the API's clock: the time since New.
func (a *API) now() time.Duration {
	now := time.Since(a.start)
	if now < 0 {
		// Nothing would ever be due. Only a bubble's clock, which starts in 2000,
		// can be behind that of New.
		panic("edentest: this API was made outside of the testing/synctest bubble that uses it, where its jobs would never end; call New inside")
	}
	return now
}

// SetRate changes Options.Rate from now on.
func (a *API) SetRate(rate float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	a.limit.settle(now)
	a.limit.setRate(rate, now)
}

// SetOthers changes Options.Others from now on.
func (a *API) SetOthers(rate float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	a.limit.settle(now)
	a.limit.setOthers(rate, now)
}

// SetDown takes the service off the network, or brings it back. While it is
// down, the in-memory client gets "connection refused"; a loopback server,
// whose port stays open, drops the connection without an answer.
func (a *API) SetDown(down bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.down = down
}

const (
	root    = "/v3/universal-ai/async"
	jobPath = root + "/"
)

// An exchange is one request on its way through the API.
type exchange struct {
	req    Request
	auth   string
	query  string
	body   []byte
	now    time.Duration
	job    int           // index of the job asked about, or -1
	lag    time.Duration // of the list
	skew   time.Duration // of every created_at
	other  bool          // answer with another job than the one asked about
	ended  bool          // the answer shows an ended job
	over   bool          // refused by the limit
	denied bool          // refused by a fault, which has the answer: nothing is done
	ans    Answer
}

// named tells whether the request names a job of the account. A POST names none,
// though it may make one.
func (x *exchange) named() bool { return x.job >= 0 && x.req.Kind != Submit }

// serve judges one request, now, and returns what is to be sent.
func (a *API) serve(r *http.Request, body []byte) Answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.take(r, body)
	struck := a.strike(x)
	var do Effect
	if struck >= 0 {
		do = a.opts.Faults[struck].Do
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
		a.judge(x)
		if x.over {
			struck = -1 // what the limit turned away meets no fault behind it
		}
	}
	if struck >= 0 {
		x.req.Fault = do.name
		a.met[struck].hits++
		if do.after != nil {
			do.after(x)
			x.settle()
		}
	}
	if x.ans.wire != refused && x.ans.wire != dropped {
		x.req.Status = x.ans.Status
	}
	a.record(x)
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
		lag:   a.opts.ListLag,
		ans:   Answer{Header: make(http.Header, 4)},
	}
	if isJobPath(r.URL.Path) {
		id := r.URL.Path[len(jobPath):]
		x.req.JobID = canonical(id)
		if i, ok := a.find(id); ok {
			x.job = int(i)
		}
	}
	if !a.log.discard || len(a.opts.Faults) > 0 { // whose Match may look
		x.req.Query = r.URL.Query()
		x.req.Header = r.Header.Clone()
		x.req.Header.Del("Authorization")
		if x.req.Kind == Submit {
			x.req.Body = body
		}
	}
	return x
}

// judge writes the answer that a service without faults would give.
func (a *API) judge(x *exchange) {
	switch {
	case x.req.Kind != Other:
	case x.req.Path == root:
		x.ans.Header.Set("Allow", "GET, POST")
		x.detail(http.StatusMethodNotAllowed, "Method Not Allowed")
		return
	case isJobPath(x.req.Path):
		x.ans.Header.Set("Allow", "GET, DELETE")
		x.detail(http.StatusMethodNotAllowed, "Method Not Allowed")
		return
	default:
		x.detail(http.StatusNotFound, "Not Found")
		return
	}
	// A call without a valid key is no call of this account, so the limit does
	// not count it.
	switch scheme, key, _ := strings.Cut(x.auth, " "); {
	case !strings.EqualFold(scheme, "Bearer") || key == "":
		x.detail(http.StatusForbidden, "Not authenticated")
		return
	case key != a.opts.Token:
		x.detail(http.StatusUnauthorized, "Invalid token")
		return
	}
	if !a.limit.admit(x.now) {
		if d := a.opts.RetryAfter; d > 0 {
			x.ans.Header.Set("Retry-After", seconds(d))
		}
		x.over = true
		x.detail(http.StatusTooManyRequests, "Too Many Requests")
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
