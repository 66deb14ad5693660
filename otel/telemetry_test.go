package edenotel_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	edenotel "github.com/edenwait/edenwait/otel"
	"github.com/edenwait/edenwait/webhook"
)

// Two Waiters of one process, with one MeterProvider, overwrite nothing of each other's.
func TestTwoWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader := sdkmetric.NewManualReader()
		meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
		api := edentest.New(edentest.Options{Rate: -1})
		telemetries := map[string]*edenotel.Telemetry{}
		for name, jobs := range map[string]int{"one": 3, "two": 5} {
			telemetry := newTelemetry(t, name, meters, noop.NewTracerProvider())
			telemetries[name] = telemetry
			waiter, err := edenwait.New(edenwait.Config{Token: edentest.DefaultToken, HTTPClient: api.Client(), Trace: telemetry.Trace()})
			if err != nil {
				t.Fatal(err)
			}
			if err := telemetry.Observe(waiter); err != nil {
				t.Fatal(err)
			}
			if telemetry.Observe(waiter) == nil {
				t.Error("Observe succeeds a second time")
			}
			if _, err := waiter.WaitAll(context.Background(), api.SubmitAll(jobs, edentest.Workload{Durations: edentest.Fixed(0)})); err != nil {
				t.Fatal(err)
			}
		}
		count := func() (successes map[string]int64, waited map[string]uint64) {
			successes, waited = map[string]int64{}, map[string]uint64{}
			var collected metricdata.ResourceMetrics
			if err := reader.Collect(context.Background(), &collected); err != nil {
				t.Fatal(err)
			}
			for _, m := range collected.ScopeMetrics[0].Metrics {
				switch data := m.Data.(type) {
				case metricdata.Sum[int64]:
					for _, p := range data.DataPoints {
						if outcome, _ := p.Attributes.Value("edenwait.job.outcome"); outcome.AsString() == "success" {
							name, _ := p.Attributes.Value("edenwait.waiter.name")
							successes[name.AsString()] += p.Value
						}
					}
				case metricdata.Histogram[float64]:
					for _, p := range data.DataPoints {
						if name, _ := p.Attributes.Value("edenwait.waiter.name"); m.Name == "edenwait.job.waited" {
							waited[name.AsString()] += p.Count
						}
					}
				}
			}
			return successes, waited
		}
		want := "map[one:3 two:5]"
		if successes, waited := count(); fmt.Sprint(successes) != want || fmt.Sprint(waited) != want {
			t.Errorf("%v and %v, want %s", successes, waited, want)
		}
		options := edenotel.Options{Name: "one", MeterProvider: meters, TracerProvider: noop.NewTracerProvider()}
		if _, err := edenotel.New(options); err == nil || !strings.Contains(err.Error(), `"one" is in use`) {
			t.Errorf("a name that is in use: %v", err)
		}
		if err := telemetries["one"].Unregister(); err != nil {
			t.Error(err)
		}
		if successes, _ := count(); fmt.Sprint(successes) != "map[two:5]" {
			t.Errorf("%v after Unregister, want two alone", successes)
		}
		again, err := edenotel.New(options)
		if err != nil {
			t.Fatalf("the name is not free after Unregister: %v", err)
		}
		again.Unregister()
	})
}

// countingMeters counts callbacks, and runs them.
type countingMeters struct {
	metricnoop.MeterProvider
	callbacks    []metric.Callback
	unregistered func()
}

type countingMeter struct {
	metricnoop.Meter
	provider *countingMeters
}

func (p *countingMeters) Meter(string, ...metric.MeterOption) metric.Meter {
	return countingMeter{provider: p}
}

func (m countingMeter) RegisterCallback(f metric.Callback, _ ...metric.Observable) (metric.Registration, error) {
	m.provider.callbacks = append(m.provider.callbacks, f)
	return countingRegistration{provider: m.provider}, nil
}

type countingRegistration struct {
	metricnoop.Registration
	provider *countingMeters
}

func (r countingRegistration) Unregister() error {
	r.provider.unregistered()
	return nil
}

// A Name is free only when nothing is collected under it any more.
func TestUnregisterFreesTheNameLast(t *testing.T) {
	meters := new(countingMeters)
	telemetry := newTelemetry(t, t.Name(), meters, noop.NewTracerProvider())
	waiter, err := edenwait.New(edenwait.Config{Token: "token"})
	if err != nil {
		t.Fatal(err)
	}
	if err := telemetry.Observe(waiter); err != nil {
		t.Fatal(err)
	}
	meters.unregistered = func() {
		if _, err := edenotel.New(edenotel.Options{Name: t.Name(), MeterProvider: meters}); err == nil {
			t.Error("the name is free while the callback is registered")
		}
	}
	if err := telemetry.Unregister(); err != nil {
		t.Fatal(err)
	}
	newTelemetry(t, t.Name(), meters, noop.NewTracerProvider())
}

// All that is read of the Waiter is read in one callback: what one collection shows
// belongs together.
func TestOneCallback(t *testing.T) {
	meters := &countingMeters{unregistered: func() {}}
	telemetry := newTelemetry(t, t.Name(), meters, noop.NewTracerProvider())
	waiter, err := edenwait.New(edenwait.Config{Token: "token", Trace: telemetry.Trace()})
	if err != nil {
		t.Fatal(err)
	}
	if err := telemetry.Observe(waiter); err != nil || len(meters.callbacks) != 1 {
		t.Errorf("%v, %d callbacks, want 1", err, len(meters.callbacks))
	}
}

// A server can name kinds without end. Their number is bounded, and what is dropped
// from their names is no reason to lose a job.
func TestKindsAreBounded(t *testing.T) {
	api := edentest.New(edentest.Options{})
	s := start(t, api, edenwait.Config{}, nil, nil)
	record := s.telemetry.Trace().JobEnd
	const jobs = 1000
	for i := range jobs {
		record(context.Background(), edenwait.JobEndInfo{
			ID: uid(i), Outcome: []edenwait.Outcome{edenwait.OutcomeSuccess, edenwait.OutcomeFail}[i/2%2],
			Feature: "audio", Subfeature: "speech", Provider: fmt.Sprintf("\xff %d %s", i/2, strings.Repeat("x", 200)),
			Waited: time.Second, Lag: time.Second, LagBounded: true,
		})
	}
	got := s.collect()
	kinds, others := map[string]bool{}, uint64(0)
	for key, p := range got.histograms {
		if !strings.HasPrefix(key, "edenwait.job.lag") {
			continue
		}
		set := got.sets[key]
		provider, _ := set.Value("edenwait.job.provider")
		feature, _ := set.Value("edenwait.job.feature")
		subfeature, _ := set.Value("edenwait.job.subfeature")
		if provider.AsString() == "_OTHER" {
			others += p.Count
			if feature.AsString() != "_OTHER" || subfeature.AsString() != "_OTHER" {
				t.Errorf("another kind of %s", key)
			}
		} else if kinds[provider.AsString()] = true; len(provider.AsString()) > 64 || !utf8.ValidString(provider.AsString()) {
			t.Errorf("a name of %d bytes: %q", len(provider.AsString()), provider.AsString())
		}
	}
	if n, _ := got.sum("edenwait.job.lag"); len(kinds) != 200 || others != jobs-400 || n != jobs {
		t.Errorf("%d kinds, %d jobs of others, %d in all; want 200, %d, %d", len(kinds), others, n, jobs-400, jobs)
	}
}

// No metric has an id or a model, and a job without a final response has no kind.
func TestNoIDsNoModels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{})
		s := start(t, api, edenwait.Config{}, nil, nil)
		id := api.Submit(edentest.Script{Feature: "audio", Subfeature: "speech", Provider: "deepgram", Model: "nova-3"})
		results, _ := s.waiter.WaitAll(context.Background(), []string{id, uid(1)})
		if results[0].Job == nil || results[0].Job.Model != "nova-3" {
			t.Fatalf("the job has no model: %+v", results[0].Job)
		}
		got := s.collect()
		for key, set := range got.sets {
			for _, a := range set.ToSlice() {
				if value := a.Value.AsString(); strings.Contains(value, id) || strings.Contains(value, uid(1)) || strings.Contains(value, "nova") {
					t.Errorf("%s: %s is %s", key, a.Key, value)
				}
			}
		}
		for _, key := range []string{"edenwait.job.waited audio success deepgram speech", "edenwait.job.waited error"} {
			if got.histograms[key].Count != 1 {
				t.Errorf("%s: %d jobs, want 1; there is %v", key, got.histograms[key].Count, got.histograms)
			}
		}
	})
}

// The buckets tell apart what matters.
func TestBuckets(t *testing.T) {
	s := start(t, edentest.New(edentest.Options{}), edenwait.Config{}, nil, nil)
	s.telemetry.Trace().JobEnd(context.Background(), edenwait.JobEndInfo{LagBounded: true})
	got := s.collect()
	for prefix, want := range map[string][2]float64{"edenwait.job.lag": {0.1, 60}, "edenwait.job.waited": {1, 21600}} {
		p := got.histograms[prefix+" "]
		if n := len(p.Bounds); n < 10 || p.Bounds[0] != want[0] || p.Bounds[n-1] != want[1] {
			t.Errorf("%s: %v, want %v", prefix, p.Bounds, want)
		}
	}
}

// What the handler of webhooks rejects is counted by its reason.
func TestCountReject(t *testing.T) {
	s := start(t, edentest.New(edentest.Options{}), edenwait.Config{}, nil, nil)
	handler := webhook.Handler(s.waiter, webhook.Options{OnReject: s.telemetry.CountReject, MaxBytes: 100,
		OnEvent: func(context.Context, *webhook.Event) error { return nil }})
	delivery := `{"event":"async_job_completed","job_id":"` + uid(1) + `"}`
	for _, body := range []string{delivery, delivery, delivery + strings.Repeat(" ", 100), "no JSON"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)))
	}
	got := s.collect()
	got.want(t, "after", map[string]float64{
		"edenwait.webhook.rejects signature": 2, "edenwait.webhook.rejects too_large": 1, "edenwait.webhook.rejects _OTHER": 1,
	})
}

// The page has every instrument, with its unit and its type.
func TestPageNamesInstruments(t *testing.T) {
	page, err := os.ReadFile("../docs/telemetry.md")
	if err != nil {
		t.Skip("not the whole repository: ", err)
	}
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(edenwait\\.[a-z_.]+)` \\| ([^|]+) \\| ([^|]+) \\|").FindAllStringSubmatch(string(page), -1) {
		documented[row[1]] = row[2] + " " + row[3]
	}
	s := start(t, edentest.New(edentest.Options{}), edenwait.Config{}, nil, nil)
	s.telemetry.Trace().JobEnd(context.Background(), edenwait.JobEndInfo{LagBounded: true})
	s.telemetry.CountReject(httptest.NewRequest(http.MethodPost, "/", nil), webhook.ErrSignature)
	var collected metricdata.ResourceMetrics
	if err := s.reader.Collect(context.Background(), &collected); err != nil {
		t.Fatal(err)
	}
	for _, m := range collected.ScopeMetrics[0].Metrics {
		kind := "gauge"
		switch data := m.Data.(type) {
		case metricdata.Histogram[float64]:
			kind = "histogram"
		case metricdata.Sum[int64]:
			kind = map[bool]string{true: "counter", false: "up-down"}[data.IsMonotonic]
		case metricdata.Sum[float64]:
			kind = map[bool]string{true: "counter", false: "up-down"}[data.IsMonotonic]
		}
		if want := m.Unit + " " + kind; documented[m.Name] != want {
			t.Errorf("docs/telemetry.md: %s is %q, want %q", m.Name, documented[m.Name], want)
		}
		if m.Description == "" {
			t.Errorf("%s has no description", m.Name)
		}
		delete(documented, m.Name)
	}
	for name := range documented {
		t.Errorf("docs/telemetry.md: there is no %s", name)
	}
}

// Collections may run while jobs end.
func TestCollectMeanwhile(t *testing.T) {
	api := edentest.New(edentest.Options{Rate: -1})
	s := start(t, api, edenwait.Config{Rate: 1e5, Burst: 1000}, nil, nil)
	ids := api.SubmitAll(500, edentest.Workload{Durations: edentest.Fixed(0)})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			s.collect()
		}
	})
	if _, err := s.waiter.WaitAll(ctx, ids); err != nil {
		t.Error(err)
	}
	cancel()
	wg.Wait()
	if got := s.collect(); got.numbers["edenwait.jobs success"] != 500 {
		t.Errorf("%v jobs", got.numbers["edenwait.jobs success"])
	}
}
