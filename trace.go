package edenwait

import (
	"context"
	"time"
)

// Trace is a set of functions that a Waiter calls as it works, for telemetry, like
// net/http/httptrace. Each may be nil. Package edenotel has a Trace for OpenTelemetry.
//
// The functions may be called concurrently, from any goroutine, outside the Waiter's
// lock, and may call the Waiter. They must be quick, because requests and results wait
// for them. A panic in one of them is thrown again in every call under way, like a
// Logger's panic.
//
// Without a Trace, tracing costs nothing.
type Trace struct {
	// CallStart is called when a Wait, WaitAll or AsCompleted begins. It returns a context
	// derived from ctx, or nil for ctx itself. The call's requests and hooks carry its
	// values. Its end and its deadline have no effect: those of ctx count.
	CallStart func(ctx context.Context, info CallInfo) context.Context

	// CallEnd is called once per call before it returns, after all its hooks but those
	// that were cut off, with the context of CallStart.
	CallEnd func(ctx context.Context, info CallEndInfo)

	// JobEnd is called once per job, even if several calls wait for it, before the job's
	// hook: when the final response comes, or when the last wait for the job is given up.
	// It is not called for a malformed id, nor for a job that was still running when the
	// last call returned. A later wait for the same job ends with another JobEnd. ctx is
	// the context of the call that has waited longest.
	JobEnd func(ctx context.Context, info JobEndInfo)

	// RequestStart is called before each request of the Waiter, when the rate limit lets
	// it go. For a GET, ctx carries the values of the call that has waited longest. For a
	// page of the list, it carries no values. RequestStart returns the request's context,
	// derived from ctx, or nil for ctx itself. It is not called for the caller's own
	// requests through Transport.
	RequestStart func(ctx context.Context, info RequestInfo) context.Context

	// RequestEnd is called when the request has been answered or has failed, before the
	// answer is handled, with the context of RequestStart. For an aborted request, it is
	// called when the Source returns, possibly after the calls that needed the request.
	RequestEnd func(ctx context.Context, info RequestEndInfo)
}

// CallInfo describes a call that begins.
type CallInfo struct {
	// Method is "Wait", "WaitAll" or "AsCompleted".
	Method string
	// Jobs is the number of ids passed to the call. It is 0 for AsCompleted, where the
	// number is unknown.
	Jobs int
}

// CallEndInfo describes a call that has ended.
type CallEndInfo struct {
	CallInfo
	// Progress is the state of the call at its end. Its Waiting counts the jobs that were
	// still running when the call ended.
	Progress Progress
	// Err is why the call ended early: the cause of its context's end, a refused key, or
	// ErrFailFast. It is nil if every job has ended.
	Err error
}

// Outcome is how a job ended.
type Outcome string

// The outcomes.
const (
	// OutcomeSuccess and OutcomeFail are final responses with StatusSuccess and
	// StatusFail.
	OutcomeSuccess Outcome = "success"
	OutcomeFail    Outcome = "fail"
	// OutcomeError means that there was no final response, or one with an undocumented
	// status.
	OutcomeError Outcome = "error"
)

// JobEndInfo describes a job that has ended.
type JobEndInfo struct {
	// ID is the job's UUID, in lower case.
	ID      string
	Outcome Outcome
	// Err is the reason if Outcome is not OutcomeSuccess. It is the Result.Err of the call
	// that has waited longest, without a hook's error. Do not change its Job.
	Err error
	// Feature, Subfeature and Provider are taken from the final response. They are empty
	// if there is none.
	Feature, Subfeature, Provider string
	// Calls is the number of calls that waited for the job at its end. Waited is the
	// longest of their waits, and Polls the number of GETs sent in that time.
	Calls  int
	Waited time.Duration
	Polls  int
	// Lag is an upper bound of the delay between the job's end and the Waiter knowing: the
	// time from sending the last request that saw the job running to the final response.
	// If the list or the API's GET is behind, the true delay can be longer by as much.
	// LagBounded is false, and Lag 0, without a final response, or if no request saw the
	// job running.
	Lag        time.Duration
	LagBounded bool
}

// RequestKind says whether a request is for a job or for a page of the list.
type RequestKind string

// The kinds of requests.
const (
	RequestGet  RequestKind = "get"  // one job
	RequestList RequestKind = "list" // one page of the list of running jobs
)

// RequestInfo describes a request.
type RequestInfo struct {
	Kind RequestKind
	// JobID is the id of the job, for a GET: a UUID in lower case. Attempt is the number
	// of this GET since the first wait for the job began, from 1.
	JobID   string
	Attempt int
	// Page is the number of a page, from 1.
	Page int
	// Calls are the contexts that CallStart returned for the calls that wait for the job
	// of a GET, the longest wait first, at most 128. Use only their values, since some may
	// have ended. Do not change the slice.
	Calls []context.Context
}

// RequestEndInfo describes the result of a request.
type RequestEndInfo struct {
	RequestInfo
	// Status is the job's status, if a GET was answered with the job.
	Status Status
	// Items is the number of jobs with a valid id on a page that was read.
	Items int
	// Err is the Source's error, or describes what is wrong with its answer. It is nil
	// for a usable answer.
	Err error
}
