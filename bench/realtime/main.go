// Command realtime compares edenwait with a plain client (64 goroutines and a
// rate.Limiter) at raised limits, in real time over loopback: the share of the rate
// that each uses, and the CPU time per request. From the root of the repository:
//
//	go run -C bench ./realtime
//
// With -batch, it measures the makespan of a large batch of short jobs at a Rate of 1,000, which
// takes two minutes:
//
//	go run -C bench ./realtime -batch 100000 -latency 40ms
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/edenwait/edenwait/bench/cost"
)

func main() {
	cost.ServeIfAsked()
	jobs := flag.Int("batch", 0, "measure a batch of so many `jobs` instead")
	latency := flag.Duration("latency", 0, "`delay` of each answer to a request of the batch")
	flag.Parse()
	measure := compareRates
	if *jobs > 0 {
		measure = func(ctx context.Context) error {
			b, err := cost.MeasureBatch(ctx, *jobs, *latency)
			fmt.Printf("%d jobs in %v, %.3f of the ideal: %d GETs, %d pages, %d 429s\n", b.Jobs, b.Makespan, b.Ratio, b.Requests.Gets, b.Requests.Lists, b.Requests.RateLimited)
			return err
		}
	}
	if err := measure(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func compareRates(ctx context.Context) (err error) {
	server, err := cost.StartServer(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	rates, err := cost.MeasureRates(ctx, server.URL, func(what string) { fmt.Fprintln(os.Stderr, what) })
	if err != nil {
		return err
	}
	fmt.Println("rate   share used: edenwait   plain   ratio   CPU per request: edenwait   plain   ratio")
	for _, r := range rates {
		fmt.Printf("%-6d %19.1f %% %5.1f %% %7.3f %23.1f µs %5.1f µs %5.2f\n",
			r.Rate, 100*r.Edenwait.Share, 100*r.Plain.Share, r.ShareRatio, r.Edenwait.CPU/1e3, r.Plain.CPU/1e3, r.CPURatio)
	}
	return nil
}
