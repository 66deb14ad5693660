package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/edenwait/edenwait/bench/baseline"
	"github.com/edenwait/edenwait/edentest"
)

// Run has the baseline wait for the scenario's jobs of one seed.
func (s Scenario) Run(t *testing.T, b baseline.Baseline, seed int) (score Score) {
	t.Helper()
	defer forgiveLeak()
	synctest.Test(t, func(*testing.T) { score = s.run(b, seed) })
	return score
}

// forgiveLeak lets a baseline leave goroutines behind, which a bubble reports as a
// deadlock once everything else in it has ended: assemblyai-go never stops its
// tickers. By then the score is complete.
func forgiveLeak() {
	if thrown := recover(); thrown != nil && !strings.Contains(fmt.Sprint(thrown), "blocked goroutines remain") {
		panic(thrown)
	}
}

func (s Scenario) run(b baseline.Baseline, seed int) Score {
	api := edentest.New(s.options(seed))
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	fuse := &fuse{next: api.Client().Transport, most: int64(maxRequests * (s.Jobs + 10)), blow: cancel}
	client := &http.Client{Transport: fuse}
	if s.Faults > 0 {
		client.Transport = bounded{fuse}
	}
	service := baseline.Service{Client: client, Token: edentest.DefaultToken, Rate: s.Rate - s.Arrivals}
	var ids []string
	var got int
	switch {
	case s.Arrivals > 0:
		ids, got = s.arrive(ctx, api, b, service, seed)
	default:
		ids = api.SubmitAll(s.Jobs, edentest.Workload{Durations: s.Durations})
		api.SubmitAll(s.Foreign, edentest.Workload{Durations: edentest.Fixed(edentest.Never), OtherUser: true})
		if s.Callers > 0 {
			got = b.Each(ctx, service, manyTimes(ids, s.Callers)) / s.Callers
		} else {
			got = b.WaitAll(ctx, service, ids)
		}
	}

	ends, seen := make([]time.Duration, len(ids)), make([]time.Duration, len(ids))
	for i, id := range ids {
		end, _ := api.EndedAt(id)
		ends[i], seen[i] = end.Sub(began), -1
		if at, ok := api.FirstSeenEnded(id); ok {
			seen[i] = at.Sub(began)
		}
	}
	score := compare(ends, seen, idealTimes(ends, s.Rate-s.Others-s.Arrivals))
	stats := api.Stats()
	score.Requests = float64(stats.Requests()) / float64(len(ids))
	score.Limited = float64(stats.RateLimited) / float64(len(ids))
	score.Lost = len(ids) - got
	score.Cut = fuse.sent.Load() > fuse.most
	return score
}

// arrive submits the jobs one by one, each with a goroutine that waits for it.
func (s Scenario) arrive(ctx context.Context, api *edentest.API, b baseline.Baseline, service baseline.Service, seed int) ([]string, int) {
	rng := rand.New(rand.NewPCG(uint64(seed+1), 5))
	wait := b.Open(ctx, service)
	var ids []string
	var got atomic.Int64
	var callers errgroup.Group
	for range s.Jobs {
		id := api.Submit(edentest.Script{After: s.Durations.Draw(rng)})
		ids = append(ids, id)
		callers.Go(func() error {
			if wait(ctx, id) == nil {
				got.Add(1)
			}
			return nil
		})
		time.Sleep(time.Duration(float64(time.Second) / s.Arrivals))
	}
	_ = callers.Wait() // always nil
	return ids, int(got.Load())
}

func manyTimes(ids []string, n int) (all []string) {
	for range n {
		all = append(all, ids...)
	}
	return all
}

// maxRequests is how many requests per job a baseline may send before the run is
// cut short. A loop gone wild would go on forever, since its time is free here.
const maxRequests = 5000

// fuse blows after so many requests.
type fuse struct {
	next http.RoundTripper
	sent atomic.Int64
	most int64
	blow context.CancelFunc
}

// RoundTrip implements http.RoundTripper.
func (f *fuse) RoundTrip(req *http.Request) (*http.Response, error) {
	if f.sent.Add(1) > f.most {
		f.blow()
		return nil, errors.New("the run was cut short: too many requests")
	}
	return f.next.RoundTrip(req)
}

// bounded ends every request after timeout. It stands below a baseline's
// rate.Limiter, where http.Client.Timeout would count the time in line too.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), timeout)
	resp, err := b.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = cancelingBody{resp.Body, cancel}
	return resp, nil
}

// cancelingBody releases the request's context with the body.
type cancelingBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (b cancelingBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
