// Observed is a program that waits for jobs, and shows what it does to Prometheus and
// Grafana.
//
// Everything but the API, which is a fake one in the process, is as it would be in a
// program of your own. The parts to copy are telemetry.go and service.go.
//
//	go run . -for 10m        # and in another terminal, here:
//	docker compose up        # Grafana at http://localhost:3000, Prometheus at http://localhost:9090
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/edenwait/edenwait/edentest"
)

func main() {
	var o options
	flag.StringVar(&o.addr, "addr", "127.0.0.1:9464", "serve metrics at this `address`")
	flag.DurationVar(&o.length, "for", 5*time.Second, "submit jobs for this long")
	flag.Float64Var(&o.rate, "rate", 2, "jobs to submit per second")
	flag.DurationVar(&o.median, "median", time.Second, "how long half of the jobs run")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

type options struct {
	addr   string
	length time.Duration
	rate   float64
	median time.Duration
}

// run submits jobs for a while, and ends once all have ended.
func run(ctx context.Context, o options, out io.Writer) (err error) {
	api := edentest.New(edentest.Options{
		Latency:  40 * time.Millisecond,
		Workload: edentest.Workload{Durations: edentest.Lognormal{Median: o.median, Sigma: 1, Cap: 20 * o.median}, FailureRate: 0.05},
	})
	defer api.Close()
	metrics, err := newMetrics()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, metrics.shutdown()) }()
	s, err := newService(edentest.DefaultToken, api.Client().Transport, metrics.provider)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()

	l, err := new(net.ListenConfig).Listen(ctx, "tcp", o.addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: metrics.handler, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	defer func() {
		err = errors.Join(err, server.Close())
		if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
	}()
	fmt.Fprintf(out, "metrics are at http://%s/metrics\n", l.Addr())

	if err := s.work(ctx, o.length, time.Duration(float64(time.Second)/o.rate)); err != nil {
		return err
	}
	stats := s.waiter.Stats()
	fmt.Fprintf(out, "%d jobs succeeded, %d failed\n", stats.Succeeded, stats.Failed)
	return nil
}
