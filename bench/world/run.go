package world

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait/bench/rival"
	"github.com/edenwait/edenwait/edentest"
)

// Run has the rival wait for the world's jobs of one seed.
func (w World) Run(t *testing.T, r rival.Rival, seed int) (s Score) {
	t.Helper()
	defer forgiveLeak()
	synctest.Test(t, func(*testing.T) { s = w.run(r, seed) })
	return s
}

// forgiveLeak lets a rival leave goroutines behind, which a bubble regards as a
// deadlock once everything else in it has ended: assemblyai-go never stops its
// tickers. By then the score is complete.
func forgiveLeak() {
	if thrown := recover(); thrown != nil && !strings.Contains(fmt.Sprint(thrown), "blocked goroutines remain") {
		panic(thrown)
	}
}

func (w World) run(r rival.Rival, seed int) Score {
	api := edentest.New(w.options(seed))
	began := time.Now()
	ids := api.SubmitAll(w.Jobs, edentest.World{Durations: w.Durations})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	fuse := &fuse{next: api.Client().Transport, most: int64(maxRequests * (w.Jobs + 10)), blow: cancel}
	client := &http.Client{Transport: fuse}
	if w.Faults > 0 {
		client.Timeout = timeout
	}
	got := r.Wait(ctx, rival.Service{Client: client, Token: edentest.DefaultToken, Rate: w.Rate}, ids)

	ends, seen := make([]time.Duration, len(ids)), make([]time.Duration, len(ids))
	for i, id := range ids {
		end, _ := api.EndedAt(id)
		ends[i], seen[i] = end.Sub(began), -1
		if at, ok := api.FirstFinal(id); ok {
			seen[i] = at.Sub(began)
		}
	}
	s := judge(ends, seen, clairvoyant(ends, w.Rate-w.Others))
	stats := api.Stats()
	s.Requests = float64(stats.Requests()) / float64(len(ids))
	s.Limited = float64(stats.RateLimited) / float64(len(ids))
	s.Lost = len(ids) - got
	s.Cut = fuse.sent.Load() > fuse.most
	return s
}

// maxRequests is how many requests a job a contestant may send before the run is
// cut short: a loop gone wild would go on for ever, since its time is free here.
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
