package picture

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"gonum.org/v1/plot/plotter"
)

// latency is the round trip of one request: a server on the same continent.
const latency = 40 * time.Millisecond

// A scene is what is to be seen: jobs, the account that they run in, and what
// happens to it meanwhile.
type scene struct {
	jobs      int
	durations edentest.Durations
	event     func(*edentest.API)
}

// A run is what was to be seen. Times are in seconds since the jobs were taken
// in, by the clock of the server.
type run struct {
	ends  []float64 // of the jobs, in order
	asked map[kind][]float64
	rate  plotter.XYs // what the Waiter allowed itself
}

// kind is what a request was good for.
type kind int

const (
	ended   kind = iota // a GET, the first to show that its job has ended
	running             // a GET that found its job running
	page                // a page of the job list
	refused             // a 429
	kinds
)

func (k kind) String() string {
	return [...]string{"GET, job has ended", "GET, job runs", "page of the list", "429"}[k]
}

// watch waits for the scene's jobs with the default Config, in virtual time.
func (s scene) watch(t *testing.T) (r run) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		api := edentest.New(edentest.Options{Seed: 1, Latency: latency})
		ids := api.SubmitAll(s.jobs, edentest.Workload{Durations: s.durations})
		began := time.Now()
		since := func(at time.Time) float64 { return at.Sub(began).Seconds() }
		var mu sync.Mutex
		waiter, err := edenwait.New(edenwait.Config{
			Token: edentest.DefaultToken, HTTPClient: api.Client(),
			Hooks: edenwait.Hooks{OnProgress: func(p edenwait.Progress) {
				mu.Lock()
				defer mu.Unlock()
				r.rate = append(r.rate, plotter.XY{X: p.Elapsed.Seconds(), Y: p.Rate})
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if s.event != nil {
			go s.event(api)
		}
		if _, err := waiter.WaitAll(context.Background(), ids); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			end, _ := api.EndedAt(id)
			r.ends = append(r.ends, since(end))
		}
		slices.Sort(r.ends)
		r.asked = map[kind][]float64{}
		for _, request := range api.Requests() {
			k := kindOf(api, request)
			r.asked[k] = append(r.asked[k], since(request.Time))
		}
	})
	return r
}

func kindOf(api *edentest.API, request edentest.Request) kind {
	switch shown, ok := api.FirstSeenEnded(request.JobID); {
	case request.Status == 429:
		return refused
	case request.Kind == edentest.List:
		return page
	case ok && shown.Equal(request.Time):
		return ended
	default:
		return running
	}
}

// left is how many jobs still run, at every end of a few hundred.
func (r run) left() plotter.XYs {
	n := len(r.ends)
	line := plotter.XYs{{X: 0, Y: float64(n)}}
	for step, i := max(1, n/250), 0; i < n; i += step {
		line = append(line, plotter.XY{X: r.ends[i], Y: float64(n - i)})
	}
	return append(line, plotter.XY{X: r.ends[n-1], Y: 0})
}

// gaps are the times between one request of the kind and the next, at the later
// one.
func (r run) gaps(k kind) (gaps plotter.XYs) {
	at := r.asked[k]
	for i := 1; i < len(at); i++ {
		gaps = append(gaps, plotter.XY{X: at[i], Y: at[i] - at[i-1]})
	}
	return gaps
}
