package edenotel_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
)

// recording is a TracerProvider that keeps what has ended.
func recording(options ...sdktrace.TracerProviderOption) (*sdktrace.TracerProvider, *tracetest.SpanRecorder) {
	recorder := tracetest.NewSpanRecorder()
	return sdktrace.NewTracerProvider(append(options, sdktrace.WithSpanProcessor(recorder))...), recorder
}

// named are the spans of that name, in the order in which they began.
func named(recorder *tracetest.SpanRecorder, name string) (spans []sdktrace.ReadOnlySpan) {
	for _, span := range recorder.Ended() {
		if span.Name() == name {
			spans = append(spans, span)
		}
	}
	slices.SortStableFunc(spans, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	return spans
}

func attributeOf(span sdktrace.ReadOnlySpan, key attribute.Key) attribute.Value {
	for _, a := range span.Attributes() {
		if a.Key == key {
			return a.Value
		}
	}
	return attribute.Value{}
}

func linksTo(span sdktrace.ReadOnlySpan) (ids []trace.SpanID) {
	for _, link := range span.Links() {
		ids = append(ids, link.SpanContext.SpanID())
	}
	return ids
}

// A GET is a child of the call that has waited longest, and has links to the others.
func TestSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: latency})
		tracers, recorder := recording()
		var hook trace.SpanContext
		s := start(t, api, edenwait.Config{DisableList: true, Hooks: edenwait.Hooks{OnFail: func(ctx context.Context, _ *edenwait.Job) error {
			hook = trace.SpanContextFromContext(ctx)
			return nil
		}}}, tracers, nil)
		id := api.Submit(edentest.Script{After: time.Minute, Status: "fail"})
		outer, span := tracers.Tracer("test").Start(context.Background(), "outer")
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = s.waiter.Wait(outer, id) })
		wg.Go(func() {
			time.Sleep(30*time.Second + 7*time.Millisecond)
			_, _ = s.waiter.WaitAll(context.Background(), []string{id, id})
		})
		wg.Go(func() {
			time.Sleep(40*time.Second + 7*time.Millisecond)
			for range s.waiter.AsCompleted(outer, slices.Values([]string{id})) {
			}
		})
		wg.Wait()
		span.End()
		waits, alls, gets := named(recorder, "edenwait.Wait"), named(recorder, "edenwait.WaitAll"), named(recorder, "edenwait.get")
		if len(waits) != 1 || len(alls) != 1 || len(gets) != api.Stats().Gets || len(recorder.Ended()) != len(gets)+3 {
			t.Fatalf("%d Wait, %d WaitAll, %d GETs of %d, %d spans in all", len(waits), len(alls), len(gets), api.Stats().Gets, len(recorder.Ended()))
		}
		wait, all := waits[0], alls[0]
		if wait.Parent().SpanID() != span.SpanContext().SpanID() || all.Parent().IsValid() {
			t.Error("the calls' parents are wrong")
		}
		if wait.Status().Code != codes.Error || attributeOf(wait, "edenwait.call.failed").AsInt64() != 1 || attributeOf(all, "edenwait.call.jobs").AsInt64() != 1 {
			t.Errorf("Wait: %+v, %v; WaitAll: %v", wait.Status(), wait.Attributes(), all.Attributes())
		}
		for i, get := range gets {
			if get.Parent().SpanID() != wait.SpanContext().SpanID() {
				t.Errorf("GET %d is no child of the Wait", i)
			}
			var want []trace.SpanID
			if !get.StartTime().Before(all.StartTime()) {
				want = append(want, all.SpanContext().SpanID())
			}
			if !get.StartTime().Before(all.StartTime().Add(10 * time.Second)) {
				want = append(want, span.SpanContext().SpanID()) // in which AsCompleted was called
			}
			if got := linksTo(get); !slices.Equal(got, want) {
				t.Errorf("GET %d links to %v, want %v", i, got, want)
			}
			if attributeOf(get, "edenwait.job.id").AsString() != id || attributeOf(get, "edenwait.request.attempt").AsInt64() != int64(i+1) {
				t.Errorf("GET %d: %v", i, get.Attributes())
			}
		}
		if last := gets[len(gets)-1]; attributeOf(last, "edenwait.job.status").AsString() != "fail" || last.Status().Code != codes.Unset {
			t.Errorf("the last GET: %v, %v", last.Attributes(), last.Status())
		}
		if hook.SpanID() != wait.SpanContext().SpanID() {
			t.Error("the hook's context has not the span of the Wait")
		}
	})
}

// The GETs for a large call, and for a stream, have traces of their own, which link to
// the call.
func TestSpansOfLargeCalls(t *testing.T) {
	for _, test := range []struct {
		name   string
		jobs   int
		stream bool
		child  bool
	}{
		{"100", 100, false, true},
		{"101", 101, false, false},
		{"AsCompleted", 3, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := edentest.New(edentest.Options{Latency: latency})
				tracers, recorder := recording()
				s := start(t, api, edenwait.Config{}, tracers, nil)
				ids := api.SubmitAll(test.jobs, edentest.Workload{Durations: edentest.Fixed(5 * time.Second)})
				outer, span := tracers.Tracer("test").Start(context.Background(), "outer")
				of := span.SpanContext()
				if test.stream {
					for range s.waiter.AsCompleted(outer, slices.Values(ids)) {
					}
					if n := len(recorder.Ended()); n != api.Stats().Gets {
						t.Errorf("%d spans, want %d of GETs alone", n, api.Stats().Gets)
					}
				} else {
					if _, err := s.waiter.WaitAll(outer, ids); err != nil {
						t.Error(err)
					}
					of = named(recorder, "edenwait.WaitAll")[0].SpanContext()
				}
				span.End()
				gets := named(recorder, "edenwait.get")
				if len(gets) != api.Stats().Gets {
					t.Errorf("%d spans of %d GETs", len(gets), api.Stats().Gets)
				}
				for _, get := range gets {
					links := linksTo(get)
					child := get.Parent().SpanID() == of.SpanID() && len(links) == 0
					linked := !get.Parent().IsValid() && get.SpanContext().TraceID() != of.TraceID() && slices.Equal(links, []trace.SpanID{of.SpanID()})
					if child != test.child || linked == test.child {
						t.Fatalf("child %v, linked %v", child, linked)
					}
				}
			})
		})
	}
}

// What the HTTP client sees: a page's parent is not sampled, and carries nothing of a
// call; a GET's is the GET's own span.
func TestSpansBelow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: latency})
		tracers, recorder := recording()
		var mu sync.Mutex
		pages, gets := 0, map[trace.SpanID]bool{}
		below := roundTripper(func(req *http.Request) (*http.Response, error) {
			_, span := tracers.Tracer("http").Start(req.Context(), "http")
			defer span.End()
			mu.Lock()
			defer mu.Unlock()
			if parent := trace.SpanContextFromContext(req.Context()); req.URL.RawQuery != "" {
				if pages++; span.IsRecording() || !parent.IsValid() || parent.IsSampled() {
					t.Error("a page's span is recorded")
				}
			} else {
				gets[parent.SpanID()] = true
			}
			return api.Client().Transport.RoundTrip(req)
		})
		s := start(t, api, edenwait.Config{HTTPClient: &http.Client{Transport: below}}, tracers, nil)
		if _, err := s.waiter.WaitAll(context.Background(), api.SubmitAll(50, edentest.Workload{})); err != nil {
			t.Error(err)
		}
		if pages != api.Stats().Lists || pages == 0 {
			t.Errorf("%d pages, want %d", pages, api.Stats().Lists)
		}
		spans := named(recorder, "edenwait.get")
		for _, span := range spans {
			if !gets[span.SpanContext().SpanID()] {
				t.Error("a GET's span is no parent of its request")
			}
		}
		if len(spans) != len(gets) || len(named(recorder, "http")) != len(gets) {
			t.Errorf("%d spans of %d GETs, %d of the client", len(spans), len(gets), len(named(recorder, "http")))
		}
	})
}

// Whoever does not sample the call gets no spans of its GETs.
func TestSpansNotSampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: latency})
		tracers, recorder := recording()
		s := start(t, api, edenwait.Config{}, tracers, nil)
		never, _ := recording(sdktrace.WithSampler(sdktrace.NeverSample()))
		outer, span := never.Tracer("test").Start(context.Background(), "outer")
		defer span.End()
		for _, jobs := range []int{1, 150} {
			if _, err := s.waiter.WaitAll(outer, api.SubmitAll(jobs, edentest.Workload{})); err != nil {
				t.Error(err)
			}
		}
		for range s.waiter.AsCompleted(outer, slices.Values(api.SubmitAll(2, edentest.Workload{}))) {
		}
		if n := len(recorder.Ended()); n > 0 {
			t.Errorf("%d spans", n)
		}
	})
}

// Failures say what failed, in the span of the GET and of the call.
func TestSpansOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Latency: latency, Faults: []edentest.Fault{{Do: edentest.Status(503, "", nil)}}})
		tracers, recorder := recording()
		s := start(t, api, edenwait.Config{}, tracers, nil)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, _ = s.waiter.Wait(ctx, uid(1))
		wait, get := named(recorder, "edenwait.Wait")[0], named(recorder, "edenwait.get")[0]
		if wait.Status().Code != codes.Error || attributeOf(wait, "error.type").AsString() != "timeout" || attributeOf(wait, "edenwait.call.left").AsInt64() != 1 {
			t.Errorf("Wait: %v, %v", wait.Status(), wait.Attributes())
		}
		if get.Status().Code != codes.Error || attributeOf(get, "error.type").AsString() != "503" {
			t.Errorf("GET: %v, %v", get.Status(), get.Attributes())
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
