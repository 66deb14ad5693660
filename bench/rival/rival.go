// Package rival holds the ways to wait for many jobs that are compared: edenwait,
// the loops that people write by hand, and the waiters of the SDKs that have one.
//
// Each is written as its own users would write it, with its own defaults. Where
// an SDK speaks another API, a RoundTripper translates the requests and nothing
// else, so that its own code decides when to ask and what an answer means.
package rival

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// A Rival is one way to wait for many jobs.
type Rival struct {
	Name   string // unique, short enough for a legend
	Module string // whose code it is, as in go.mod; "" is the standard library
	How    string // one sentence: what was written, with which settings

	// NeedsList tells that it is nothing without the job list.
	NeedsList bool
	// Bare tells that this is the thing as it comes, which gives a job up at the
	// first 429. Unless the table says otherwise, the same with the retry that
	// its users add takes its place.
	Bare bool
	// PerJob tells that every waiting job has a goroutine of its own.
	PerJob bool

	// Hungry tells that it sends hundreds of requests a job, nearly all of them
	// refused, where jobs are many for the limit: millions in all, which take
	// minutes to simulate and tell nothing that fewer jobs do not.
	Hungry bool

	// Wait returns when every job has ended or was given up, with the number of
	// those whose final response it got.
	Wait func(ctx context.Context, s Service, ids []string) int
}

// A Service is the account as a Rival gets it: what to send requests with.
type Service struct {
	// Client reaches the API in memory, whatever host a request names.
	Client *http.Client
	// Token is the key, which every request needs.
	Token string
	// Rate is the documented limit, for those who pace themselves.
	Rate float64
}

// All returns every Rival, edenwait first.
func All() []Rival {
	return []Rival{
		edenwaitDefaults,
		listLoop2, listLoop5,
		retryAll, retryPaced, retryTen,
		fixed5, fixed5Bare,
		k8sPoll, k8sPollBare, k8sBackoff,
		aws,
		azure, azureBare,
		google, googleBare,
		terraform, terraformBare,
		hcloudBatch, hcloudBare,
		assembly, assemblyBare,
	}
}

// staggered is each for loops without jitter. All jobs of a world begin at once;
// loops that did so too would go in lockstep, and nearly all of each wave would
// be refused. Jobs that are submitted one by one are spread, over one interval at
// most and no faster than the account lets them be submitted, and so are these.
func staggered(ctx context.Context, s Service, ids []string, interval time.Duration, wait func(id string) error) int {
	spread := min(interval, time.Duration(float64(len(ids))/s.Rate*float64(time.Second)))
	return each(ids, 0, func(id string) error {
		if err := sleep(ctx, time.Duration(rand.Float64()*float64(spread))); err != nil {
			return err
		}
		return wait(id)
	})
}

// each waits for every job in a goroutine of its own, limit of them at once if
// that is positive, and counts those that went well.
func each(ids []string, limit int, wait func(id string) error) int {
	var group errgroup.Group
	if limit > 0 {
		group.SetLimit(limit)
	}
	var got atomic.Int64
	for _, id := range ids {
		group.Go(func() error {
			if wait(id) == nil {
				got.Add(1)
			}
			return nil // one job's trouble must not end the others
		})
	}
	_ = group.Wait() // always nil, see above
	return int(got.Load())
}
