package edentest

import (
	"net/http"
	"net/url"
	"time"
)

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
	HasKey bool        // the request had an Authorization header, valid or not
	Body   []byte      // of a Submit, as it was sent; nil for the others
	Status int         // of the answer; 0 if there was no answer
	Fault  string      // the name of the fault that applied; empty if none did
}

// Stats are counters over all requests so far. They count every request that arrived,
// however it was answered.
type Stats struct {
	Submits, Gets, Lists, Deletes, Other int // by Kind

	RateLimited int // answered with 429 because of the limit
	Faults      int // changed by a fault, or sent while the service was down
	SeenEnded   int // jobs whose end was shown by a GET
	ForeignGets int // GETs of jobs that are another user's

	Deliveries     int // of webhooks, each attempt
	LostDeliveries int // jobs that are never delivered: see Webhooks.LossRate

	// PeakPerSecond is the largest number of requests in any one second, wherever
	// that second begins. Refused requests count too.
	PeakPerSecond int
}

// Requests returns how many requests arrived.
func (s Stats) Requests() int {
	return s.Submits + s.Gets + s.Lists + s.Deletes + s.Other
}
