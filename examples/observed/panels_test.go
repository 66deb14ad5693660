package main

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/edenwait/edenwait"
	"github.com/edenwait/edenwait/edentest"
	"github.com/edenwait/edenwait/examples/observed/internal/board"
	"github.com/edenwait/edenwait/examples/observed/internal/promtest"
)

// band is where a value must be.
type band struct{ low, high float64 }

func exactly(v float64) band { return band{v, v} }

// about allows for what Prometheus adds to a rate, since it reckons half of an
// interval between scrapes before the first sample of a series that began above 0.
func about(v float64) band { return band{v, v * 1.15} }

// truth is what a panel must show: the values of its series by what the legend calls
// them. The snapshots are from before and after the scrape.
type truth func(before, after edenwait.Stats) map[string]band

// window stands for $__rate_interval. It is longer than the whole run, so that rates are
// all that has happened, by its length.
const window = time.Minute

func perSecond(n float64) float64 { return n / window.Seconds() }

// truths has one entry for each target of a panel, by title and RefID.
func (s *scene) truths() map[string]truth {
	gauge := func(name string, value func(edenwait.Stats) float64) truth {
		return func(before, after edenwait.Stats) map[string]band {
			a, b := value(before), value(after)
			return map[string]band{name: {min(a, b), max(a, b)}}
		}
	}
	fixed := func(values map[string]band) truth {
		return func(edenwait.Stats, edenwait.Stats) map[string]band { return values }
	}
	one := func(name string, value band) truth { return fixed(map[string]band{name: value}) }
	active := one("waited for", exactly(neverEnding))
	drain := gauge("drain time", func(now edenwait.Stats) float64 { return now.BacklogTime.Seconds() })
	age := func(name string) truth {
		return gauge(name, func(now edenwait.Stats) float64 { return now.SinceAnswer.Seconds() })
	}
	pause := func(name string) truth {
		return gauge(name, func(now edenwait.Stats) float64 { return now.Paused.Seconds() })
	}
	all := s.requests(edentest.Get|edentest.List|edentest.Submit, 0)
	refused := map[string]band{
		"poll": exactly(perSecond(s.requests(edentest.Get|edentest.List, 429))),
		"own":  exactly(perSecond(s.requests(edentest.Submit, 429))),
	}
	unbounded := 0.0
	for _, e := range s.all() {
		if !e.LagBounded {
			unbounded++
		}
	}
	return map[string]truth{
		"Jobs waited for A":      one("jobs", exactly(neverEnding)),
		"Backlog takes A":        drain,
		"Last answer was A":      age("age"),
		"Paused for A":           pause("pause"),
		"Own requests waiting A": one("in line", exactly(inLine)),
		"Job list now A": func(before, _ edenwait.Stats) map[string]band {
			return map[string]band{string(before.List): exactly(1)}
		},
		"Backlog drain time A": drain,
		"Jobs A":               active,
		"Jobs B":               one("backlog", exactly(hinted)),
		"Jobs ended, by outcome A": fixed(map[string]band{
			"success": exactly(perSecond(succeeding + 2)), "fail": exactly(perSecond(failing + 1 + 2)), "error": exactly(perSecond(2)),
		}),
		"Jobs ended, by outcome B": one("without lag", exactly(perSecond(unbounded))),
		"Jobs ended, by provider A": fixed(map[string]band{
			providerB: about(perSecond(7)), providerA: about(perSecond(succeeding + failing - 7 + 1)), oddProvider: about(perSecond(1)),
		}),
		"Lag A": s.quantile("median", 0.5, lags),
		"Lag B": s.quantile("95 %", 0.95, lags),
		"Lag C": s.quantile("99 %", 0.99, lags),
		"Waited for a job, median by provider A": func(edenwait.Stats, edenwait.Stats) map[string]band {
			of := func(provider string) band {
				return s.quantile("", 0.5, func(e edenwait.JobEndInfo) (float64, []float64, bool) {
					return e.Waited.Seconds(), waitedBuckets, e.Provider == provider
				})(edenwait.Stats{}, edenwait.Stats{})[""]
			}
			return map[string]band{providerA: of(providerA), providerB: of(providerB), oddProvider: of(oddProvider)}
		},
		"Requests, rate and limit A": one("sent", exactly(perSecond(all))),
		"Requests, rate and limit B": gauge("rate", func(now edenwait.Stats) float64 { return now.Rate }),
		"Requests, rate and limit C": one("limit", exactly(50)),
		"Requests, by kind A": fixed(map[string]band{
			"get": exactly(perSecond(s.requests(edentest.Get, 0))), "list": exactly(perSecond(s.requests(edentest.List, 0))), "own": exactly(perSecond(s.requests(edentest.Submit, 0))),
		}),
		"429s, by class A":       fixed(refused),
		"Without an answer A":    age("last answer was"),
		"Without an answer B":    pause("paused for"),
		"Without an answer C":    gauge("stalled for", func(now edenwait.Stats) float64 { return now.Stalled.Seconds() }),
		"Own requests in line A": one("in line", exactly(inLine)),
		"Own requests in line B": gauge("wait", func(now edenwait.Stats) float64 { return now.OwnWaited.Seconds() / float64(now.Own) }),
		"Under way A":            one("calls", exactly(2)),
		"Under way B":            one("waits", exactly(neverEnding+1)),
		"Under way C":            one("requests", exactly(0)),
		"Job list A":             s.listStates,
		"Hooks A":                one("running", exactly(16)),
		"Hooks B":                one("waiting", exactly(succeeding-16)),
		"Webhooks A":             fixed(map[string]band{"hints true": exactly(1), "hints false": exactly(0)}),
		"Webhooks B":             one("rejected: signature", exactly(1)),
	}
}

// TestPanels: a real Prometheus scrapes the program, and each panel shows what has really
// happened.
func TestPanels(t *testing.T) {
	s := newScene(t)
	const every = 200 * time.Millisecond
	prometheus := promtest.Find(t).Start(t, fmt.Sprintf(
		"global: {scrape_interval: %v, scrape_timeout: %v}\nscrape_configs: [{job_name: observed, static_configs: [{targets: [%q]}]}]\n", every, every, s.url[len("http://"):],
	), t.TempDir())
	latest := func() time.Time {
		found := prometheus.Query("timestamp(edenwait_call_active)", time.Now())
		if len(found) == 0 {
			return time.Time{}
		}
		return time.UnixMilli(int64(math.Round(found[0].Point.Value * 1000)))
	}
	scraped := func() (at time.Time) {
		asked := time.Now()
		prometheus.Eventually("a scrape", func() bool { at = latest(); return at.After(asked) })
		return at
	}
	scraped()
	s.first()
	scraped()
	s.happen()
	before := s.service.waiter.Stats()
	at := scraped()
	after := s.service.waiter.Stats()

	truths := s.truths()
	for _, panel := range board.Panels(t, root) {
		for _, target := range panel.Targets {
			name := panel.Title + " " + target.RefID
			truth := truths[name]
			if truth == nil {
				t.Errorf("%s: nothing says what is true of it", name)
				continue
			}
			delete(truths, name)
			want := truth(before, after)
			for _, series := range prometheus.Query(target.Expression("transcripts", window.String()), at) {
				called, got := target.Name(series.Labels), series.Point.Value
				b, ok := want[called]
				if !ok || got < b.low-1e-6 || got > b.high+1e-6 {
					t.Errorf("%s: %q is %v, want %v to %v", name, called, got, b.low, b.high)
				}
				delete(want, called)
			}
			for called := range want {
				t.Errorf("%s: no %q", name, called)
			}
		}
	}
	for name := range truths {
		t.Errorf("there is no panel %s", name)
	}
	t.Logf("%+v", after)
}

func (s *scene) listStates(before, _ edenwait.Stats) map[string]band {
	states := map[string]band{}
	for _, state := range []edenwait.ListState{
		edenwait.ListUsed, edenwait.ListDisabled, edenwait.ListUnneeded, edenwait.ListMissing,
		edenwait.ListFailing, edenwait.ListBehind, edenwait.ListIncomplete,
	} {
		states[string(state)] = exactly(0)
	}
	states[string(before.List)] = exactly(1)
	return states
}

// The buckets of the module, and 0 below them.
var (
	lagBuckets    = []float64{0, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 30, 60}
	waitedBuckets = []float64{0, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600}
)

func lags(e edenwait.JobEndInfo) (value float64, buckets []float64, counts bool) {
	return e.Lag.Seconds(), lagBuckets, e.LagBounded
}

// quantile is the bucket that has the quantile: a histogram knows no better.
func (s *scene) quantile(name string, q float64, of func(edenwait.JobEndInfo) (float64, []float64, bool)) truth {
	return func(edenwait.Stats, edenwait.Stats) map[string]band {
		var values, buckets []float64
		for _, e := range s.ended() {
			value, b, counts := of(e)
			if counts {
				values, buckets = append(values, value), b
			}
		}
		slices.Sort(values)
		value := values[max(0, int(math.Ceil(q*float64(len(values))))-1)]
		i, _ := slices.BinarySearch(buckets, value)
		return map[string]band{name: {buckets[i-1], buckets[i]}}
	}
}
