package edenotel_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	edenotel "github.com/edenwait/edenwait/otel"
)

// polls is how many jobs BenchmarkPoll polls at once.
const polls = 500

// serveVariable has the test program serve the API until its input ends, so that what
// the server costs is not counted.
const serveVariable = "EDENOTEL_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) == "" {
		os.Exit(m.Run())
	}
	server := edentest.Start(edentest.Options{Rate: -1, DiscardRecords: true})
	fmt.Println(server.URL, strings.Join(server.SubmitAll(polls, edentest.Workload{Durations: edentest.Fixed(0)}), " "))
	_, _ = io.Copy(io.Discard, os.Stdin)
	server.Close()
}

// serve starts a server in another process.
func serve(b *testing.B) (url string, ids []string) {
	b.Helper()
	server := exec.Command(os.Args[0])
	server.Env = append(os.Environ(), serveVariable+"=1")
	in, _ := server.StdinPipe()
	out, _ := server.StdoutPipe()
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		server.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	fields := strings.Fields(line)
	if err != nil || len(fields) != 1+polls {
		b.Fatalf("the server says %q, %v", line, err)
	}
	return fields[0], fields[1:]
}

// BenchmarkPoll measures the CPU time of a poll over a loopback connection, with a
// collection per 500 polls. Here each poll ends its job, so telemetry costs as
// much as it can. The ways take turns, and their medians are compared, because other
// programs disturb them:
//
//	go test -run '^$' -bench Poll -benchtime 200x ./otel
func BenchmarkPoll(b *testing.B) {
	type way struct {
		name   string
		waiter *edenwait.Waiter
		reader sdkmetric.Reader // nil without metrics
		into   metricdata.ResourceMetrics
		took   []time.Duration
	}
	url, ids := serve(b)
	var ways []*way
	for _, with := range []struct {
		name    string
		tracers trace.TracerProvider // nil: no telemetry
	}{
		{"off", nil},
		{"metrics", noop.NewTracerProvider()},
		{"unsampled", sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))},
		{"spans", sdktrace.NewTracerProvider()},
	} {
		w := &way{name: with.name}
		config := edenwait.Config{Token: edentest.DefaultToken, BaseURL: url, Rate: 1e6, Burst: 1e6, MaxInFlight: 4, DisableList: true}
		var telemetry *edenotel.Telemetry
		if with.tracers != nil {
			w.reader = sdkmetric.NewManualReader()
			telemetry = newTelemetry(b, b.Name()+with.name, sdkmetric.NewMeterProvider(sdkmetric.WithReader(w.reader)), with.tracers)
			config.Trace = telemetry.Trace()
		}
		var err error
		if w.waiter, err = edenwait.New(config); err != nil {
			b.Fatal(err)
		}
		if telemetry != nil && telemetry.Observe(w.waiter) != nil {
			b.Fatal("Observe failed")
		}
		ways = append(ways, w)
	}
	for round := 0; b.Loop(); round++ {
		for i := range ways {
			w := ways[(round+i)%len(ways)]
			runtime.GC() // what another way has left is not collected at this one's cost
			before := cpu()
			if _, err := w.waiter.WaitAll(context.Background(), ids); err != nil {
				b.Fatal(err)
			}
			if w.reader != nil && w.reader.Collect(context.Background(), &w.into) != nil {
				b.Fatal("Collect failed")
			}
			w.took = append(w.took, cpu()-before)
		}
	}
	off := 0.0
	for _, w := range ways {
		slices.Sort(w.took)
		median := float64(w.took[len(w.took)/2].Nanoseconds()) / polls
		if w.name == "off" {
			off = median
			b.ReportMetric(off, "cpu-ns/poll")
		} else {
			b.ReportMetric(median/off, w.name+"/off")
		}
	}
}

// BenchmarkJobEnd is what the metrics add to the end of a job.
func BenchmarkJobEnd(b *testing.B) {
	s := start(b, edentest.New(edentest.Options{}), edenwait.Config{}, nil, nil)
	record := s.telemetry.Trace().JobEnd
	info := edenwait.JobEndInfo{
		Outcome: edenwait.OutcomeSuccess, Feature: "audio", Subfeature: "speech_to_text_async", Provider: "deepgram",
		Waited: time.Minute, Lag: time.Second, LagBounded: true,
	}
	b.ReportAllocs()
	for b.Loop() {
		record(context.Background(), info)
	}
}

// BenchmarkCollect is what one collection costs.
func BenchmarkCollect(b *testing.B) {
	s := start(b, edentest.New(edentest.Options{}), edenwait.Config{}, nil, nil)
	var into metricdata.ResourceMetrics
	for b.Loop() {
		if err := s.reader.Collect(context.Background(), &into); err != nil {
			b.Fatal(err)
		}
	}
}
