package edenotel

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/edenwait/edenwait"
)

// maxChildren is how many jobs a call may have whose GETs are its children. A trace
// of thousands of spans is of use to nobody, and backends cut it.
const maxChildren = 100

// spans makes the spans of calls and GETs.
type spans struct {
	tracer trace.Tracer
	// unsampled is the parent of what a page of the list may begin. It stands for no
	// span.
	unsampled trace.SpanContext
}

func newSpans(tracer trace.Tracer) *spans {
	var traceID trace.TraceID
	var spanID trace.SpanID
	_, _ = rand.Read(traceID[:])
	_, _ = rand.Read(spanID[:])
	return &spans{tracer: tracer, unsampled: trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: spanID})}
}

// linkOnly marks the context of a call whose GETs are no children of its span.
type linkOnly struct{}

func (s *spans) callStart(ctx context.Context, info edenwait.CallInfo) context.Context {
	if info.Method == "AsCompleted" {
		return context.WithValue(ctx, linkOnly{}, true)
	}
	ctx, _ = s.tracer.Start(ctx, "edenwait."+info.Method)
	// Whatever was there before: a call may be made inside a hook, or the loop, of
	// another.
	return context.WithValue(ctx, linkOnly{}, info.Jobs > maxChildren)
}

func (*spans) callEnd(ctx context.Context, info edenwait.CallEndInfo) {
	if info.Method == "AsCompleted" {
		return // the span is the caller's
	}
	span := trace.SpanFromContext(ctx)
	defer span.End()
	if !span.IsRecording() {
		return
	}
	p := &info.Progress
	span.SetAttributes(
		attribute.Int("edenwait.call.jobs", p.Total),
		attribute.Int("edenwait.call.succeeded", p.Succeeded),
		attribute.Int("edenwait.call.failed", p.Failed),
		attribute.Int("edenwait.call.errored", p.Errored),
		attribute.Int("edenwait.call.left", p.Waiting),
		attribute.Int("edenwait.call.requests", p.Requests),
	)
	switch {
	case info.Err != nil:
		fail(span, info.Err)
	case p.Succeeded < p.Total:
		span.SetStatus(codes.Error, fmt.Sprintf("%d of %d jobs did not succeed", p.Total-p.Succeeded, p.Total))
	}
}

func (s *spans) requestStart(ctx context.Context, info edenwait.RequestInfo) context.Context {
	if info.Kind != edenwait.RequestGet {
		return trace.ContextWithSpanContext(ctx, s.unsampled)
	}
	var options []trace.SpanStartOption
	calls := info.Calls
	if alone, _ := ctx.Value(linkOnly{}).(bool); !alone {
		calls = calls[min(1, len(calls)):] // the first is the parent
	} else if parent := trace.SpanContextFromContext(ctx); parent.IsSampled() || !parent.IsValid() {
		options = append(options, trace.WithNewRoot())
	} // else the sampler wants no span of the call
	ctx, span := s.tracer.Start(ctx, "edenwait.get", options...)
	if span.IsRecording() {
		span.SetAttributes(attribute.String("edenwait.job.id", info.JobID), attribute.Int("edenwait.request.attempt", info.Attempt))
		link(span, calls)
	}
	return ctx
}

// link links a span to the spans of the calls, to each once.
func link(span trace.Span, calls []context.Context) {
	var seen map[trace.SpanID]bool
	for _, call := range calls {
		to := trace.SpanContextFromContext(call)
		if !to.IsSampled() || seen[to.SpanID()] {
			continue
		}
		if seen == nil {
			seen = map[trace.SpanID]bool{}
		}
		seen[to.SpanID()] = true
		span.AddLink(trace.Link{SpanContext: to})
	}
}

func (*spans) requestEnd(ctx context.Context, info edenwait.RequestEndInfo) {
	if info.Kind != edenwait.RequestGet {
		return // the span is not ours
	}
	span := trace.SpanFromContext(ctx)
	defer span.End()
	if !span.IsRecording() {
		return
	}
	if info.Status != "" {
		span.SetAttributes(attribute.String("edenwait.job.status", short(string(info.Status))))
	}
	if info.Err != nil {
		fail(span, info.Err)
	}
}

// fail gives a span the status of an error, and the attribute error.type: the HTTP
// status, if there was one.
func fail(span trace.Span, err error) {
	kind := other
	var api *edenwait.APIError
	switch {
	case errors.As(err, &api):
		kind = fmt.Sprint(api.StatusCode)
	case errors.Is(err, context.Canceled):
		kind = "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		kind = "timeout"
	}
	span.SetAttributes(attribute.String("error.type", kind))
	span.SetStatus(codes.Error, err.Error())
}
