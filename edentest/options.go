package edentest

import "time"

// DefaultToken is the bearer key that an API accepts unless Options.Token says
// otherwise.
const DefaultToken = "edentest"

// Options configure an API. The zero value is an account as the documents
// describe it, without jobs: ten requests per second and no trouble.
type Options struct {
	// Token is the bearer key that is accepted. Defaults to DefaultToken.
	Token string

	// Rate is how many requests per second the account may send, over all its
	// clients and all calls. Negative, or more than a billion, means no limit. Defaults
	// to 10.
	Rate float64

	// Burst is how many requests a TokenBucket admits at once after a pause.
	// The other limits do not use it. Defaults to 10.
	Burst int

	// Limit is how requests are counted. Defaults to TokenBucket.
	Limit LimitKind

	// RetryAfter is announced with every 429, in whole seconds rounded up.
	// Defaults to zero: the header is not sent, as on the live service.
	RetryAfter time.Duration

	// Ban is how long everything is answered with 429 after a request has exceeded
	// the limit. Each request within that time restarts it, so a client that keeps
	// trying is never let in again. Requests at BackgroundRate neither start nor restart
	// it. Defaults to 0: a refused request has no consequences.
	Ban time.Duration

	// Latency is the round trip of one request: half of it passes before the
	// request is handled, half before the answer is delivered. Defaults to 0.
	Latency time.Duration

	// Bandwidth is the maximum number of bits per second of all answers' bodies
	// together. Bodies that are under way share it equally. Headers and requests cost
	// nothing. Defaults to 0: no bound.
	Bandwidth float64

	// Seed determines everything random: ids, jobs, outputs and faults. Two APIs with
	// the same seed give the same answers to the same requests. Defaults to 0, which is a
	// valid seed.
	Seed uint64

	// Workload is the distribution of jobs that arrive by POST. Defaults to the
	// zero Workload.
	Workload Workload

	// OnSubmit, if set, returns the Script of a job that arrives by POST, and replaces
	// Workload. Feature, Subfeature, Provider and Model of the Script default to those in
	// the POST. If Submit would panic for the Script, the answer is a 500. OnSubmit must
	// not call the API.
	OnSubmit func(Submission) Script

	// GetLag is the delay after which GETs, and answers to a POST, show a job's end.
	// EndedAt, DELETE and webhooks have no such delay. Defaults to 0.
	GetLag time.Duration

	// ListLag is how old the state in the job list is. The list does not show jobs that
	// are newer than that. It is at least GetLag. Defaults to 0.
	ListLag time.Duration

	// ListStatus, if not zero, is the status that every list request is answered
	// with: 404, 405, 403, 500. New panics if it is below 200 or above 999, which no
	// answer can end with. Defaults to 0.
	ListStatus int

	// ListPageSize, if not 0, is the maximum number of jobs on a page of the list. A
	// request for more gets pages of this size: "limit" says so, and "page" and
	// "total_pages" count such pages. Defaults to 0: as many as requested, at most
	// 1000.
	ListPageSize int

	// ListNoTotals leaves "total" and "total_pages" out of the list. Defaults to
	// false.
	ListNoTotals bool

	// BackgroundRate is how many requests per second the other clients of the account
	// send. They are evenly spaced, and counted against Rate when the next
	// request arrives, so they cost no goroutine. Defaults to 0.
	BackgroundRate float64

	// Faults are the faults to inject. Only the first fault that matches a request
	// applies to it. Defaults to none.
	Faults []Fault

	// NotFoundFor is how long the GET of a new job is answered with 404.
	// Defaults to 0.
	NotFoundFor time.Duration

	// Retention is how long an ended job is kept before GET and the list no longer
	// show it. Negative means forever. Defaults to 7 days.
	Retention time.Duration

	// Webhooks configures the webhooks that are sent when jobs end. Defaults to nil: none
	// are sent.
	Webhooks *Webhooks

	// DiscardRecords keeps only counters, and no log of requests. It is for runs with
	// millions of requests. Defaults to false.
	DiscardRecords bool
}

// defaulted returns the options with the defaults in place of zeros.
func (opts Options) defaulted() Options {
	if opts.Token == "" {
		opts.Token = DefaultToken
	}
	if opts.Burst <= 0 {
		opts.Burst = 10
	}
	if opts.Retention == 0 {
		opts.Retention = 7 * 24 * time.Hour
	}
	return opts
}
