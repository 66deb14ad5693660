package edenotel_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	edenotel "github.com/edenwait/edenwait/otel"
)

// setup is a Waiter with telemetry, which reaches an API in memory.
type setup struct {
	t         testing.TB
	waiter    *edenwait.Waiter
	telemetry *edenotel.Telemetry
	reader    sdkmetric.Reader
}

// start has the Waiter's Trace wrapped, if wrap is not nil.
func start(t testing.TB, api *edentest.API, config edenwait.Config, tracers trace.TracerProvider, wrap func(*edenwait.Trace)) *setup {
	t.Helper()
	s := &setup{t: t, reader: sdkmetric.NewManualReader()}
	if tracers == nil {
		tracers = noop.NewTracerProvider()
	}
	s.telemetry = newTelemetry(t, t.Name(), sdkmetric.NewMeterProvider(sdkmetric.WithReader(s.reader)), tracers)
	config.Trace = s.telemetry.Trace()
	if wrap != nil {
		wrap(config.Trace)
	}
	if config.HTTPClient == nil {
		config.HTTPClient = api.Client()
	}
	config.Token = edentest.DefaultToken
	waiter, err := edenwait.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if s.waiter = waiter; s.telemetry.Observe(waiter) != nil {
		t.Fatal("Observe failed")
	}
	return s
}

func newTelemetry(t testing.TB, name string, meters metric.MeterProvider, tracers trace.TracerProvider) *edenotel.Telemetry {
	t.Helper()
	telemetry, err := edenotel.New(edenotel.Options{Name: name, MeterProvider: meters, TracerProvider: tracers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { telemetry.Unregister() })
	return telemetry
}

// values are those of one collection, by name and the values of the attributes
// but the Waiter's name: "edenwait.requests get".
type values struct {
	numbers    map[string]float64
	histograms map[string]metricdata.HistogramDataPoint[float64]
	sets       map[string]attribute.Set
}

func (s *setup) collect() values {
	s.t.Helper()
	return collect(s.t, s.reader)
}

func collect(t testing.TB, reader sdkmetric.Reader) values {
	t.Helper()
	v := values{map[string]float64{}, map[string]metricdata.HistogramDataPoint[float64]{}, map[string]attribute.Set{}}
	var collected metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &collected); err != nil {
		t.Fatal(err)
	}
	for _, scope := range collected.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					v.numbers[v.key(t, m.Name, p.Attributes)] = float64(p.Value)
				}
			case metricdata.Sum[float64]:
				for _, p := range data.DataPoints {
					v.numbers[v.key(t, m.Name, p.Attributes)] = p.Value
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					v.numbers[v.key(t, m.Name, p.Attributes)] = p.Value
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					v.histograms[v.key(t, m.Name, p.Attributes)] = p
				}
			default:
				t.Errorf("%s is a %T", m.Name, data)
			}
		}
	}
	return v
}

func (v *values) key(t testing.TB, name string, attributes attribute.Set) string {
	key := []string{name}
	named := false
	for _, a := range attributes.ToSlice() {
		if a.Key == "edenwait.waiter.name" {
			named = true
			continue
		}
		key = append(key, a.Value.AsString())
	}
	if !named {
		t.Errorf("%s has no edenwait.waiter.name", name)
	}
	text := strings.Join(key, " ")
	v.sets[text] = attributes
	return text
}

// want compares numbers.
func (v *values) want(t testing.TB, when string, want map[string]float64) {
	t.Helper()
	for key, w := range want {
		if got, there := v.numbers[key]; !there || got != w {
			t.Errorf("%s: %s is %v (there: %v), want %v", when, key, got, there, w)
		}
	}
}

// sum is that of all histograms whose key begins so.
func (v *values) sum(prefix string) (count uint64, sum float64) {
	for key, p := range v.histograms {
		if strings.HasPrefix(key, prefix) {
			count += p.Count
			sum += p.Sum
		}
	}
	return count, sum
}

func uid(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", n) }
