package edenotel_test

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	edenotel "github.com/edenwait/edenwait/otel"
)

// A program that waits for jobs, with metrics. It would use an exporter's reader.
func Example() {
	api := edentest.New(edentest.Options{Rate: -1})
	reader := sdkmetric.NewManualReader()
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	ids := api.SubmitAll(3, edentest.Workload{Durations: edentest.Fixed(0)})
	if err := transcribe(edentest.DefaultToken, api.Client(), meters, ids, func() { show(reader) }); err != nil {
		fmt.Println(err)
	}
	// Output:
	// edenwait.jobs success 3
	// edenwait.jobs fail 0
	// edenwait.jobs error 0
}

func transcribe(key string, client *http.Client, meters metric.MeterProvider, ids []string, done func()) error {
	telemetry, err := edenotel.New(edenotel.Options{Name: "transcripts", MeterProvider: meters})
	if err != nil {
		return err
	}
	waiter, err := edenwait.New(edenwait.Config{Token: key, HTTPClient: client, Trace: telemetry.Trace()})
	if err != nil {
		return err
	}
	if err := telemetry.Observe(waiter); err != nil {
		return err
	}
	defer telemetry.Unregister()
	if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
		return err
	}
	done()
	return nil
}

// show prints one of the metrics.
func show(reader sdkmetric.Reader) {
	var collected metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &collected); err != nil {
		fmt.Println(err)
	}
	for _, m := range collected.ScopeMetrics[0].Metrics {
		if m.Name != "edenwait.jobs" {
			continue
		}
		points := map[string]int64{}
		for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
			outcome, _ := p.Attributes.Value(attribute.Key("edenwait.job.outcome"))
			points[outcome.AsString()] = p.Value
		}
		for _, outcome := range []string{"success", "fail", "error"} {
			fmt.Println(m.Name, outcome, points[outcome])
		}
	}
}
