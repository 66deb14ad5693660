package edentest

import (
	"math/bits"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// A Kind is what a request asks for. Kinds can be combined with | where a
// [Fault] selects by them.
type Kind uint8

// The kinds of requests.
const (
	Submit Kind = 1 << iota // POST of a new job
	Get                     // GET of one job
	List                    // GET of a page of the job list
	Delete                  // DELETE of one job
	Other                   // anything else: unknown paths, wrong methods
)

// String returns the kind's name in lower case, combined ones joined by |.
func (k Kind) String() string {
	var names []string
	for i, name := range []string{"submit", "get", "list", "delete", "other"} {
		if k&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if names == nil {
		return "any"
	}
	return strings.Join(names, "|")
}

// index is the place of a single kind among all.
func (k Kind) index() int { return bits.TrailingZeros8(uint8(k)) }

// isJobPath tells whether the path has one segment in the place of a job's id.
func isJobPath(path string) bool {
	id, ok := strings.CutPrefix(path, jobPath)
	return ok && id != "" && !strings.Contains(id, "/")
}

func kindOf(method, path string) Kind {
	switch single := isJobPath(path); {
	case path == root && method == http.MethodPost:
		return Submit
	case path == root && method == http.MethodGet:
		return List
	case single && method == http.MethodGet:
		return Get
	case single && method == http.MethodDelete:
		return Delete
	}
	return Other
}

// A Request is the record of one request and of how it was answered.
type Request struct {
	Time   time.Time // when it arrived, half of Options.Latency after it was sent
	Kind   Kind
	Method string
	Host   string // as addressed, which shows where a redirect led
	Path   string
	JobID  string // what stands in the job's place in Path, in canonical form if it is a UUID
	Query  url.Values
	Header http.Header // without Authorization
	HasKey bool        // an Authorization header came along, valid or not
	Body   []byte      // of a Submit, as it was sent; nil for the others
	Status int         // of the answer; 0 if no answer was given
	Fault  string      // the name of the fault that struck, "" if none
}

// Stats are counters over all requests so far. They count what arrived, whatever
// became of it.
type Stats struct {
	Submits, Gets, Lists, Deletes, Other int // by Kind

	RateLimited int // answered with 429 because of the limit
	Faults      int // met by a fault, or by a service that was down
	Finals      int // jobs whose end was shown by a GET
	ForeignGets int // GETs of jobs that are another user's

	// PeakPerSecond is the largest number of requests in any one second, wherever
	// that second begins; those that were refused count too.
	PeakPerSecond int
}

// Requests returns how many requests arrived.
func (s Stats) Requests() int {
	return s.Submits + s.Gets + s.Lists + s.Deletes + s.Other
}

// A log is what an API remembers of its requests.
type log struct {
	discard  bool
	requests []Request
	stats    Stats
	unnamed  [5]uint64       // requests that name no job of the account, by Kind.index
	last     []time.Duration // arrivals within the last second, from head on
	head     int
}

// record notes the exchange, whose answer is complete.
func (a *API) record(x *exchange) {
	l := &a.log
	switch x.req.Kind {
	case Submit:
		l.stats.Submits++
	case Get:
		l.stats.Gets++
		if x.job >= 0 && a.jobs[x.job].foreign {
			l.stats.ForeignGets++
		}
	case List:
		l.stats.Lists++
	case Delete:
		l.stats.Deletes++
	default:
		l.stats.Other++
	}
	if x.over {
		l.stats.RateLimited++
	}
	if x.req.Fault != "" {
		l.stats.Faults++
	}
	if x.ended && x.ans.whole() && x.job >= 0 {
		if j := &a.jobs[x.job]; j.shown == 0 {
			j.shown = x.now + 1
			l.stats.Finals++
		}
	}
	if x.named() {
		a.jobs[x.job].asked++
	} else {
		l.unnamed[x.req.Kind.index()]++
	}

	for l.head < len(l.last) && l.last[l.head] <= x.now-time.Second {
		l.head++
	}
	if l.head > len(l.last)/2 {
		l.last = slices.Delete(l.last, 0, l.head)
		l.head = 0
	}
	l.last = append(l.last, x.now)
	l.stats.PeakPerSecond = max(l.stats.PeakPerSecond, len(l.last)-l.head)

	if !l.discard {
		l.requests = append(l.requests, x.req)
	}
}

// Requests returns the log of all requests so far, in the order of arrival. It
// is empty under Options.DiscardRecords.
func (a *API) Requests() []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.log.requests)
}

// Stats returns the counters as they are now.
func (a *API) Stats() Stats {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.log.stats
}

// FirstFinal returns when a GET first showed that the job has ended: the moment
// at which that request arrived. An answer that a fault spoilt shows nothing.
// It returns false if there was no such GET yet.
func (a *API) FirstFinal(id string) (time.Time, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, ok := a.find(id)
	if !ok || a.jobs[i].shown == 0 {
		return time.Time{}, false
	}
	return a.start.Add(a.jobs[i].shown - 1), true
}

func (a *API) find(id string) (int32, bool) {
	u, err := uuid.Parse(id)
	if err != nil {
		return 0, false
	}
	i, ok := a.index[u]
	return i, ok
}
