package edenwait

import (
	"context"
	"time"
)

// Trace is a set of funcs that are called as a Waiter works, for telemetry, in the
// manner of net/http/httptrace. Each may be nil. Package edenotel has one for
// OpenTelemetry.
//
// They may be called at the same time, from any goroutine, outside the Waiter's
// lock, and may call the Waiter. What they take, requests and results take longer:
// they must be quick. A panic in one of them is thrown again in every call under
// way, as a Logger's is.
//
// A Waiter without a Trace spends nothing on it.
type Trace struct {
	// CallStart is called when a Wait, WaitAll or AsCompleted begins. The context that
	// it returns must be derived from ctx. The call goes on with it: its requests
	// and hooks carry its values. Nil stands for ctx.
	CallStart func(ctx context.Context, info CallInfo) context.Context

	// CallEnd is called once per call before it returns, after all its hooks, with the
	// context of CallStart.
	CallEnd func(ctx context.Context, info CallEndInfo)

	// JobEnd is called once per job, however many calls wait for it, before its hook:
	// when its final response comes, or when the last of its waits is given up. It is
	// not called for a malformed id, nor for a job that was still running when its last
	// call left it. A job that is waited for anew later ends anew. The context is that
	// of the call that has waited longest.
	JobEnd func(ctx context.Context, info JobEndInfo)

	// RequestStart is called before each request of the Waiter, once it has its turn.
	// The context of a GET carries the values of the call that has waited longest, and
	// that of a page nobody's. The context that RequestStart returns must be derived
	// from ctx, and is the request's. Nil stands for ctx. The caller's own requests
	// through Transport are not the Waiter's.
	RequestStart func(ctx context.Context, info RequestInfo) context.Context

	// RequestEnd is called when the request has been answered or has failed, before
	// anything follows from that, with the context of RequestStart. An aborted request
	// ends with its Source, possibly after the calls that wanted it.
	RequestEnd func(ctx context.Context, info RequestEndInfo)
}

// CallInfo says which call begins.
type CallInfo struct {
	// Method is "Wait", "WaitAll" or "AsCompleted".
	Method string
	// Jobs is the number of ids that the call got, and 0 for AsCompleted, which does
	// not know.
	Jobs int
}

// CallEndInfo says how a call ended.
type CallEndInfo struct {
	CallInfo
	// Progress is the state of the call at its end. Its Waiting counts the jobs that
	// the call left while they were running.
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
	// OutcomeError means: there was no final response, or one with a status outside
	// the contract.
	OutcomeError Outcome = "error"
)

// JobEndInfo says how a job ended.
type JobEndInfo struct {
	// ID is the job's UUID, in lower case.
	ID      string
	Outcome Outcome
	// Err is why the Outcome is not OutcomeSuccess: the Err of the Result of the call
	// that has waited longest, without what a hook adds. Do not change its Job.
	Err error
	// Feature, Subfeature and Provider are the final response's. They are empty if none
	// came.
	Feature, Subfeature, Provider string
	// Calls is the number of calls that waited for the job at its end. Waited is for how
	// long the first of them has, and Polls the number of GETs sent since then.
	Calls  int
	Waited time.Duration
	Polls  int
	// Lag is an upper bound of how long the job had ended before that was known: the
	// time from when the last request was sent that saw the job running, to the final
	// response. It is that far from the truth as the list, or the API's GET, is behind.
	// LagBounded is false where there is no bound: without a final response, or because
	// no request has seen the job running. Lag is 0 then.
	Lag        time.Duration
	LagBounded bool
}

// RequestKind is what a request asks for.
type RequestKind string

// The kinds of requests.
const (
	RequestGet  RequestKind = "get"  // one job
	RequestList RequestKind = "list" // one page of the list of running jobs
)

// RequestInfo says what is requested.
type RequestInfo struct {
	Kind RequestKind
	// JobID is the job of a GET: a UUID in lower case. Attempt counts the GETs of the
	// job since it is waited for, from 1.
	JobID   string
	Attempt int
	// Page is the number of a page, from 1.
	Page int
	// Calls are the contexts of the calls that wait for the job of a GET, as CallStart
	// returned them, the longest wait first: at most 128. They are for their values: some
	// may have ended. Do not change the slice.
	Calls []context.Context
}

// RequestEndInfo says what came of a request.
type RequestEndInfo struct {
	RequestInfo
	// Status is the job's, of a GET that was answered with the job.
	Status Status
	// Items is the number of jobs with a valid id on a page that was read.
	Items int
	// Err is the error of the Source, or says what is wrong with its answer. It is nil
	// for an answer of use.
	Err error
}
