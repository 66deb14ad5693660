// Package baseline holds the ways to wait for many jobs that are compared:
// edenwait, the loops that people write by hand, and the waiters of the SDKs that
// have one.
//
// Each is written as its own documentation says. Where an SDK speaks another API,
// a RoundTripper translates the requests and nothing else, so that its own code
// decides when to poll and what a response means.
package baseline

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// A Baseline is one way to wait for many jobs. At least one of Open and Batch is
// set.
type Baseline struct {
	Name     string // unique, short enough for a legend
	Module   string // whose code it is, as in go.mod; "" is the standard library
	How      string // what was written, with which settings
	Settings string // where the settings come from

	// NeedsList means that it does not work without the job list.
	NeedsList bool
	// PerJob means that every waiting job has a goroutine of its own.
	PerJob bool
	// Paced means that one rate.Limiter in the http.Transport holds all its
	// requests to the limit.
	Paced bool
	// AsItComes means that it lacks the retry that its users add, and gives a job
	// up at the first 429 that its own code does not retry.
	AsItComes bool

	// Hungry means that it sends hundreds of requests per job, nearly all of them
	// refused, when jobs are many for the limit. Simulating millions of requests
	// takes minutes and shows nothing that fewer jobs do not.
	Hungry bool

	// Spread delays each job's loop by a random time up to Spread, see spread.
	// It is for loops without jitter.
	Spread time.Duration

	// Open returns a Wait that all callers share. It works until ctx ends.
	Open func(ctx context.Context, s Service) Wait
	// Batch waits for all jobs in one call and returns how many final responses
	// it got. Defaults to a goroutine per job that calls Wait.
	Batch func(ctx context.Context, s Service, ids []string) int
}

// Wait waits for one job. It returns nil once it has the final response.
type Wait func(ctx context.Context, id string) error

// A Service is the account as a Baseline gets it.
type Service struct {
	// Client reaches the API in memory, whatever host a request names.
	Client *http.Client
	// Token is the key, which every request needs.
	Token string
	// Rate is the limit for those who pace themselves.
	Rate float64
}

// All returns every Baseline, edenwait first. Each loop comes in two forms, without
// a shared rate.Limiter and with one; list loops have one in any case.
func All() []Baseline {
	all := []Baseline{edenwaitDefaults}
	all = append(all, listLoops()...)
	for _, b := range []Baseline{
		retryAll, retryTen, fixed5, k8sPoll, k8sBackoff, aws, awsTuned, azure, azureTuned, google, googleTuned,
		terraform, hcloudBatch, assembly,
	} {
		all = append(all, b, paced(b))
	}
	return append(all, fixed5AsItComes, k8sPollAsItComes, azureAsItComes, googleAsItComes, terraformAsItComes,
		hcloudAsItComes, assemblyAsItComes)
}

// WaitAll waits for all jobs. All of them have been submitted when it is called.
func (b Baseline) WaitAll(ctx context.Context, s Service, ids []string) int {
	if b.Batch != nil {
		return b.Batch(ctx, s, ids)
	}
	return b.Each(ctx, s, ids)
}

// Each waits for every job in a goroutine of its own, and counts the final
// responses. One job's trouble does not end the others.
func (b Baseline) Each(ctx context.Context, s Service, ids []string) int {
	wait, spread := b.Open(ctx, s), b.spread(len(ids), s.Rate)
	var got atomic.Int64
	var group errgroup.Group
	for _, id := range ids {
		group.Go(func() error {
			if sleep(ctx, time.Duration(rand.Float64()*float64(spread))) == nil && wait(ctx, id) == nil {
				got.Add(1)
			}
			return nil
		})
	}
	_ = group.Wait() // always nil
	return int(got.Load())
}

// spread is over how long a time the loops of n jobs start. In most scenarios all
// jobs start at once. Loops without jitter that did so too would run in lockstep,
// and nearly all of each wave would be refused. Jobs that are submitted one by one
// are spread, over one interval at most and no faster than the account lets them be
// submitted, and so are these loops.
func (b Baseline) spread(n int, rate float64) time.Duration {
	return min(b.Spread, time.Duration(float64(n)/rate*float64(time.Second)))
}
