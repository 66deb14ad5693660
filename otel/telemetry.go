package edenotel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/webhook"
)

// Options configure a Telemetry.
type Options struct {
	// Name is the attribute edenwait.waiter.name of all metrics. It distinguishes the
	// Waiters of a process, so each needs a different Name. Defaults to "default".
	Name string
	// MeterProvider makes the instruments. Defaults to the global one.
	MeterProvider metric.MeterProvider
	// TracerProvider makes the spans. Defaults to the global one. For metrics without
	// spans, set it to the TracerProvider of go.opentelemetry.io/otel/trace/noop.
	TracerProvider trace.TracerProvider
}

// Telemetry has the instruments of one Waiter. It is safe for concurrent use.
type Telemetry struct {
	name    string
	meter   metric.Meter
	stats   *statsInstruments
	kinds   *kinds
	waited  metric.Float64Histogram
	lag     metric.Float64Histogram
	rejects metric.Int64Counter
	spans   *spans // nil if there are none

	mu           sync.Mutex
	registration metric.Registration // nil before Observe
	unregistered bool
}

const scope = "github.com/edenwait/edenwait/otel"

// The explicit buckets. Ends are looked for at most every ten seconds or so; later
// means trouble. A wait lasts as long as its job.
var (
	lagBuckets    = []float64{0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 30, 60}
	waitedBuckets = []float64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600}
)

// names are those in use in the process: metrics of two Waiters with one name would
// overwrite each other.
var names = struct {
	sync.Mutex
	used map[string]bool
}{used: map[string]bool{}}

// New makes the instruments of a Waiter. It returns an error if the Name is in use, or if
// the MeterProvider fails.
func New(options Options) (*Telemetry, error) {
	if options.Name == "" {
		options.Name = "default"
	}
	if options.MeterProvider == nil {
		options.MeterProvider = otel.GetMeterProvider()
	}
	if options.TracerProvider == nil {
		options.TracerProvider = otel.GetTracerProvider()
	}
	meter := options.MeterProvider.Meter(scope, metric.WithInstrumentationVersion(edenwait.Version))
	t := &Telemetry{name: options.Name, meter: meter, kinds: newKinds(options.Name)}
	if _, off := options.TracerProvider.(noop.TracerProvider); !off {
		t.spans = newSpans(options.TracerProvider.Tracer(scope, trace.WithInstrumentationVersion(edenwait.Version)))
	}
	errs := make([]error, 4)
	t.stats, errs[0] = newStatsInstruments(meter, options.Name)
	t.waited, errs[1] = meter.Float64Histogram(jobWaited, metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(waitedBuckets...),
		metric.WithDescription("For how long jobs were waited for, by the call that waited longest."))
	t.lag, errs[2] = meter.Float64Histogram(jobLag, metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(lagBuckets...),
		metric.WithDescription("Upper bound of how late the ends of jobs were known."))
	t.rejects, errs[3] = meter.Int64Counter(webhookRejects, metric.WithUnit("{request}"),
		metric.WithDescription("Webhook deliveries that were not answered 200."))
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("edenotel: %w", err)
	}
	names.Lock()
	defer names.Unlock()
	if names.used[options.Name] {
		return nil, fmt.Errorf("edenotel: the name %q is in use: want another Options.Name per Waiter, or Unregister first", options.Name)
	}
	names.used[options.Name] = true
	return t, nil
}

// Trace returns the Config.Trace for the Waiter. Use it for only one Waiter, the one
// passed to Observe.
func (t *Telemetry) Trace() *edenwait.Trace {
	trace := &edenwait.Trace{JobEnd: t.jobEnd}
	if t.spans != nil {
		trace.CallStart, trace.CallEnd = t.spans.callStart, t.spans.callEnd
		trace.RequestStart, trace.RequestEnd = t.spans.requestStart, t.spans.requestEnd
	}
	return trace
}

// jobEnd records the histograms. The context has the span of the call, for
// exemplars.
func (t *Telemetry) jobEnd(ctx context.Context, info edenwait.JobEndInfo) {
	attributes := t.kinds.record(&info)
	t.waited.Record(ctx, info.Waited.Seconds(), attributes...)
	if info.LagBounded {
		t.lag.Record(ctx, info.Lag.Seconds(), attributes...)
	}
}

// Statser has Stats. It is usually a Waiter, or a substitute, such as a member of a fleet
// that has a new Waiter each time it leads.
type Statser interface{ Stats() edenwait.Stats }

// Observe registers w, usually a *edenwait.Waiter. Its Stats are then read once per
// collection, for all instruments. Call Observe once. It returns an error if w is nil.
func (t *Telemetry) Observe(w Statser) error {
	if waiter, is := w.(*edenwait.Waiter); w == nil || is && waiter == nil {
		return errors.New("edenotel: Observe of a nil Waiter") // or each collection would panic
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.registration != nil || t.unregistered {
		return errors.New("edenotel: Observe is called a second time, or after Unregister")
	}
	registration, err := t.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		stats := w.Stats()
		t.stats.observe(o, &stats)
		return nil
	}, t.stats.all...)
	if err != nil {
		return fmt.Errorf("edenotel: %w", err)
	}
	t.registration = registration
	return nil
}

// Unregister stops the reading of Stats, and frees the Name. The Trace keeps recording
// while the Waiter is used.
func (t *Telemetry) Unregister() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.unregistered {
		return nil
	}
	t.unregistered = true
	defer func() { // last, or the next of this Name could be collected beside this one
		names.Lock()
		delete(names.used, t.name)
		names.Unlock()
	}()
	if t.registration == nil {
		return nil
	}
	return t.registration.Unregister()
}

// CountReject counts a webhook delivery that was not answered 200. It is a function
// for webhook.Options.OnReject. The attribute error.type is signature, too_large,
// or _OTHER.
func (t *Telemetry) CountReject(r *http.Request, err error) {
	var tooLarge *http.MaxBytesError
	kind := other
	switch {
	case errors.Is(err, webhook.ErrSignature):
		kind = "signature"
	case errors.As(err, &tooLarge):
		kind = "too_large"
	}
	t.rejects.Add(r.Context(), 1, metric.WithAttributes(waiterName.String(t.name), attribute.String("error.type", kind)))
}
