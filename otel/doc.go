// Package edenotel shows what an edenwait.Waiter does as OpenTelemetry metrics and
// spans:
//
//	telemetry, err := edenotel.New(edenotel.Options{Name: "transcripts"})
//	waiter, err := edenwait.New(edenwait.Config{Token: key, Trace: telemetry.Trace()})
//	err = telemetry.Observe(waiter)
//	defer telemetry.Unregister()
//
// It imports only the API of OpenTelemetry. The program chooses the exporters, and how
// often metrics are collected.
//
// # Metrics
//
// Most are read from Waiter.Stats, once per collection. Two histograms are recorded
// as jobs end: edenwait.job.waited, and edenwait.job.lag, an upper bound of how late
// their ends were known. All have the attribute edenwait.waiter.name.
// docs/telemetry.md has the table, and what to look for.
//
// At most 200 kinds of jobs (feature, subfeature and provider) have their own attributes.
// Jobs of further kinds have _OTHER in these three attributes. Metrics never contain an
// id or a model.
//
// # Spans
//
// Each Wait, WaitAll and GET has a span. The GET of a job is a child of the call that has
// waited longest, and has links to the other calls that wait for the job.
//
// The GETs for a WaitAll of more than 100 jobs have only links and start their own traces,
// so that no trace becomes huge. AsCompleted has no span, since it may run for months.
// Its GETs have links to the span in which it was called.
//
// Pages of the job list have no span. Their context has an unsampled parent, so that an
// instrumented HTTP client does not start a trace per page.
//
// An HTTP client that otelhttp instruments adds headers to requests. Turn that off, since
// it would send baggage to the API.
//
//	otelhttp.NewTransport(base, otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator()))
package edenotel
