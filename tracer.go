package edenwait

import (
	"context"

	"github.com/google/uuid"

	"github.com/edenwait/edenwait/internal/engine"
)

// tracer calls the functions of a Trace. It is nil if the Waiter has no Trace.
type tracer struct {
	Trace
	report func(thrown any) // takes what a func throws
}

func newTracer(trace *Trace, report func(thrown any)) *tracer {
	if trace == nil {
		return nil
	}
	return &tracer{*trace, report}
}

// maxTracedCalls bounds how many of the calls that wait for a job a request names: of
// tens of thousands, nobody wants a list per GET.
const maxTracedCalls = 128

// requests reports whether anybody wants to know of requests.
func (t *tracer) requests() bool {
	return t != nil && (t.RequestStart != nil || t.RequestEnd != nil)
}

// callStart returns the context that the call goes on with. The call is not open
// yet, so that crash has it throw what CallStart throws.
func (t *tracer) callStart(ctx context.Context, info CallInfo, crash func(thrown any)) context.Context {
	if t == nil || t.CallStart == nil {
		return ctx
	}
	var own context.Context
	t.guard(func(thrown any) {
		t.report(thrown)
		crash(thrown)
	}, func() {
		own = t.CallStart(ctx, info) //nolint:fatcontext // once per call: nothing nests
	})
	if own == nil || own == ctx {
		return ctx
	}
	return tracedContext{ctx, own}
}

// callEnd makes its info only if the Trace wants it.
func (t *tracer) callEnd(ctx context.Context, info func() CallEndInfo) {
	if t != nil && t.CallEnd != nil {
		t.guard(t.report, func() { t.CallEnd(ctx, info()) })
	}
}

func (t *tracer) jobEnd(ctx context.Context, end *engine.End, r *Result) {
	if t == nil || t.JobEnd == nil {
		return
	}
	info := JobEndInfo{
		ID: uuid.UUID(end.Key).String(), Outcome: outcomeOf(r), Err: r.Err,
		Calls: len(end.Waits), Waited: r.Waited, Polls: r.Polls,
	}
	if job := r.Job; job != nil {
		info.Feature, info.Subfeature, info.Provider = job.Feature, job.Subfeature, job.Provider
		info.Lag, info.LagBounded = lagOf(end)
	}
	t.guard(t.report, func() { t.JobEnd(ctx, info) })
}

// tracedRequest is a request whose end somebody wants to know of.
type tracedRequest struct {
	tracer *tracer
	ctx    context.Context
	info   RequestInfo
}

func (t *tracer) requestStart(ctx context.Context, r engine.Request, calls []context.Context) *tracedRequest {
	q := &tracedRequest{t, ctx, RequestInfo{Kind: RequestGet, Attempt: int(r.Attempt), Page: r.Page, Calls: calls}}
	if r.Kind == engine.Page {
		q.info.Kind = RequestList
	} else {
		q.info.JobID = uuid.UUID(r.Key).String()
	}
	if t.RequestStart != nil {
		t.guard(t.report, func() { q.ctx = either(t.RequestStart(ctx, q.info), ctx) })
	}
	return q
}

// end tells what came of the request. A nil request is one that is not traced.
func (q *tracedRequest) end(a *engine.Answer) {
	if q == nil || q.tracer.RequestEnd == nil {
		return
	}
	info := RequestEndInfo{RequestInfo: q.info, Items: len(a.Items)}
	switch value := a.Value.(type) {
	case *Job:
		info.Status = value.Status
	case error:
		info.Err = value
	}
	q.tracer.guard(q.tracer.report, func() { q.tracer.RequestEnd(q.ctx, info) })
}

func (*tracer) guard(report func(thrown any), f func()) { guard("Trace", report, f) }

func either(ctx, otherwise context.Context) context.Context {
	if ctx == nil {
		return otherwise
	}
	return ctx
}
