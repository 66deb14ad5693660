// Package edenotel shows what an edenwait.Waiter does as OpenTelemetry metrics and
// spans:
//
//	telemetry, err := edenotel.New(edenotel.Options{Name: "transcripts"})
//	waiter, err := edenwait.New(edenwait.Config{Token: key, Trace: telemetry.Trace()})
//	err = telemetry.Observe(waiter)
//	defer telemetry.Unregister()
//
// It needs the API of OpenTelemetry only. Exporters, and how often metrics are
// collected, are the program's.
//
// # Metrics
//
// Most are read from Waiter.Stats, once per collection. Two histograms are recorded
// as jobs end: edenwait.job.waited, and edenwait.job.lag, an upper bound of how late
// their ends were known. All have the attribute edenwait.waiter.name.
// docs/telemetry.md has the table, and what to look for.
//
// Jobs of at most 200 kinds (feature, subfeature and provider) are told apart. Those
// of further kinds have _OTHER in these three attributes. No metric has an id, or a
// model.
//
// # Spans
//
// Each Wait and WaitAll is a span, and each GET is one. The GET of a job is a child of
// the call that has waited longest, and has links to the other calls that wait for
// the job. The GETs for a WaitAll of more than 100 jobs are linked only, each with a
// trace of its own, so no trace becomes huge. So are those for an AsCompleted,
// which has no span, since it may run for months: they link to the span that it
// was called in.
//
// Pages of the job list have no span. Their context has a parent that is not
// sampled, so that an instrumented HTTP client begins no trace per page.
//
// Such a client, as otelhttp makes, adds headers to requests. Turn that off: baggage
// would go to the API.
//
//	otelhttp.NewTransport(base, otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator()))
package edenotel
